"""The sweeper: no job is lost, whatever happened to its message or its worker."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal.jobs import reap, registry
from portal.jobs.clocktime import from_now
from portal.jobs.leases import renew_lease
from portal.jobs.models import Job, Lease
from portal.jobs.reap import Swept, sweep
from portal.jobs.services import cancel_job
from portal.roles.actors import SETUP
from portal.roles.models import Role
from tests.cast import act_as, hands
from tests.database import rolls_back
from tests.portal.jobs.builders import claim, let_lease_run_out, make_job, reload

pytestmark = rolls_back


class Broker:
    """Counts what is sent; `n_waiting` None is a broker out of reach."""

    def __init__(self) -> None:
        self.n_waiting: int | None = 0
        self.sent: list[tuple[str, str]] = []

    def send_wake_up(self, job_pk: object, queue: str) -> bool:
        if self.n_waiting is None:
            return False
        self.sent.append((str(job_pk), queue))
        return True

    def count_waiting(self, queue: str) -> int | None:
        return self.n_waiting


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr(reap, "send_wake_up", found.send_wake_up)
    monkeypatch.setattr(reap, "count_waiting", found.count_waiting)
    return found


def let_wait(job: Job) -> None:
    """Let a job have waited longer than a message may take."""
    with hands(SETUP):
        Job.objects.filter(pk=job.pk).update(queued_at=from_now(-settings.JOB_RESEND_SECONDS - 1))


def test_a_job_whose_message_was_lost_is_sent_again(broker: Broker) -> None:
    job = make_job(queue="gpu")
    let_wait(job)
    assert sweep() == Swept(0, 1)
    assert broker.sent == [(str(job.pk), "gpu")]


def test_a_job_that_was_just_queued_or_just_sent_is_left_to_its_message(broker: Broker) -> None:
    make_job()
    assert sweep() == Swept(0, 0)
    job = make_job(steps=7)
    let_wait(job)
    assert sweep() == Swept(0, 1)
    assert sweep() == Swept(0, 0)


def test_what_a_lost_worker_left_and_must_not_stay_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    kind = replace(registry.get_kind("demonstration"), private=("inputs",))
    monkeypatch.setitem(registry._kinds, "demonstration", kind)
    held = claim(make_job())
    for name in ("inputs", "checkpoints"):
        (held.folder / name).mkdir(parents=True)
    let_lease_run_out(reload(Job.objects.get(pk=held.job_pk)))
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep().n_reaped == 1
    assert not (held.folder / "inputs").exists()
    assert (held.folder / "checkpoints").exists()


def test_a_long_queue_does_not_fill_the_broker_with_messages(broker: Broker) -> None:
    for steps in (1, 2, 3):
        let_wait(make_job(steps=steps))
    broker.n_waiting = 3
    assert sweep() == Swept(0, 0)
    broker.n_waiting = 2
    assert sweep() == Swept(0, 3)


def test_a_broker_out_of_reach_is_tried_in_the_next_round(broker: Broker) -> None:
    let_wait(make_job())
    broker.n_waiting = None
    assert sweep() == Swept(0, 0)
    broker.n_waiting = 0
    assert sweep() == Swept(0, 1)


def test_a_job_whose_worker_fell_silent_waits_again_with_the_reason() -> None:
    job = make_job()
    claim(job)
    assert sweep() == Swept(0, 0)
    let_lease_run_out(job)
    assert sweep() == Swept(1, 0)
    now = reload(job)
    assert (now.state, now.attempts, now.failure_code, now.lease.owner) == ("queued", 1, "lost", "")
    assert "fell silent" in now.failure_text


def test_a_worker_that_comes_back_before_the_sweep_keeps_its_job() -> None:
    job = make_job()
    held = claim(job)
    let_lease_run_out(job)
    renew_lease(held)
    assert sweep() == Swept(0, 0)
    assert reload(job).state == "running"


def test_a_job_that_kills_its_workers_is_parked() -> None:
    job = make_job()
    for _ in range(3):
        claim(job)
        let_lease_run_out(job)
        sweep()
    now = reload(job)
    assert (now.state, now.attempts) == ("parked", 3)
    assert "begun 3 times" in now.failure_text


def test_a_cancelled_job_whose_worker_fell_silent_is_closed() -> None:
    job = make_job()
    claim(job)
    cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=reload(job))
    let_lease_run_out(job)
    assert sweep() == Swept(1, 0)
    assert reload(job).state == "cancelled"


def test_a_queue_of_a_thousand_is_counted_with_a_few_questions(
    broker: Broker, django_assert_max_num_queries: object
) -> None:
    for steps in range(1, 21):
        let_wait(make_job(steps=steps))
    Lease.objects.update(sent_at=None)
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert sweep() == Swept(0, 20)

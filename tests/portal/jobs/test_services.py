"""What a person does with jobs."""

import pytest
from django.http import Http404
from kombu.exceptions import OperationalError

from portal.audit.context import act
from portal.core.errors import NotAllowed, OutsideAct, Refused, StaleState, WrongState
from portal.jobs import broker
from portal.jobs.access import get_job_for, list_jobs_for
from portal.jobs.leases import fail_job, finish_job
from portal.jobs.models import Job
from portal.jobs.services import cancel_job, launch_job, start_demonstration, try_job_again
from portal.roles.actors import ANONYMOUS, SETUP
from portal.roles.models import Role
from tests.cast import act_as, make_cast
from tests.database import rolls_back
from tests.portal.jobs.builders import SPEC, claim, make_job, reload

pytestmark = rolls_back


def test_a_launched_job_waits_with_the_hash_of_its_spec() -> None:
    dan = act_as("Dan Data", Role.DATA_MANAGER)
    job = reload(start_demonstration(actor=dan, queue="gpu", **SPEC))
    assert (job.state, job.queue, job.attempts, job.lease.token) == ("queued", "gpu", 0, 0)
    assert job.created_by_id == dan.user_pk
    # printf '{"checkpoint_every":2,"seconds_per_step":0,"steps":6}' | sha256sum
    assert job.spec_sha256 == "34e3951cd639501b0c54fa25522dd1884727b2f7acd1bb8fec0eb3c59992fb7b"


def test_asking_twice_for_the_same_work_gives_the_same_job() -> None:
    first, second = make_job(), make_job()
    assert first == second
    assert Job.objects.count() == 1
    assert make_job(steps=7) != first


@pytest.mark.parametrize("state", ["running", "cancelling", "parked"])
def test_work_that_is_under_way_is_not_begun_a_second_time(state: str) -> None:
    job = make_job()
    held = claim(job)
    if state == "cancelling":
        cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=reload(job))
    if state == "parked":
        fail_job(held, "disk_full", "The disk is full.")
    assert reload(job).state == state
    assert make_job() == job


@pytest.mark.parametrize("state", ["finished", "failed", "cancelled"])
def test_work_that_is_over_can_be_asked_for_again(state: str) -> None:
    job = make_job()
    if state == "finished":
        finish_job(claim(job), {})
    elif state == "failed":
        fail_job(claim(job), "bad_spec", "wrong")
    else:
        cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=job)
    assert reload(job).state == state
    assert make_job() != job


def test_an_unknown_kind_is_refused() -> None:
    with act(SETUP, "house.set_up"), pytest.raises(Refused, match="no kind of job 'dream'"):
        launch_job(actor=SETUP, kind="dream", spec={}, queue="web")


def test_a_spec_the_kind_cannot_work_on_is_refused_before_there_is_a_job() -> None:
    with pytest.raises(Refused, match="the job 'demonstration' cannot be started: steps lies between"):
        make_job(steps=0)
    assert not Job.objects.exists()


def test_a_spec_that_is_no_json_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be started"):
        make_job(seconds_per_step=float("nan"))


def test_a_queue_the_kind_does_not_run_in_is_refused() -> None:
    with pytest.raises(Refused, match="runs in gpu or web, not in 'vault'"):
        make_job(queue="vault")


def test_a_job_outside_an_act_is_refused() -> None:
    with pytest.raises(OutsideAct):
        launch_job(actor=SETUP, kind="demonstration", spec=SPEC, queue="web")


@pytest.mark.parametrize("role", [Role.NURSE, Role.MONITOR, Role.PI, Role.CUSTODIAN])
def test_the_wrong_role_starts_and_cancels_nothing(role: str) -> None:
    other = act_as("Olga Other", role)
    with pytest.raises(NotAllowed, match=r"'job\.start_demonstration' is for: administrator, analyst, data manager"):
        start_demonstration(actor=other, queue="web", **SPEC)
    job = make_job()
    with pytest.raises(NotAllowed, match=r"'job\.cancel' is for"):
        cancel_job(actor=other, job=job)
    assert reload(job).state == "queued"


def test_a_waiting_job_is_cancelled_at_once() -> None:
    job = make_job()
    cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=job)
    now = reload(job)
    assert now.state == "cancelled"
    assert now.cancel_requested_at == now.ended_at is not None


def test_a_job_that_is_over_cannot_be_cancelled() -> None:
    job = make_job()
    finish_job(claim(job), {})
    with pytest.raises(WrongState, match="'cancel' cannot happen while 'finished'"):
        cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=reload(job))


def test_a_job_that_has_begun_since_it_was_read_is_not_cancelled_by_the_old_copy() -> None:
    stale = make_job()
    claim(stale)
    with pytest.raises(StaleState, match="'cancel' cannot happen"):
        cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=stale)
    assert reload(stale).state == "running"


def test_a_parked_job_can_be_tried_again_with_all_its_attempts() -> None:
    job = make_job()
    for _ in range(3):
        fail_job(claim(job), "crash", "It fell over.")
    parked = reload(job)
    assert (parked.state, parked.attempts) == ("parked", 3)
    try_job_again(actor=act_as("Dan Data", Role.DATA_MANAGER), job=parked)
    now = reload(job)
    assert (now.state, now.attempts) == ("queued", 0)
    claim(job)


def test_only_a_parked_job_can_be_tried_again() -> None:
    job = make_job()
    with pytest.raises(WrongState, match="'try_again' cannot happen while 'queued'; possible now: 'cancel'"):
        try_job_again(actor=act_as("Dan Data", Role.DATA_MANAGER), job=job)


def test_a_broker_that_is_down_does_not_keep_anybody_from_asking(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OperationalError("no socket")

    monkeypatch.setattr(broker.get_celery(), "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[operator]
        job = make_job()
    assert len(callbacks) == 1
    assert reload(job).state == "queued"
    assert f"no wake-up for job {job.pk}" in caplog.text


def test_the_wake_up_is_sent_after_the_commit_and_holds_the_key_alone(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(broker.get_celery(), "send_task", lambda name, **options: sent.append((name, options)))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        job = make_job(queue="gpu")
        assert sent == []
    assert sent == [("portal.jobs.run_job", {"kwargs": {"job_pk": str(job.pk)}, "queue": "gpu"})]


def test_another_sites_job_is_not_there() -> None:
    cast = make_cast()
    ours, theirs, nobodys = (
        make_job(steps=1, site=cast.exeter),
        make_job(steps=2, site=cast.plymouth),
        make_job(steps=3),
    )
    assert set(list_jobs_for(cast.nora)) == {ours, nobodys}
    assert set(list_jobs_for(cast.nell)) == {theirs, nobodys}
    assert set(list_jobs_for(cast.dan)) == {ours, theirs, nobodys}
    assert get_job_for(cast.nora, ours.pk) == ours
    with pytest.raises(Http404):
        get_job_for(cast.nora, theirs.pk)


def test_a_stranger_sees_no_job() -> None:
    make_job()
    with pytest.raises(NotAllowed, match="You hold no role today"):
        list_jobs_for(ANONYMOUS)

"""What a worker may write, and when: everything hangs on the token."""

import math
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError

from portal.audit.context import tell_database
from portal.audit.models import Act
from portal.jobs.leases import (
    LeaseLost,
    claim_job,
    fail_job,
    finish_job,
    give_back_job,
    is_cancel_wanted,
    renew_lease,
)
from portal.jobs.models import Job
from portal.jobs.services import cancel_job
from portal.roles.models import Role
from tests.cast import act_as
from tests.database import rolls_back
from tests.portal.jobs.builders import claim, let_lease_run_out, make_job, reload

pytestmark = rolls_back


def n_events(job: Job) -> int:
    """How many audit events the job has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE source = 'jobs_job' AND row_key = %s", [str(job.pk)])
        return int(cursor.fetchone()[0])


def write_by_hand(job: Job, change: str) -> None:
    """Change a job past everything but the database itself."""
    with connection.cursor() as cursor:
        tell_database(uuid.uuid4())
        cursor.execute(f"UPDATE jobs_job SET {change} WHERE id = %s", [str(job.pk)])


def test_a_claimed_job_runs_under_a_new_token() -> None:
    job = make_job()
    held = claim(job)
    now = reload(job)
    assert (now.state, now.attempts, now.sandbox) == ("running", 1, ["no network"])
    assert now.started_at is not None
    assert (now.lease.token, now.lease.owner) == (held.token, "worker one") == (1, "worker one")
    assert held.spec == job.spec


def test_a_second_claim_finds_nothing_to_do_and_writes_nothing() -> None:
    job = make_job()
    claim(job)
    acts, events = Act.objects.count(), n_events(job)
    assert claim_job(job.pk, owner="worker two", sandbox=[]) is None
    assert (Act.objects.count(), n_events(job)) == (acts, events)
    assert reload(job).lease.owner == "worker one"


def test_a_job_that_is_not_there_is_not_claimed() -> None:
    assert claim_job(uuid.uuid4(), owner="worker one", sandbox=[]) is None


def test_a_job_whose_holder_fell_silent_is_taken_over() -> None:
    job = make_job()
    first = claim(job)
    let_lease_run_out(job)
    second = claim(job, "worker two")
    assert (second.token, second.attempt) == (first.token + 1, 2)


def test_the_one_who_was_taken_over_can_write_nothing() -> None:
    job = make_job()
    zombie = claim(job)
    let_lease_run_out(job)
    claim(job, "worker two")
    for write in (
        lambda: renew_lease(zombie, step=99),
        lambda: finish_job(zombie, {"from": "the zombie"}),
        lambda: fail_job(zombie, "crash", "the zombie"),
        lambda: give_back_job(zombie, "the zombie"),
    ):
        with pytest.raises(LeaseLost, match="no longer held under token 1"):
            write()
    now = reload(job)
    assert (now.state, now.result, now.failure_code, now.lease.step) == ("running", None, "", 0)


def test_a_heartbeat_tells_progress_and_leaves_no_event() -> None:
    job = make_job()
    held = claim(job)
    events, until = n_events(job), reload(job).lease.lease_until
    renew_lease(held, step=3, total=6, message="step 3 of 6", checkpoint_sha256="a" * 64)
    lease = reload(job).lease
    assert (lease.step, lease.total, lease.message) == (3, 6, "step 3 of 6")
    assert lease.lease_until > until
    assert n_events(job) == events > 0


def test_a_lease_that_ran_out_is_kept_by_the_one_who_is_back_in_time() -> None:
    job = make_job()
    held = claim(job)
    let_lease_run_out(job)
    renew_lease(held)
    assert claim_job(job.pk, owner="worker two", sandbox=[]) is None
    finish_job(held, {"answer": 42})
    assert reload(job).state == "finished"


def test_a_finished_job_has_its_result_with_its_hash_and_frees_its_lease() -> None:
    job = make_job()
    finish_job(claim(job), {"b": 1, "a": 2.5})
    now = reload(job)
    assert (now.state, now.result) == ("finished", {"a": 2.5, "b": 1})
    # printf '{"a":2.5,"b":1}' | sha256sum
    assert now.result_sha256 == "f616bb1c00f0fedb4ec43354aa82ceb3aa0e104b98196ea4e5eea3edf51303cc"
    assert (now.lease.owner, now.lease.lease_until) == ("", None)
    assert now.ended_at is not None


def test_a_job_finishes_once() -> None:
    job = make_job()
    held = claim(job)
    finish_job(held, {"answer": 1})
    with pytest.raises(LeaseLost):
        finish_job(held, {"answer": 2})
    assert reload(job).result == {"answer": 1}


def test_nan_is_no_result() -> None:
    job = make_job()
    held = claim(job)
    with pytest.raises(ValueError, match="JSON has no NaN"):
        finish_job(held, {"loss": math.nan})
    assert reload(job).state == "running"


@pytest.mark.parametrize("code", ["crash", "killed", "memory", "lost", "interrupted"])
def test_a_crash_is_tried_again_until_the_attempts_are_used_up(code: str) -> None:
    job = make_job()
    for attempt in (1, 2):
        fail_job(claim(job), code, "It fell over.")
        now = reload(job)
        assert (now.state, now.attempts, now.failure_code) == ("queued", attempt, code)
    fail_job(claim(job), code, "It fell over.")
    now = reload(job)
    assert (now.state, now.attempts) == ("parked", 3)
    assert now.failure_text == "It fell over. It was begun 3 times, so it is not tried again by itself."
    assert claim_job(job.pk, owner="worker one", sandbox=[]) is None


@pytest.mark.parametrize("code", ["bad_spec", "not_finite", "protocol", "too_long", "anything else"])
def test_a_failure_that_would_come_again_is_final_at_once(code: str) -> None:
    job = make_job()
    fail_job(claim(job), code, "The work cannot be done.")
    now = reload(job)
    assert (now.state, now.failure_code, now.failure_text) == ("failed", code, "The work cannot be done.")
    assert now.ended_at is not None


def test_a_full_disk_parks_the_job_at_once() -> None:
    job = make_job()
    fail_job(claim(job), "disk_full", "The disk is full.")
    now = reload(job)
    assert (now.state, now.failure_text, now.ended_at) == ("parked", "The disk is full.", None)


def test_a_job_given_back_waits_again_and_its_attempt_does_not_count() -> None:
    job = make_job()
    give_back_job(claim(job), "waiting again, because the worker stops")
    now = reload(job)
    assert (now.state, now.attempts, now.lease.owner) == ("queued", 0, "")
    assert now.lease.message == "waiting again, because the worker stops"


@pytest.mark.parametrize("how", ["finished", "failed", "given back"])
def test_a_wish_to_cancel_wins_over_however_it_ended(how: str) -> None:
    job = make_job()
    held = claim(job)
    assert not is_cancel_wanted(held)
    cancel_job(actor=act_as("Dan Data", Role.DATA_MANAGER), job=reload(job))
    assert is_cancel_wanted(held)
    assert reload(job).state == "cancelling"
    {
        "finished": lambda: finish_job(held, {"late": True}),
        "failed": lambda: fail_job(held, "crash", "It fell over."),
        "given back": lambda: give_back_job(held, "stopped"),
    }[how]()
    now = reload(job)
    assert (now.state, now.result, now.lease.owner) == ("cancelled", None, "")


def test_every_step_of_a_job_is_an_act_with_its_key() -> None:
    job = make_job()
    finish_job(claim(job), {})
    acts = list(Act.objects.filter(subject=str(job.pk)).order_by("at").values_list("action", "actor"))
    assert acts == [("house.set_up", "system:setup"), ("job.run", "system:worker"), ("job.run", "system:worker")]


def test_the_lease_is_counted_by_the_databases_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 18: the worker's own clock may stand a day ahead or behind."""
    job = make_job()
    held = claim(job)
    monkeypatch.setattr("time.time", lambda: 0.0)
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(1970, 1, 1, tzinfo=UTC))
    renew_lease(held)
    with connection.cursor() as cursor:
        cursor.execute("SELECT lease_until - clock_timestamp() FROM jobs_lease WHERE job_id = %s", [str(job.pk)])
        left = cursor.fetchone()[0]
    assert timedelta(0) < left <= timedelta(seconds=settings.JOB_LEASE_SECONDS)
    assert claim_job(job.pk, owner="worker two", sandbox=[]) is None


@pytest.mark.parametrize(
    "change",
    [
        "spec = '{}'",
        "kind = 'other'",
        "spec_sha256 = ''",
        "origin = 'human'",
    ],
)
def test_what_was_asked_never_changes(change: str) -> None:
    job = make_job(origin="simulated")
    with pytest.raises(DatabaseError, match="never changes"):
        write_by_hand(job, change)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'finished'",
        "state = 'failed'",
        "state = 'parked'",
        "state = 'cancelled', ended_at = now()",
        "state = 'running'",
        "state = 'sleeping'",
        "result = '{}'",
        "ended_at = now()",
        "cancel_requested_at = now()",
        "result_sha256 = repeat('a', 64)",
    ],
)
def test_the_database_refuses_a_state_that_its_columns_do_not_bear_out(change: str) -> None:
    job = make_job()
    with pytest.raises(DatabaseError, match="violates check constraint"):
        write_by_hand(job, change)


def test_a_write_to_a_job_outside_an_act_is_refused() -> None:
    job = make_job()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('trabecula.act_id', '', true)")
    with pytest.raises(DatabaseError, match="outside an act"):
        Job.objects.filter(pk=job.pk).update(failure_text="nobody wrote this")

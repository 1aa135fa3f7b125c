"""Faults of TRUST 4.4 that strike the work itself: disk, checkpoints, memory, NaN; and what its process can reach."""

import os
import signal
import subprocess
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.jobs import checkpoints
from portal.jobs.services import cancel_job, try_job_again
from portal.roles.actors import Actor
from tests.faults.jobs import EVERY, ask, assert_done_once, becomes, count_effects, kept_checkpoints, reaches
from tests.faults.processes import Stack
from tests.portal.jobs.builders import reload
from tests.portal.jobs.children import wait_until

pytestmark = pytest.mark.fault


def test_fault_12_a_full_disk_keeps_the_checkpoint_and_parks_the_job(works: Stack, dan: Actor) -> None:
    disk = works.home / "jobs"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)], check=False).returncode != 0:
        pytest.skip("this user may not mount a small disk")
    try:
        works.start_worker()
        job = ask(dan, steps=60, checkpoint_kb=64)
        wait_until(lambda: (works.home / "jobs" / str(job.pk)).exists() and reaches(job, EVERY)())
        fill(disk / "filler")
        parked = becomes(job, "parked", "failed", "finished")
        assert (parked.state, parked.failure_code) == ("parked", "disk_full")
        assert "Free some space" in parked.failure_text
        kept = kept_checkpoints(works, job)
        assert kept
        assert checkpoints.is_whole(kept[0])
        (disk / "filler").unlink()
        try_job_again(actor=dan, job=parked)
        done = assert_done_once(works, job, steps=60)
        assert done.result["began_at_step"] == kept[0].step
    finally:
        works.end()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space left"):
        deque(iter(lambda: stream.write(b"x" * 1024), 0), maxlen=0)


@pytest.mark.parametrize("damage", ["cut short", "one byte changed"])
def test_fault_13_a_torn_checkpoint_is_refused_and_the_one_before_used(works: Stack, dan: Actor, damage: str) -> None:
    worker = works.start_worker()
    job = ask(dan)
    wait_until(reaches(job, 3 * EVERY))
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    newest, before = kept_checkpoints(works, job)
    whole = newest.path.read_bytes()
    newest.path.write_bytes(whole[:-1] if damage == "cut short" else bytes([whole[0] ^ 1]) + whole[1:])
    works.start_worker()
    works.start_clock()
    wait_until(lambda: "damaged checkpoint" in reload(job).lease.message or reload(job).state == "finished")
    assert assert_done_once(works, job).result["began_at_step"] == before.step


def test_fault_16_a_child_that_takes_too_much_memory_counts_and_is_named(works: Stack, dan: Actor) -> None:
    works.start_worker(JOB_MEMORY_MB="200")
    watched = ask(dan, steps=5, fail="memory", fail_at=4, seconds_per_step=0)
    parked = becomes(watched, "parked", "failed", "finished")
    assert (parked.state, parked.attempts, parked.failure_code) == ("parked", 3, "memory")
    assert "memory" in parked.failure_text
    assert "begun 3 times" in parked.failure_text
    once = ask(dan, steps=6, fail="memory", fail_at=4, fail_attempts=1, seconds_per_step=0)
    assert assert_done_once(works, once, steps=6).attempts == 2


def test_fault_28_nan_ends_the_job_and_keeps_the_last_good_checkpoint(works: Stack, dan: Actor) -> None:
    works.start_worker()
    job = ask(dan, fail="not_finite", fail_at=8, seconds_per_step=0)
    failed = becomes(job, "failed", "parked", "finished")
    assert (failed.state, failed.attempts, failed.failure_code) == ("failed", 1, "not_finite")
    assert "NaN at step 8" in failed.failure_text
    assert [one.step for one in kept_checkpoints(works, job)] == [6, 3]


def test_a_running_job_is_cancelled_and_its_process_is_gone(works: Stack, dan: Actor) -> None:
    worker = works.start_worker()
    job = ask(dan, steps=10_000)
    wait_until(reaches(job, 5))
    child = worker.find_child()
    cancel_job(actor=dan, job=reload(job))
    cancelled = becomes(job, "cancelled", "finished")
    assert cancelled.state == "cancelled"
    assert cancelled.result is None
    assert not child.is_running()
    assert count_effects(works, job) == 0


def test_the_database_password_of_the_worker_is_nowhere_in_its_child(works: Stack, dan: Actor) -> None:
    worker = works.start_worker()
    job = ask(dan, steps=10_000)
    wait_until(reaches(job, 5))
    secret = urlsplit(works.environment["DATABASE_URL_WORKER"]).password
    assert secret in Path(f"/proc/{worker.popen.pid}/environ").read_text()
    child = worker.find_child()
    for name in ("environ", "cmdline"):
        assert secret not in Path(f"/proc/{child.pid}/{name}").read_text()
    opened = [os.readlink(path) for path in Path(f"/proc/{child.pid}/fd").iterdir()]
    assert [one for one in opened if one.startswith("socket:")] == []

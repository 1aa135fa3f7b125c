"""What the fault tests of jobs ask for and look at."""

from collections.abc import Callable

from portal.jobs import checkpoints
from portal.jobs.models import Job
from portal.jobs.services import start_demonstration
from portal.roles.actors import Actor
from tests.faults.processes import Stack
from tests.portal.jobs.builders import reload
from tests.portal.jobs.children import wait_until

EVERY = 3
"""Steps between checkpoints."""


def ask(dan: Actor, **spec: object) -> Job:
    """Ask for a demonstration of a few seconds."""
    whole = {"steps": 30, "seconds_per_step": 0.1, "checkpoint_every": EVERY, **spec}
    return start_demonstration(actor=dan, queue="gpu", **whole)


def reaches(job: Job, step: int) -> Callable[[], bool]:
    """Return whether the job's row says that it has done so many steps."""
    return lambda: reload(job).lease.step >= step


def becomes(job: Job, *states: str) -> Job:
    """Wait for a state; return the job."""
    wait_until(lambda: reload(job).state in states)
    return reload(job)


def count_effects(works: Stack, job: Job) -> int:
    """Return how often the work of a job came to its end: each time it leaves a line in its run folder."""
    marks = (works.home / "jobs" / str(job.pk)).glob("attempt-*/effects.txt")
    return sum(len(path.read_text().splitlines()) for path in marks)


def kept_checkpoints(works: Stack, job: Job) -> list[checkpoints.Checkpoint]:
    """Return the checkpoints of the newest attempt."""
    newest = max((works.home / "jobs" / str(job.pk)).glob("attempt-*"))
    return checkpoints.find(newest / "checkpoints")


def assert_done_once(works: Stack, job: Job, steps: int = 30) -> Job:
    """The job is finished, its sum is right however often it was interrupted, and its work was done once."""
    done = becomes(job, "finished", "failed", "parked")
    assert done.state == "finished", done.failure_text
    assert done.result is not None
    assert done.result["total_of_steps"] == steps * (steps + 1) // 2
    assert count_effects(works, job) == 1
    return done

"""Wait for what workers and the scorer do, and say plainly when it went wrong."""

import time
from collections.abc import Callable, Iterable

from django.db import models

from portal.jobs.models import Job
from portal.jobs.states import ENDED, State

LONGEST_S = 900.0
"""A safety net, not a measure: a worker that never comes is a fault to report."""
LOOK_S = 0.2


class NotDone(Exception):
    """What was waited for did not come; the text says what and why."""


def wait_until(is_done: Callable[[], bool], what: str) -> None:
    """Return once it is done. Raises NotDone, naming what was waited for."""
    deadline = time.monotonic() + LONGEST_S
    while not is_done():
        if time.monotonic() > deadline:
            raise NotDone(f"{what} did not come within {LONGEST_S:.0f} s: are workers and scorer running?")
        time.sleep(LOOK_S)


def wait_for_jobs(jobs: Iterable[Job], what: str) -> None:
    """Return once every job is finished. Raises NotDone for one that ended otherwise."""
    keys = [one.pk for one in jobs]

    def all_ended() -> bool:
        states = Job.objects.filter(pk__in=keys).values_list("state", flat=True)
        return all(state in {*ENDED, State.PARKED} for state in states)

    wait_until(all_ended, what)
    failed = Job.objects.filter(pk__in=keys).exclude(state=State.FINISHED).first()
    if failed is not None:
        raise NotDone(f"{what}: the job '{failed.kind}' ended as '{failed.state}': {failed.failure_text}")


def wait_for_state(thing: models.Model, state: str, what: str) -> None:
    """Return once a row has a state."""
    wait_until(lambda: type(thing)._default_manager.filter(pk=thing.pk, state=state).exists(), what)
    thing.refresh_from_db()

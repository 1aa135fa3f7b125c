"""The states of a job and the moves a person makes.

A worker's own moves (queued → running → finished, failed, parked or queued again) stand in `leases.py`: they hang
on its token, not on a permission.
"""

from django.db import models

from portal.workflow import Move, Table


class State(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    CANCELLING = "cancelling", "Being stopped"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"
    PARKED = "parked", "Parked"
    CANCELLED = "cancelled", "Cancelled"


ENDED = ("finished", "failed", "cancelled")
"""Nothing more happens to these."""

AT_REST = (*ENDED, "parked")
"""Nobody works on these, and nothing more happens to them by itself; a parked one waits for a person."""

OPEN = ("queued", "running", "cancelling", "parked")

TABLE: Table = {
    (State.QUEUED, "cancel"): Move(State.CANCELLED, action="job.cancel"),
    (State.RUNNING, "cancel"): Move(State.CANCELLING, action="job.cancel"),
    (State.PARKED, "cancel"): Move(State.CANCELLED, action="job.cancel"),
    (State.PARKED, "try_again"): Move(State.QUEUED, action="job.try_again"),
}

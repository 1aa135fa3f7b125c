"""States of an evaluation. The database holds the same order (guards.py)."""

from modelling.blinded.models import State, Step
from portal.jobs.states import State as JobState
from portal.workflow import Move, Table

TABLE: Table = {
    (State.DRAFT, Step.OPEN): Move(State.ENROLLING, action="evaluation.open"),
    (State.ENROLLING, Step.SEAL): Move(State.SEALED, action="evaluation.seal"),
    (State.SEALED, Step.SUBMIT): Move(State.SUBMITTED, action="evaluation.submit"),
    (State.SUBMITTED, Step.LOCK): Move(State.LOCKED, action="evaluation.lock"),
    # The scorer's own move, once two custodians have given their shares.
    (State.LOCKED, "reveal"): Move(State.REVEALED, action="evaluation.reveal"),
    (State.REVEALED, Step.REPORT): Move(State.REPORTED, action="evaluation.report"),
    (State.REPORTED, Step.ARCHIVE): Move(State.ARCHIVED, action="evaluation.archive"),
    **{
        (state, Step.VOID): Move(State.VOID, action="evaluation.void")
        for state in (State.DRAFT, State.ENROLLING, State.SEALED, State.SUBMITTED, State.LOCKED)
    },
}

PREDICTS_AGAIN = (JobState.FAILED, JobState.CANCELLED)
"""States of a prediction's job after which another may be started; a parked job is tried again itself."""

PROPOSED_BY: dict[str, str] = {step: f"evaluation.propose_{step}" for step in Step.values}
"""Step → the line of the permission table that lets somebody propose it; approving has the move's own."""

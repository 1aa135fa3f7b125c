"""Things to try, up to three for each role of the demo (pure). One is done once the audit holds an act of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from portal.roles.models import Role


@dataclass(frozen=True)
class Task:
    """One suggestion: what to do, the page it begins on, and the acts by which it counts as done."""

    words: str
    url_name: str
    done_by: frozenset[str]

    def is_done(self, actions: Collection[str]) -> bool:
        """True if one of the acts somebody did is an act of this task."""
        return not self.done_by.isdisjoint(actions)


def _task(words: str, url_name: str, *done_by: str) -> Task:
    return Task(words, url_name, frozenset(done_by))


TASKS: Final[dict[str, tuple[Task, ...]]] = {
    Role.NURSE: (
        _task("Begin a visit that is due and enter its first form", "visits-due", "visit.begin", "record.enter"),
        _task("Let somebody sign the newer consent form", "participants", "consent.give"),
        _task("Screen somebody new", "participants", "participant.screen", "participant.enrol"),
    ),
    Role.RADIOGRAPHER: (
        _task("Settle the side of a film that says otherwise", "home", "image.grade", "image.upload"),
        _task("Grade the motion of a pQCT scan", "participants", "image.grade"),
        _task("Begin an imaging visit", "visits-due", "visit.begin"),
    ),
    # A reader's own pages are not there yet: nothing they could do leaves an act.
    Role.ASSESSOR: (
        _task("Fill in a form of a past fracture", "participants", "record.enter"),
        _task("Open a completed form again, with a reason", "participants", "record.reopen"),
    ),
    Role.DATA_MANAGER: (
        _task("Raise a query about a form", "participants", "query.raise"),
        _task("Close a query that was answered", "queries", "query.close"),
        _task("Build a snapshot", "snapshots", "snapshot.build"),
    ),
    Role.ANALYST: (
        _task("Start a training run", "run-new", "run.start"),
        _task("Build a snapshot of your own", "snapshots", "snapshot.build"),
        _task("Try a model on a reference image", "models", "model.try"),
    ),
    Role.PI: (
        _task("Keep the report of OP_WHO: its digest goes into the ledger", "evaluations", "report.keep"),
        _task("Sign a completed form", "participants", "record.sign"),
        _task("Draft a blinded evaluation", "evaluation-new", "evaluation.draft"),
    ),
    Role.CUSTODIAN: (
        _task("Give the second share of FX_FRAG, and the labels open", "evaluations", "evaluation.reveal"),
        _task("Make your custody card", "custody", "custody.register"),
        _task("Approve a step as the second person", "evaluations", "evaluation.open", "evaluation.seal"),
    ),
    Role.MONITOR: (
        _task("Raise a query about what does not add up", "participants", "query.raise"),
        _task("Close a query once its answer settles it", "queries", "query.close"),
    ),
    # What an auditor reads and takes along leaves no act; accepting a report does.
    Role.AUDITOR: (_task("Accept a report that the PI proposed", "evaluations", "evaluation.report"),),
    Role.ADMIN: (
        _task("Invite somebody", "person-invite", "person.invite"),
        _task("Give somebody a role", "people", "role.grant"),
        _task("Start a job that only sleeps", "jobs", "job.start_demonstration"),
    ),
}


def list_tasks(roles: Iterable[str]) -> list[Task]:
    """Return what to try for somebody of these roles, each once."""
    return list(dict.fromkeys(task for role in roles for task in TASKS.get(role, ())))

"""Things to try, three for each role of the demo (pure). One is done once the audit holds an act or a look of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from portal.roles.models import Role


@dataclass(frozen=True)
class Task:
    """One suggestion: what to do, the page it begins on, and the acts or looks by which it counts as done."""

    words: str
    url_name: str
    done_by: frozenset[str] = frozenset()
    seen_by: frozenset[str] = frozenset()

    def is_done(self, actions: Collection[str], looks: Collection[str] = ()) -> bool:
        """True if one of the acts somebody did, or of the things they looked at, is one of this task."""
        return not (self.done_by.isdisjoint(actions) and self.seen_by.isdisjoint(looks))


def _task(words: str, url_name: str, *done_by: str) -> Task:
    return Task(words, url_name, done_by=frozenset(done_by))


def _look(words: str, url_name: str, *seen_by: str) -> Task:
    # Of those whose work is to read: nobody of their roles looks at anything while the demo is made.
    return Task(words, url_name, seen_by=frozenset(seen_by))


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
    Role.READER: (
        _look("Look at the real films of the reference gallery", "reference-images", "reference.gallery"),
        _look("Take a real radiograph along as a DICOM file", "reference-images", "reference.file"),
        _look("Read who can know what before the labels are opened", "who-can-know", "who_can_know"),
    ),
    Role.ASSESSOR: (
        _task("Fill in a form of a past fracture", "participants", "record.enter"),
        _task("Open a completed form again, with a reason", "participants", "record.reopen"),
        _look("Read what a participant's fracture form says", "participants", "outcome"),
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
        _look("Look at a participant's images beside their forms", "participants", "series"),
    ),
    Role.AUDITOR: (
        _task("Accept a report that the PI proposed", "evaluations", "evaluation.report"),
        _look("Take along the public file of a revealed evaluation", "evaluations", "evaluation.public"),
        _look("Take the ledger along, and check it without the portal", "audit-proof", "audit.bundle"),
    ),
    Role.ADMIN: (
        _task("Invite somebody", "person-invite", "person.invite"),
        _task("Give somebody a role", "people", "role.grant"),
        _task("Start a job that only sleeps", "jobs", "job.start_demonstration"),
    ),
}


def list_tasks(roles: Iterable[str]) -> list[Task]:
    """Return what to try for somebody of these roles, each once."""
    return list(dict.fromkeys(task for role in roles for task in TASKS.get(role, ())))

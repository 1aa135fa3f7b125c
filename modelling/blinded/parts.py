"""Evaluations, ready to be shown: the line of steps, tables, and what somebody can do next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from cohort.vault.card import fingerprint_of
from cohort.vault.models import CustodyKey
from frontend.parts import Cell, Column, Row, Stage, Step, Table
from modelling.blinded.access import find_approved_proposal, planned_looks
from modelling.blinded.models import Evaluation, State, Submission
from modelling.blinded.models import Step as TwoPersonStep
from modelling.engine.metrics.tasks import TASKS
from portal.core.dates import write_instant


@dataclass(frozen=True)
class Course:
    """One state on the way: the step that leads there, what it means, and who does it."""

    state: State
    step: TwoPersonStep | None
    what: str
    who: str
    note: str


COURSE = (
    Course(
        State.ENROLLING,
        TwoPersonStep.OPEN,
        "Opened",
        "principal investigator proposes, a custodian approves",
        "The protocol and the sealing key are fixed; people are still being followed.",
    ),
    Course(
        State.SEALED,
        TwoPersonStep.SEAL,
        "Labels sealed",
        "data manager proposes, a custodian approves",
        "Every label of a test participant is computed, committed to and sealed to the custodians.",
    ),
    Course(
        State.SUBMITTED,
        TwoPersonStep.SUBMIT,
        "Models handed in",
        "analyst proposes, data manager approves",
        "Models are entered, predict the test inputs, and are rehearsed with labels thrown by a die.",
    ),
    Course(
        State.LOCKED,
        TwoPersonStep.LOCK,
        "Locked",
        "principal investigator proposes, a custodian approves",
        "Weights, predictions, labels and rules are fixed by one digest.",
    ),
    Course(
        State.REVEALED,
        None,
        "Revealed",
        "two custodians give their shares",
        "The scorer opens the labels and scores once. This cannot be done twice.",
    ),
    Course(
        State.REPORTED,
        TwoPersonStep.REPORT,
        "Report accepted",
        "principal investigator proposes, the auditor approves",
        "The report holds what the protocol promised.",
    ),
    Course(
        State.ARCHIVED,
        TwoPersonStep.ARCHIVE,
        "Archived",
        "data manager proposes, principal investigator approves",
        "The bundle was checked offline by somebody else.",
    ),
)
ORDER = [State.DRAFT, *(one.state for one in COURSE)]
INSTANT = {
    State.ENROLLING: "opened_at",
    State.SEALED: "sealed_at",
    State.SUBMITTED: "submitted_at",
    State.LOCKED: "locked_at",
    State.REVEALED: "revealed_at",
    State.REPORTED: "reported_at",
    State.ARCHIVED: "archived_at",
}


def make_steps(evaluation: Evaluation) -> list[Step]:
    """Return the way of an evaluation: what is done, by whom, what is next, and who must do it."""
    steps = [Step("Drafted", "done", write_instant(evaluation.drafted_at))]
    if evaluation.state == State.VOID:
        return [*steps, Step("Void", "now", _when(evaluation.voided_at), note="It ends here, for good.")]
    reached = ORDER.index(State(evaluation.state))
    for place, one in enumerate(COURSE, start=1):
        stage: Stage = "done" if place <= reached else "now" if place == reached + 1 else "later"
        if stage == "done":
            when = _when(getattr(evaluation, INSTANT[one.state]))
            steps.append(Step(one.what, stage, when, _who_did(evaluation, one), one.note))
        else:
            steps.append(Step(one.what, stage, who=one.who, note=one.note))
    return steps


def _who_did(evaluation: Evaluation, one: Course) -> str:
    if one.step is None:
        return "two custodians and the scorer"
    found = find_approved_proposal(evaluation, one.step)
    return f"{found.proposer} and {found.approval.approver}" if found else ""


def make_evaluations_table(evaluations: Iterable[Evaluation]) -> Table:
    """Return evaluations with their state and who must do what next."""
    rows: list[Row] = [
        [
            Cell(str(one), url=reverse("evaluation", args=[one.pk])),
            f"{one.study.title}{' · SIMULATED' if one.origin == 'simulated' else ''}",
            TASKS[one.task].title if one.task in TASKS else one.task,
            Cell(one.get_state_display(), state=one.state),
            say_next(one),
        ]
        for one in evaluations
    ]
    columns: list[Column | str] = ["Evaluation", "Study", "Task", "State", "Next"]
    return Table("Evaluations of your studies", columns, rows, empty="No evaluation was drafted yet.")


def say_next(evaluation: Evaluation) -> str:
    """Return who must do what next, in words."""
    if evaluation.state in {State.VOID, State.ARCHIVED}:
        return "nothing: it has ended"
    one = COURSE[ORDER.index(State(evaluation.state))]
    return f"{one.what.lower()}: {one.who}"


def make_submissions_table(submissions: Iterable[Submission]) -> Table:
    """Return what may be told of the models while everything is blinded (TRUST 1.8)."""
    rows: list[Row] = [
        [
            Cell(str(one.model_version), url=reverse("model", args=[one.model_version_id])),
            one.get_role_display(),
            Cell(one.model_version.weights_sha256[:12], is_code=True),
            Cell(one.predictions_sha256[:12], is_code=True) if one.predictions_sha256 else _say_job(one),
            one.n_cases if one.n_cases is not None else "",
            say_bins(one.bins),
        ]
        for one in submissions
    ]
    columns: list[Column | str] = [
        "Model",
        "Entered as",
        "Weights (SHA-256)",
        "Predictions (SHA-256)",
        Column("Cases", is_number=True),
        "Predictions by fifths",
    ]
    note = "No single prediction is shown before the reveal, and no bin of fewer than 20."
    return Table("Models that were entered", columns, rows, note=note, empty="No model was entered yet.")


def say_bins(bins: list[int | None]) -> str:
    """Return a histogram in words; a small bin is not told."""
    return " · ".join("under 20" if one is None else str(one) for one in bins)


def _say_job(one: Submission) -> Cell:
    if one.job is None:
        return Cell("not started")
    return Cell(one.job.get_state_display(), state=one.job.state, note=one.job.failure_text)


def make_custody_table(keys: Iterable[CustodyKey]) -> Table:
    """Return who holds a share."""
    rows: list[Row] = [
        [
            str(one.custodian),
            Cell(fingerprint_of(bytes.fromhex(one.public_key)), is_code=True),
            "on this machine (demo)" if one.is_demo else "with the custodian",
        ]
        for one in keys
    ]
    return Table("Who holds a share", ["Custodian", "Fingerprint of the key", "Card"], rows, empty="Not chosen yet.")


def list_protocol(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return the protocol as label and words."""
    words = {
        "question": "Question",
        "population": "Who is evaluated",
        "index_date": "Index date",
        "outcome": "Outcome, by the rule",
        "inputs": "What models may see",
        "primary_metric": "Primary metric",
        "threshold_rule": "Threshold",
        "missing_data": "Missing data",
        "withdrawals": "Withdrawals",
        "max_models": "Models at most",
        "multiplicity": "Several comparisons",
    }
    protocol = evaluation.protocol
    looks = planned_looks(evaluation)
    level = protocol["scoring"]["level"]
    opening = f"{protocol['look']} of {looks}; each interval holds {100 * level:g} %"
    found = [(label, str(protocol.get(name, ""))) for name, label in words.items()]
    if baselines := protocol.get("baselines"):
        found.append(("Rules scored beside them", say_baselines(baselines)))
    return [*found, ("Opening of this test set", opening)]


def say_baselines(baselines: Mapping[str, Any]) -> str:
    """Return which rules the scorer adds, and which are left out and why."""
    added = "; ".join(f"{one['name']}: {one['says']}" for one in baselines["rules"]) or "none"
    left_out = "; ".join(f"{one['name']}: {one['why']}" for one in baselines["left_out"])
    return f"{added}. Left out: {left_out}." if left_out else f"{added}."


def _when(at: datetime | None) -> str:
    return write_instant(at) if at else ""

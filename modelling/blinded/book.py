"""The book the scorer looks into (cohort.vault.book): evaluations as it may know them, and its one move."""

from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from cohort.datasets.models import Snapshot
from cohort.vault.book import Case, Entered, Rows, Ruled
from modelling.blinded.access import planned_looks
from modelling.blinded.baseline_values import place_people
from modelling.blinded.baselines import BY_KEY
from modelling.blinded.models import Evaluation, State, Submission
from modelling.blinded.states import TABLE
from modelling.engine.recipes import WORDS_OF_INPUTS
from portal.core.dates import write_day
from portal.core.errors import Refused
from portal.roles.actors import Actor
from portal.workflow import move

SMALL_TEAM = (
    "; small team: who took the images may have entered outcomes, and who leads the study or keeps its data may have "
    "held a share"
)


class EvaluationBook:
    """Evaluations, as `cohort.vault.book.Book` wants them. Read by the scorer's own database role."""

    def find_case(self, evaluation_pk: UUID) -> Case:
        """Return an evaluation as it stands now. Raises Refused for an unknown one."""
        found = Evaluation.objects.select_related("study", "test_snapshot").filter(pk=evaluation_pk).first()
        if found is None:
            raise Refused("there is no such evaluation")
        # Not by the page's own list: the scorer's role sees no jobs.
        entered = list(found.submissions.select_related("model_version__snapshot").order_by("entered_at"))
        return Case(
            evaluation_pk=found.pk,
            state=found.state,
            facts=_describe(found, entered),
            protocol=found.protocol["scoring"],
            manifest=found.manifest,
            manifest_sha256=found.manifest_sha256,
            custody_keys=tuple(found.custody_keys),
            batch_pk=found.label_batch,
            test_rows=_rows_of(found.test_snapshot) if found.test_snapshot else None,
            n_labels=found.n_labels or 0,
            label_root=found.label_root,
            entered=tuple(_enter(one) for one in entered if one.predictions_sha256),
            rules=tuple(_rule(found, one["key"]) for one in baselines_of(found)["rules"]),
        )

    def write_reveal(self, actor: Actor, evaluation_pk: UUID, *, sheet_sha256: str) -> None:
        """Move an evaluation from locked to revealed."""
        found = Evaluation.objects.get(pk=evaluation_pk)
        move(found, "reveal", table=TABLE, actor=actor, revealed_at=timezone.now(), sheet_sha256=sheet_sha256)


def baselines_of(evaluation: Evaluation) -> dict[str, Any]:
    """Return what the protocol says of rules; evaluations from before they were counted have none."""
    found: dict[str, Any] = evaluation.protocol.get("baselines") or {"rules": [], "left_out": []}
    return found


def list_deviations(evaluation: Evaluation) -> list[str]:
    """Return a sentence for each evaluation of the same study and task that was voided."""
    found = Evaluation.objects.filter(study=evaluation.study_id, task=evaluation.task, state=State.VOID)
    return [
        f"'{one.title}', an evaluation of the same task, was voided on {write_day(timezone.localdate(one.voided_at))}; "
        f"it had reached the state '{_state_before_void(one)}'."
        for one in found.order_by("voided_at")
    ]


def _state_before_void(evaluation: Evaluation) -> str:
    """Return how far a voided evaluation had come, by the days it bears."""
    reached = (
        (State.LOCKED, evaluation.locked_at),
        (State.SUBMITTED, evaluation.submitted_at),
        (State.SEALED, evaluation.sealed_at),
        (State.ENROLLING, evaluation.opened_at),
    )
    return str(next((state.label for state, day in reached if day is not None), State.DRAFT.label)).lower()


def _rule(evaluation: Evaluation, key: str) -> Ruled:
    rule = BY_KEY[key]
    return Ruled(
        submission_pk=uuid5(evaluation.pk, rule.key),
        facts={
            "model_version": rule.key,
            "name": rule.name,
            "role": Submission.Role.BASELINE.value,
            "inputs": rule.inputs,
            "threshold": rule.threshold,
            "weights_sha256": "",
            "ranks_only": f"{rule.name} gives no probability of this outcome",
        },
        place=partial(place_people, rule),
    )


def _rows_of(snapshot: Snapshot) -> Rows:
    return Rows(snapshot.pk, snapshot.attempt)


def _enter(one: Submission) -> Entered:
    model = one.model_version
    return Entered(
        submission_pk=one.pk,
        facts={
            "model_version": str(model.pk),
            "name": str(model),
            "role": one.role,
            "inputs": WORDS_OF_INPUTS[model.answers_from],
            "threshold": model.threshold,
            "weights_sha256": model.weights_sha256,
        },
        predictions_sha256=one.predictions_sha256,
        train_rows=_rows_of(model.snapshot),
    )


def _describe(evaluation: Evaluation, entered: list[Submission]) -> dict[str, Any]:
    primary = next((one for one in entered if one.role == Submission.Role.PRIMARY), None)
    learned_from = primary.model_version.snapshot if primary else None
    manifest = (evaluation.test_snapshot.manifest if evaluation.test_snapshot else None) or {}
    custody = "three custodians, any two of whom open the labels together"
    if evaluation.study.small_team:
        custody += SMALL_TEAM
    if (looks := planned_looks(evaluation)) > 1:
        custody += f"; this is opening {evaluation.look} of the {looks} that were planned before the first"
    if evaluation.is_demo_custody:
        custody += "; demo custody: their cards lay on this machine, so it is not blinded against its administrator"
    return {
        "evaluation": str(evaluation.pk),
        "study": evaluation.study.title,
        "origin": evaluation.origin,
        "task": evaluation.task,
        "title": evaluation.title,
        "inputs": {
            "went_in": [
                {name: str(column.get(name) or "") for name in ("name", "group", "kind", "unit")}
                for column in manifest.get("columns", [])
            ],
            "left_out": [
                {"name": str(one["name"]), "reason": str(one["reason"])} for one in manifest.get("left_out", [])
            ],
            "baselines": baselines_of(evaluation),
        },
        "training": {"n": learned_from.n, "n_events": learned_from.n_events, "snapshot_sha256": learned_from.sha256}
        if learned_from
        else {},
        "deviations": list_deviations(evaluation),
        "custody": custody,
    }

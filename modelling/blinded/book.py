"""The book the scorer looks into (cohort.vault.book): evaluations as it may know them, and its one move."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from cohort.datasets.models import Snapshot
from cohort.vault.book import Case, Entered, Rows
from modelling.blinded.models import Evaluation, Submission
from modelling.blinded.states import TABLE
from portal.core.errors import Refused
from portal.roles.actors import Actor
from portal.workflow import move

INPUTS_IN_WORDS = {"film": "the radiograph alone", "table": "the clinical table"}


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
        )

    def write_reveal(self, actor: Actor, evaluation_pk: UUID, *, sheet_sha256: str) -> None:
        """Move an evaluation from locked to revealed."""
        found = Evaluation.objects.get(pk=evaluation_pk)
        move(found, "reveal", table=TABLE, actor=actor, revealed_at=timezone.now(), sheet_sha256=sheet_sha256)


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
            "inputs": INPUTS_IN_WORDS[model.answers_from],
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
        },
        "training": {"n": learned_from.n, "n_events": learned_from.n_events, "snapshot_sha256": learned_from.sha256}
        if learned_from
        else {},
        "deviations": [],
        "custody": custody,
    }

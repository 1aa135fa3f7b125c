"""What each step does once two people agreed to it: facts that hang on the moment, then the move, all or nothing."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from cohort.consent.purposes import Purpose
from cohort.consent.rules import decide_each
from cohort.datasets.columns import choose_columns
from cohort.datasets.services import build_test_inputs
from cohort.datasets.sources import list_fields
from cohort.labels.services import label_participants
from cohort.participants.models import Participant
from cohort.vault import seal
from cohort.vault.access import find_sealing_key
from modelling.blinded.models import Evaluation, Proposal, Step
from modelling.blinded.states import TABLE
from modelling.engine.training.admissible import Use, classify
from portal.core.errors import Refused
from portal.proof import jcs
from portal.roles.actors import Actor
from portal.workflow import move

MODALITIES = ("film", "dxa", "pqct")

Effect = Callable[[Actor, Evaluation, Proposal], dict[str, jcs.Json]]
"""Does the step and returns what else the ledger's entry says of it."""


def _open(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    key = find_sealing_key(evaluation.pk)
    if key is None:
        raise Refused("the scorer has not made the sealing key yet")
    move(evaluation, Step.OPEN, table=TABLE, actor=actor, opened_at=timezone.now(), public_key=key.public_key)
    return {"protocol_sha256": evaluation.protocol_sha256, "public_key": key.public_key}


def _seal(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    study, today = evaluation.study, timezone.localdate()
    enrolled = list(Participant.objects.filter(study=study).select_related("study").prefetch_related("withdrawals"))
    purpose = Purpose.EVALUATE
    sealed = seal.seal_labels(
        evaluation.pk,
        enrolled=[one.pk for one in enrolled],
        consenting=[one.pk for one in enrolled if decide_each(one, today, (purpose,))[purpose].allowed],
        list_labels=lambda: label_participants(study, evaluation.task, alias=seal.ALIAS),
    )
    move(
        evaluation,
        Step.SEAL,
        table=TABLE,
        actor=actor,
        sealed_at=timezone.now(),
        label_batch=sealed.batch_pk,
        n_labels=sealed.n_labels,
        label_root=sealed.label_root,
        split_root=sealed.split_root,
        exclusions_sha256=sealed.exclusions_sha256,
    )
    return {
        "label_root": sealed.label_root,
        "split_root": sealed.split_root,
        "n_labels": sealed.n_labels,
        "exclusions_sha256": sealed.exclusions_sha256,
    }


def ask_for_test_inputs(actor: Actor, evaluation: Evaluation) -> None:
    """Have the test inputs built, once the seal stands in the ledger: every admissible column and image of the task.

    They hang on no model, so that what is entered later cannot shape them; no page shows them.
    """
    columns, _ = choose_columns(evaluation.task, list_fields(evaluation.study), None)
    images = [one for one in MODALITIES if classify(evaluation.task, f"image.{one}").use is Use.INPUT]
    snapshot = build_test_inputs(
        actor=actor,
        study=evaluation.study,
        task=evaluation.task,
        columns=[one.name for one in columns],
        modalities=images,
        sealed_sha256=evaluation.label_root,
    )
    Evaluation.objects.filter(pk=evaluation.pk).update(test_snapshot=snapshot)
    evaluation.test_snapshot = snapshot


def _submit(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    move(evaluation, Step.SUBMIT, table=TABLE, actor=actor, submitted_at=timezone.now())
    body: Any = jcs.loads(proposal.body.encode())
    return {"models": body["models"], "test_root": body["test_root"]}


def _lock(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    move(
        evaluation,
        Step.LOCK,
        table=TABLE,
        actor=actor,
        locked_at=timezone.now(),
        manifest=proposal.body,
        manifest_sha256=proposal.digest,
    )
    return {"manifest_sha256": proposal.digest}


def _report(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    move(evaluation, Step.REPORT, table=TABLE, actor=actor, reported_at=timezone.now())
    return {"sheet_sha256": evaluation.sheet_sha256}


def _archive(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    move(evaluation, Step.ARCHIVE, table=TABLE, actor=actor, archived_at=timezone.now())
    return {"sheet_sha256": evaluation.sheet_sha256}


def _void(actor: Actor, evaluation: Evaluation, proposal: Proposal) -> dict[str, jcs.Json]:
    was = evaluation.state
    move(evaluation, Step.VOID, table=TABLE, actor=actor, voided_at=timezone.now())
    return {"was": was}


EFFECTS: dict[Step, Effect] = {
    Step.OPEN: _open,
    Step.SEAL: _seal,
    Step.SUBMIT: _submit,
    Step.LOCK: _lock,
    Step.REPORT: _report,
    Step.ARCHIVE: _archive,
    Step.VOID: _void,
}

"""The only way to get evaluations, and what of them may be told to whom. Before the reveal nothing tells a label."""

import json
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from cohort.study.access import list_studies_for
from cohort.study.models import Study
from cohort.vault.access import find_last_request, find_score_sheet
from cohort.vault.models import RequestKind, RequestState
from modelling.blinded.models import OPENED, Evaluation, Proposal, Step, Submission
from portal.roles.actors import Actor
from portal.roles.policy import require


def list_evaluations_for(actor: Actor) -> QuerySet[Evaluation]:
    """Return the evaluations of the actor's studies, the newest first."""
    require(actor, "evaluation.view")
    return Evaluation.objects.select_related("study", "test_snapshot").filter(study__in=list_studies_for(actor))


def get_evaluation_for(actor: Actor, pk: UUID) -> Evaluation:
    """Return one evaluation; another study's is a 404 like any unknown one."""
    return get_object_or_404(list_evaluations_for(actor), pk=pk)


def hold_evaluation(pk: UUID) -> Evaluation:
    """Return an evaluation as it stands now, held against everybody else until the act that is open ends."""
    found = Evaluation.objects.select_for_update(of=("self",)).select_related("study", "test_snapshot")
    return found.get(pk=pk)


def list_opened(study: Study, task: str) -> list[Evaluation]:
    """Return the evaluations in which this test set was opened, the first one first."""
    return list(Evaluation.objects.filter(study=study, task=task, state__in=OPENED).order_by("revealed_at"))


def list_opened_tasks(study: Study) -> frozenset[str]:
    """Return the tasks whose test labels are open in a study."""
    return frozenset(Evaluation.objects.filter(study=study, state__in=OPENED).values_list("task", flat=True))


def planned_looks(evaluation: Evaluation) -> int:
    """Return how often its protocol planned to open the test set; those before looks were counted planned one."""
    return int(evaluation.protocol.get("looks", 1))


def list_submissions(evaluation: Evaluation) -> QuerySet[Submission]:
    """Return the models that were entered, the oldest first."""
    return evaluation.submissions.select_related("model_version__snapshot", "job__lease").order_by("entered_at")


def find_open_proposal(evaluation: Evaluation, step: Step) -> Proposal | None:
    """Return what waits for a second person: the newest proposal of a step, neither lapsed nor approved."""
    found = evaluation.proposals.filter(step=step, expires_at__gt=timezone.now(), approval=None)
    return found.select_related("proposer").order_by("-proposed_at").first()


def find_approved_proposal(evaluation: Evaluation, step: Step) -> Proposal | None:
    """Return the proposal of a step that two people agreed to."""
    found = evaluation.proposals.filter(step=step, approval__isnull=False)
    return found.select_related("proposer", "approval__approver").order_by("-approval__approved_at").first()


def find_rehearsal(evaluation: Evaluation) -> dict[str, Any] | None:
    """Return what the last rehearsal found, if it is of the models as they are entered now."""
    request = find_last_request(evaluation.pk, RequestKind.REHEARSE)
    if request is None or request.state != RequestState.DONE or request.result is None:
        return None
    result: dict[str, Any] = request.result
    now = [(str(one.pk), one.predictions_sha256) for one in list_submissions(evaluation)]
    then = [(one["submission"], one["predictions_sha256"]) for one in result["models"]]
    return result if now == then else None


def get_rehearsal_sheet_for(actor: Actor, evaluation_pk: UUID) -> tuple[dict[str, Any], str]:
    """Return the score sheet over labels thrown by a die, and its SHA-256; 404 where there was no rehearsal."""
    evaluation = get_evaluation_for(actor, evaluation_pk)
    found = find_rehearsal(evaluation)
    if found is None:
        raise Http404("No rehearsal of the models as they are entered now.")
    return json.loads(found["sheet"]), str(found["sheet_sha256"])


def get_score_sheet_for(actor: Actor, evaluation_pk: UUID) -> tuple[dict[str, Any], str]:
    """Return the score sheet and its SHA-256; 404 before the reveal, as for an evaluation that is not there."""
    evaluation = get_evaluation_for(actor, evaluation_pk)
    found = find_score_sheet(evaluation.pk) if evaluation.is_opened else None
    if found is None:
        raise Http404("No score sheet.")
    return json.loads(found.body), found.sha256

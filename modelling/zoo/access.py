"""The only way to get model versions for somebody."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.consent.access import list_withdrawn_from_use
from cohort.study.access import list_studies_for
from modelling.zoo.models import ModelVersion
from portal.roles.actors import Actor
from portal.roles.policy import require


def list_models_for(actor: Actor) -> QuerySet[ModelVersion]:
    """Return the model versions of the actor's studies, the newest first."""
    require(actor, "model.view")
    found = ModelVersion.objects.select_related("study", "snapshot").order_by("-made_at", "pk")
    return found.filter(study__in=list_studies_for(actor))


def get_model_for(actor: Actor, pk: UUID) -> ModelVersion:
    """Return one model version; another study's is a 404 like any unknown one."""
    return get_object_or_404(list_models_for(actor), pk=pk)


def count_withdrawn_since(model: ModelVersion) -> int:
    """Return how many of the study have taken back every use of their data since the model learned.

    Whether they were among those it learned from is not said: that would tell which part the draw put them in.
    """
    return len(list_withdrawn_from_use(model.study_id, model.snapshot.asked_at))

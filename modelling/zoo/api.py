"""Model versions over the API: read only."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from cohort.study.marking import MarksOrigin
from modelling.zoo.access import get_model_for, list_models_for
from modelling.zoo.locks import card_of, metrics_of, why_locked_for
from modelling.zoo.models import ModelVersion


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version: what it is, what it learned from, and how it did out of fold."""

    study = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    threshold = serializers.SerializerMethodField()
    metrics = serializers.SerializerMethodField()
    card = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = (
            "id",
            "study",
            "origin",
            "task",
            "number",
            "name",
            "recipe",
            "profile",
            "modalities",
            "answers_from",
            "threshold",
            "fe_taught",
            "snapshot",
            "metrics",
            "card",
            "model_sha256",
            "weights_sha256",
            "files",
            "made_at",
        )
        read_only_fields = fields

    def get_threshold(self, model: ModelVersion) -> float | None:
        """Return the threshold; of a locked task none."""
        return None if why_locked_for(model) else model.threshold

    def get_metrics(self, model: ModelVersion) -> dict[str, Any]:
        """Return the scores out of fold; of a locked task each is null and says why."""
        return metrics_of(model)

    def get_card(self, model: ModelVersion) -> dict[str, Any]:
        """Return the card."""
        return card_of(model)


class ModelVersionViewSet(MarksOrigin, viewsets.ReadOnlyModelViewSet[ModelVersion]):
    """The model versions of the actor's studies."""

    queryset = ModelVersion.objects.none()
    serializer_class = ModelVersionSerializer
    lookup_value_converter = "uuid"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def get_queryset(self) -> QuerySet[ModelVersion]:
        return list_models_for(self.request.actor)  # type: ignore[attr-defined]

    def get_object(self) -> ModelVersion:
        return get_model_for(self.request.actor, self.kwargs["pk"])  # type: ignore[attr-defined]

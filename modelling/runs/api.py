"""Runs over the API: read, start, cancel."""

import inspect
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cohort.datasets.access import newest_training_snapshot
from cohort.study.access import get_study_for
from cohort.study.marking import MarksOrigin
from modelling.engine.recipes import PROFILES, RECIPES
from modelling.runs.access import get_run_for, list_runs_for
from modelling.runs.models import TrainingRun
from modelling.runs.services import cancel_run, start_run

NOT_SETTINGS = frozenset(inspect.signature(start_run).parameters) - {"settings"}
"""What the service takes by name: a setting of the same name would stand for it."""


class RunSerializer(serializers.ModelSerializer[TrainingRun]):
    """A run, its state and the model version that came of it."""

    state = serializers.CharField(read_only=True)
    study = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)

    class Meta:
        model = TrainingRun
        fields = ("id", "study", "origin", "task", "number", "config", "state", "snapshot", "job", "model", "asked_at")
        read_only_fields = fields


class StartRunSerializer(serializers.Serializer[Any]):
    """What a run can be asked to do; `fresh` builds a new snapshot first."""

    study = serializers.SlugField()
    task = serializers.CharField(max_length=20)
    recipe = serializers.ChoiceField(choices=sorted(RECIPES))
    profile = serializers.ChoiceField(choices=sorted(PROFILES), default="small")
    fresh = serializers.BooleanField(default=False)
    settings = serializers.DictField(required=False)

    def validate_settings(self, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse by name what is no setting of a recipe but stands beside the settings."""
        if named := sorted(NOT_SETTINGS & set(value)):
            raise serializers.ValidationError(f"'{named[0]}' is not a setting of a recipe; it is asked for beside them")
        return value


class RunViewSet(MarksOrigin, viewsets.ReadOnlyModelViewSet[TrainingRun]):
    """The runs of the actor's studies."""

    queryset = TrainingRun.objects.none()
    serializer_class = RunSerializer
    lookup_value_converter = "uuid"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def get_queryset(self) -> QuerySet[TrainingRun]:
        return list_runs_for(self.request.actor)  # type: ignore[attr-defined]

    def get_object(self) -> TrainingRun:
        return get_run_for(self.request.actor, self.kwargs["pk"])  # type: ignore[attr-defined]

    @extend_schema(request=StartRunSerializer, responses={201: RunSerializer})
    @action(detail=False, methods=["post"])
    def start(self, request: Request) -> Response:
        """Start a run on the newest snapshot of the task, or on a fresh one."""
        form = StartRunSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        study = get_study_for(request.actor, asked["study"])  # type: ignore[attr-defined]
        run = start_run(
            actor=request.actor,  # type: ignore[attr-defined]
            study=study,
            task=asked["task"],
            recipe=asked["recipe"],
            profile=asked["profile"],
            snapshot=None if asked["fresh"] else newest_training_snapshot(study, asked["task"]),
            **asked.get("settings", {}),
        )
        return Response(self._shown(run.pk), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Cancel a run that waits, trains or is parked; 409 for one that is over."""
        cancel_run(actor=request.actor, run=self.get_object())  # type: ignore[attr-defined]
        return Response(self._shown(pk))

    def _shown(self, pk: Any) -> dict[str, Any]:
        return dict(RunSerializer(get_run_for(self.request.actor, pk)).data)  # type: ignore[attr-defined]

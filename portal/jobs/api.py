"""Jobs over the API: read, start a demonstration, cancel, try again."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.jobs.access import get_job_for, list_jobs_for
from portal.jobs.demonstration import FAILURES
from portal.jobs.models import Job
from portal.jobs.services import cancel_job, start_demonstration, try_job_again


class JobSerializer(serializers.ModelSerializer[Job]):
    """What everybody who may see a job may know of it. The log of its process is not among it (TRUST 1.1)."""

    step = serializers.IntegerField(source="lease.step", read_only=True)
    total = serializers.IntegerField(source="lease.total", read_only=True)
    message = serializers.CharField(source="lease.message", read_only=True)

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "queue",
            "state",
            "origin",
            "site",
            "attempts",
            "step",
            "total",
            "message",
            "sandbox",
            "spec_sha256",
            "result",
            "result_sha256",
            "failure_code",
            "failure_text",
            "queued_at",
            "started_at",
            "cancel_requested_at",
            "ended_at",
        )
        read_only_fields = fields


class DemonstrationSerializer(serializers.Serializer[Any]):
    """What a demonstration can be asked to do."""

    queue = serializers.ChoiceField(choices=["web", "gpu"], default="web")
    steps = serializers.IntegerField(min_value=1, max_value=1000)
    seconds_per_step = serializers.FloatField(min_value=0, max_value=60, default=0.5)
    checkpoint_every = serializers.IntegerField(min_value=1, max_value=1000, default=5)
    fail_at = serializers.IntegerField(min_value=1, max_value=1000, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `fail`, a name that the class keeps for itself."""
        return {**super().get_fields(), "fail": serializers.ChoiceField(choices=FAILURES, required=False)}


class JobViewSet(viewsets.ReadOnlyModelViewSet[Job]):
    """The jobs the actor may see; another site's job is not there."""

    queryset = Job.objects.none()
    serializer_class = JobSerializer
    lookup_value_converter = "uuid"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def get_queryset(self) -> QuerySet[Job]:
        return list_jobs_for(self.request.actor)  # type: ignore[attr-defined]

    def get_object(self) -> Job:
        return get_job_for(self.request.actor, self.kwargs["pk"])  # type: ignore[attr-defined]

    @extend_schema(request=DemonstrationSerializer, responses={201: JobSerializer})
    @action(detail=False, methods=["post"], url_path="start-demonstration")
    def start_demonstration(self, request: Request) -> Response:
        """Start a demonstration, or find the same one waiting or running."""
        asked = DemonstrationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        job = start_demonstration(actor=request.actor, **asked.validated_data)  # type: ignore[attr-defined]
        return Response(self._shown(job.pk), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Cancel a job that waits, runs or is parked; 409 for one that is over."""
        cancel_job(actor=request.actor, job=self.get_object())  # type: ignore[attr-defined]
        return Response(self._shown(pk))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"], url_path="try-again")
    def try_again(self, request: Request, pk: UUID) -> Response:
        """Put a parked job back into its queue; 409 for any other."""
        try_job_again(actor=request.actor, job=self.get_object())  # type: ignore[attr-defined]
        return Response(self._shown(pk))

    def _shown(self, job_pk: UUID) -> dict[str, Any]:
        return dict(JobSerializer(get_job_for(self.request.actor, job_pk)).data)  # type: ignore[attr-defined]

"""Uploads over the API: begun, one file a request, closed; the answer tells each file's verdict."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cohort.imaging import services
from cohort.imaging.access import get_upload_for
from cohort.imaging.models import Modality, Side, Upload, UploadedFile
from cohort.imaging.receiving import receive_file
from cohort.participants.access import get_participant_for
from cohort.participants.models import Visit
from cohort.study.marking import MarksOrigin
from portal.core.storage import StorageFull
from portal.roles.actors import Actor


class InsufficientStorage(APIException):
    """The disk is full (RFC 4918, 11.5)."""

    status_code = 507
    default_code = "insufficient_storage"


class NewUploadSerializer(serializers.Serializer[Any]):
    """What an upload is declared to be."""

    participant = serializers.CharField(max_length=14)
    visit = serializers.CharField(max_length=10)
    modality = serializers.ChoiceField(choices=Modality.choices)
    side = serializers.ChoiceField(choices=Side.choices)


class UploadedFileSerializer(serializers.ModelSerializer[UploadedFile]):
    """A file that arrived, and what became of it. Its name is for whoever sent it."""

    name = serializers.SerializerMethodField()
    bytes = serializers.IntegerField(source="n_bytes", read_only=True)

    class Meta:
        model = UploadedFile
        fields = ("id", "name", "bytes", "sha256", "received_at", "verdict", "step", "code", "reason", "series")
        read_only_fields = fields

    def get_name(self, one: UploadedFile) -> str:
        """Return the sender's own name of the file, to the sender; names of files can tell who was scanned."""
        return one.name if one.upload.made_by_id == self.context["actor"].user_pk else ""


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An upload with its files."""

    participant = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    visit = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    job_state = serializers.CharField(source="job.state", default=None, read_only=True, allow_null=True)
    files = UploadedFileSerializer(many=True, read_only=True)

    class Meta:
        model = Upload
        fields = (
            "id",
            "participant",
            "visit",
            "origin",
            "modality",
            "side",
            "attempt",
            "state",
            "job",
            "job_state",
            "made_at",
            "ended_at",
            "files",
        )
        read_only_fields = fields


class UploadViewSet(MarksOrigin, ViewSet):
    """Uploads of the sites of the one who asks."""

    lookup_value_converter = "uuid"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    @extend_schema(request=NewUploadSerializer, responses={201: UploadSerializer})
    def create(self, request: Request) -> Response:
        """Begin an upload; 422 with the reason where consent does not allow it."""
        asked = NewUploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        declared = asked.validated_data
        participant = get_participant_for(_actor(request), declared["participant"])
        visit = Visit.objects.filter(participant=participant, code=declared["visit"]).first()
        if visit is None:
            raise serializers.ValidationError({"visit": [f"'{declared['visit']}' is no visit of {participant.code}"]})
        upload = services.start_upload(
            actor=_actor(request),
            participant=participant,
            visit=visit,
            modality=declared["modality"],
            side=declared["side"],
        )
        return Response(self._shown(request, upload.pk), status=status.HTTP_201_CREATED)

    @extend_schema(responses=UploadSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Return an upload with the verdict of each file."""
        return Response(self._shown(request, pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Give an upload up; its files are deleted."""
        services.cancel_upload(actor=_actor(request), upload=get_upload_for(_actor(request), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[OpenApiParameter("name", str, required=True), OpenApiParameter("sha256", str, required=False)],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: UploadedFileSerializer, 201: UploadedFileSerializer},
    )
    @action(detail=True, methods=["put"])
    def files(self, request: Request, pk: UUID) -> Response:
        """Take in one file: 201 once it is on the disk and in the database, 200 where it was there already."""
        actor = _actor(request)
        upload = get_upload_for(actor, pk)
        # The body is read from the socket in pieces; REST framework's parsers would hold it in memory.
        plain = request._request
        announced = plain.META.get("CONTENT_LENGTH") or ""
        if not announced.isdigit():
            return Response(
                {"detail": "send the file's length (Content-Length)"}, status=status.HTTP_411_LENGTH_REQUIRED
            )
        wanted = request.query_params
        try:
            found, is_new = receive_file(
                actor, upload, wanted.get("name", ""), plain, int(announced), sha256=wanted.get("sha256", "")
            )
        except StorageFull as error:
            raise InsufficientStorage(str(error)) from None
        shown = UploadedFileSerializer(found, context={"actor": actor}).data
        return Response(
            {**shown, "origin": upload.origin}, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        )

    @extend_schema(request=None, responses={202: UploadSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def close(self, request: Request, pk: UUID) -> Response:
        """Say that every file has come; a worker reads them now."""
        services.close_upload(actor=_actor(request), upload=get_upload_for(_actor(request), pk))
        return Response(self._shown(request, pk), status=status.HTTP_202_ACCEPTED)

    def _shown(self, request: Request, pk: UUID) -> dict[str, Any]:
        upload = get_upload_for(_actor(request), pk)
        return dict(UploadSerializer(upload, context={"actor": _actor(request)}).data)


def _actor(request: Request) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found

"""Participants over the API: by code, read only, every field named. Nothing here tells a name or the draw."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.filters import OrderingFilter
from rest_framework.viewsets import ReadOnlyModelViewSet

from cohort.participants.access import list_participants_for
from cohort.participants.models import Participant
from cohort.study.marking import MarksOrigin
from portal.core.filters import AllowedFilter


class ParticipantSerializer(serializers.ModelSerializer[Participant]):
    """A participant; `study` is the study's code, `site` the site's prefix."""

    study = serializers.SlugRelatedField[Any](slug_field="code", read_only=True)
    site = serializers.SlugRelatedField[Any](slug_field="prefix", read_only=True)

    class Meta:
        model = Participant
        fields = ("code", "study", "site", "origin", "sex", "birth_year", "enrolled_at")
        read_only_fields = fields


class ParticipantViewSet(MarksOrigin, ReadOnlyModelViewSet[Participant]):
    """The participants of the sites of the one who asks."""

    queryset = Participant.objects.none()
    serializer_class = ParticipantSerializer
    lookup_field = "code"
    filter_backends = (AllowedFilter, OrderingFilter)
    allowed_filters = {"study": "study__code", "site": "site__prefix", "sex": "sex", "origin": "origin"}
    ordering_fields = ("code", "enrolled_at")
    ordering = ("code",)

    def get_queryset(self) -> QuerySet[Participant]:
        """Return the participants through the same door as the pages."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return list_participants_for(self.request.actor)  # type: ignore[attr-defined]

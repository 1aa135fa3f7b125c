"""Studies over the API: read only, every field named."""

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.filters import OrderingFilter
from rest_framework.viewsets import ReadOnlyModelViewSet

from cohort.study.access import list_studies_for
from cohort.study.marking import MarksOrigin
from cohort.study.models import Study
from portal.core.filters import AllowedFilter


class StudySerializer(serializers.ModelSerializer[Study]):
    """A study: its rules, its state, its target."""

    class Meta:
        model = Study
        fields = (
            "code",
            "title",
            "origin",
            "basis",
            "state",
            "min_age_years",
            "min_age_counts",
            "n_test_per_block",
            "target_participants",
            "target_months",
            "small_team",
            "opened_at",
            "protocol_sha256",
        )
        read_only_fields = fields


class StudyViewSet(MarksOrigin, ReadOnlyModelViewSet[Study]):
    """The studies the one who asks has a site in."""

    queryset = Study.objects.none()
    serializer_class = StudySerializer
    lookup_field = "code"
    filter_backends = (AllowedFilter, OrderingFilter)
    allowed_filters = {"origin": "origin", "state": "state"}
    ordering_fields = ("code", "opened_at")
    ordering = ("code",)

    def get_queryset(self) -> QuerySet[Study]:
        """Return the studies through the same door as the pages."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return list_studies_for(self.request.actor)  # type: ignore[attr-defined]

"""Screenings over the API: how many ended how, for each study. No single screening is shown."""

from typing import Any

from django.db.models import Count, F
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cohort.enrolment.access import list_screenings_for
from cohort.enrolment.models import ScreeningState
from cohort.study.marking import MarksOrigin
from cohort.study.models import Origin


class ScreeningCountsSerializer(serializers.Serializer[Any]):
    """How many of a study's screenings, at the sites of the one who asks, ended with each outcome."""

    study = serializers.CharField()
    origin = serializers.ChoiceField(choices=Origin.choices)
    counts = serializers.DictField(child=serializers.IntegerField())


class ScreeningCountsViewSet(MarksOrigin, ViewSet):
    """Screenings by outcome."""

    @extend_schema(responses=ScreeningCountsSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return one row for each study in which somebody was screened."""
        found = list_screenings_for(request.actor).order_by()  # type: ignore[attr-defined]
        rows = found.values("state", "origin", code=F("study__code")).annotate(n=Count("pk")).order_by("code", "state")
        answer: dict[str, dict[str, Any]] = {}
        for row in rows:
            empty = {"study": row["code"], "origin": row["origin"], "counts": dict.fromkeys(ScreeningState.values, 0)}
            answer.setdefault(row["code"], empty)["counts"][row["state"]] = row["n"]
        return Response(ScreeningCountsSerializer(list(answer.values()), many=True).data)

"""Visits and forms over the API, through the same services as the pages. Answers are never cached."""

from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cohort.crf.access import get_record_for, list_forms_of
from cohort.crf.filling import Change
from cohort.crf.services import begin_visit, complete_record, is_closed, miss_visit, record_none, save_answers
from cohort.crf.store import AnyRecord
from cohort.participants.access import get_participant_for, get_visit_for, list_visits_for
from cohort.participants.models import Visit
from cohort.study.marking import MarksOrigin
from cohort.study.models import Origin
from portal.audit.record import record_read
from portal.core.errors import Refused
from portal.roles.actors import Actor


class VisitSerializer(serializers.Serializer[Any]):
    """A planned visit; `standing` is its state today: planned, open, due, overdue, done, missed or cancelled."""

    participant = serializers.CharField()
    origin = serializers.ChoiceField(choices=Origin.choices, read_only=True)
    visit = serializers.CharField()
    standing = serializers.CharField(read_only=True)
    due_on = serializers.DateField(read_only=True)
    opens_on = serializers.DateField(read_only=True)
    closes_on = serializers.DateField(read_only=True)
    happened_on = serializers.DateField(allow_null=True, required=False)
    is_inpatient = serializers.BooleanField(allow_null=True, required=False, write_only=True)
    missed_because = serializers.CharField(required=False, write_only=True, max_length=300)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class RecordSerializer(serializers.Serializer[Any]):
    """One filled-in form. Sent: answers as they would be typed; `complete` also says that the form is complete."""

    participant = serializers.CharField()
    origin = serializers.ChoiceField(choices=Origin.choices, read_only=True)
    visit = serializers.CharField()
    form = serializers.CharField()
    number = serializers.IntegerField(default=1, min_value=1)
    state = serializers.CharField(read_only=True)
    version = serializers.IntegerField(default=0, min_value=0)
    answers = serializers.DictField(default=dict)
    missing = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)
    comments = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)
    refused = serializers.DictField(child=serializers.CharField(), read_only=True)
    complete = serializers.BooleanField(default=False, write_only=True)
    none_because = serializers.CharField(required=False, write_only=True, help_text="nothing to record: the reason")


class NeverCached(MarksOrigin):
    """Answers that no browser and no proxy keeps."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        return final


class VisitsView(NeverCached):
    """The visits of one participant; begin one, or say that it was missed."""

    @extend_schema(
        parameters=[OpenApiParameter("participant", str, required=True)], responses=VisitSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Return every visit of a participant."""
        found = get_participant_for(_actor(request), request.query_params.get("participant", ""))
        return Response([_write_visit(one) for one in list_visits_for(_actor(request)).filter(participant=found)])

    @extend_schema(request=VisitSerializer, responses=VisitSerializer)
    def put(self, request: Request) -> Response:
        """Begin a visit on `happened_on`, or record that it was missed."""
        sent = VisitSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        visit = get_visit_for(_actor(request), data["participant"], data["visit"])
        if "missed_because" in data:
            miss_visit(actor=_actor(request), visit=visit, why=data["missed_because"])
        else:
            begin_visit(
                actor=_actor(request),
                visit=visit,
                happened_on=data.get("happened_on") or timezone.localdate(),
                is_inpatient=data.get("is_inpatient"),
                note=data.get("note", ""),
            )
        return Response(_write_visit(visit))


class RecordsView(NeverCached):
    """The filled-in forms of one visit; fill one in."""

    @extend_schema(
        parameters=[
            OpenApiParameter("participant", str, required=True),
            OpenApiParameter("visit", str, required=True),
        ],
        responses=RecordSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Return the forms of a visit that whoever asks may see."""
        code = request.query_params.get("participant", "")
        visit = get_visit_for(_actor(request), code, request.query_params.get("visit", ""))
        forms = list_forms_of(_actor(request), visit)
        if any(one.form.is_closed for one in forms):
            record_read(_actor(request), "outcome", code)
        return Response([_write_record(visit, record) for one in forms for record in one.records])

    @extend_schema(request=RecordSerializer, responses=RecordSerializer)
    def put(self, request: Request) -> Response:
        """Take answers into a form; what cannot be taken is named in `refused`, and the rest is kept."""
        sent = RecordSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        visit = get_visit_for(_actor(request), data["participant"], data["visit"])
        get_record_for(_actor(request), visit, data["form"], data["number"])
        if "none_because" in data:
            record_none(actor=_actor(request), visit=visit, form=data["form"], reason=data["none_because"])
            return Response(_write_record(visit, get_record_for(_actor(request), visit, data["form"])))
        names: dict[str, Any] = {"form": data["form"], "number": data["number"]}
        saved = save_answers(
            actor=_actor(request), visit=visit, changes=_read_changes(data), version=data["version"], **names
        )
        if data["complete"] and not saved.refused:
            complete_record(actor=_actor(request), visit=visit, **names)
            saved.record.refresh_from_db()
        return Response({**_write_record(visit, saved.record), "refused": saved.refused})


def _actor(request: Request) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _read_changes(data: dict[str, Any]) -> dict[str, Change]:
    names = dict.fromkeys([*data["answers"], *data["missing"], *data["comments"]])
    return {
        name: Change(
            value=_typed(name, data["answers"][name]) if name in data["answers"] else None,
            missing=data["missing"].get(name),
            comment=data["comments"].get(name),
        )
        for name in names
    }


def _typed(name: str, value: Any) -> str | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    if isinstance(value, bool | dict):
        raise Refused(f"'{name}' was sent as {type(value).__name__}; wanted as it is typed: a number, a text or a list")
    return "" if value is None else str(value)


def _write_visit(visit: Visit) -> dict[str, Any]:
    days: dict[str, date | None] = {
        name: getattr(visit, name) for name in ("due_on", "opens_on", "closes_on", "happened_on")
    }
    return {
        "participant": visit.participant.code,
        "origin": visit.origin,
        "visit": visit.code,
        "standing": visit.standing_on(timezone.localdate()),
        **days,
        "note": visit.note,
    }


def _write_record(visit: Visit, record: AnyRecord) -> dict[str, Any]:
    names = ("form", "number", "state", "version", "answers", "missing", "comments")
    return {
        "participant": visit.participant.code,
        "origin": record.origin,
        "visit": visit.code,
        **{name: getattr(record, name) for name in names},
        "is_closed": is_closed(record),
    }

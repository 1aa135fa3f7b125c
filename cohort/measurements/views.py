"""The page of a participant's measurements, the pictures of where they were taken, and the catalogue of what is."""

from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cohort.measurements.access import (
    get_picture_for,
    list_device_rows_for,
    list_measurements_for,
    list_pictures_for,
    list_remarks_for,
    may_see_outcomes,
)
from cohort.measurements.charts import make_trends
from cohort.measurements.export import write_csv
from cohort.measurements.models import StrengthTest
from cohort.measurements.parts import make_catalogue, make_series
from cohort.measurements.site_precision import find_site_precisions
from cohort.measurements.strength import get_strength_test_for, list_strength_tests_for
from cohort.participants.access import get_participant_for
from cohort.participants.models import Participant
from cohort.study.models import Origin
from frontend.parts import Link
from portal.audit.record import record_read
from portal.core.storage import open_blob
from portal.roles.http import Request
from portal.roles.policy import require


@require_GET
@never_cache
def measurements(request: Request, code: str) -> HttpResponse:
    """Show what was measured in a participant's images; asked for as a piece, without the page around it."""
    participant = get_participant_for(request.actor, code)
    request.study = participant.study
    found = list_measurements_for(request.actor, participant)
    tests = list_strength_tests_for(request.actor, participant).exclude(tested_at=None)
    sees_outcomes = may_see_outcomes(request.actor, participant)
    if sees_outcomes:
        record_read(request.actor, "measurements", participant.code)
    context = {
        "participant": participant,
        "origin": participant.origin,
        "shown": make_series(
            found,
            list_pictures_for(request.actor, participant),
            list_remarks_for(request.actor, participant),
            list_device_rows_for(request.actor, participant),
            tests,
        ),
        "trends": make_trends(found, find_site_precisions(participant.site) if sees_outcomes else {}),
        "sees_outcomes": sees_outcomes,
        "crumbs": _crumbs(participant),
    }
    name = "_measurements.html" if getattr(request, "htmx", False) else "measurements.html"
    return render(request, f"cohort/measurements/{name}", context)


def _crumbs(participant: Participant) -> list[Link]:
    page = reverse("participant", args=[participant.code])
    return [Link("Participants", reverse("participants")), Link(participant.code, page), Link("Measurements")]


@require_GET
@never_cache
def measurements_file(request: Request, code: str) -> HttpResponse:
    """Give a participant's values as a table, each with its symbol, unit, definition and source."""
    participant = get_participant_for(request.actor, code)
    found = list_measurements_for(request.actor, participant)
    tests = list_strength_tests_for(request.actor, participant).exclude(tested_at=None)
    record_read(request.actor, "measurements", participant.code)
    response = HttpResponse(write_csv(participant, found, tests), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{participant.code}-measurements.csv"'
    return response


@require_GET
def measurement_picture(request: Request, pk: UUID) -> HttpResponseBase:
    """Serve a picture of what was measured; it never changes, and says in its pixels if it is simulated."""
    found = get_picture_for(request.actor, pk)
    record_read(request.actor, "series", found.series_id)
    return _serve(request, found.sha256, "image/png")


@require_GET
def strength_picture(request: Request, pk: UUID) -> HttpResponseBase:
    """Serve the picture of where a bone would fail; it says in its pixels if it is simulated."""
    test = _get_whole_test(request, pk)
    return _serve(request, test.picture_sha256, "image/png")


@require_GET
def strength_field(request: Request, pk: UUID) -> HttpResponseBase:
    """Give the strain energy density of a test as NIfTI; its header says if it is simulated, and so does its name."""
    test = _get_whole_test(request, pk)
    mark = "SIMULATED-" if test.origin == Origin.SIMULATED else ""
    name = f"{mark}{test.participant.code}-{test.direction}-energy.nii.gz"
    return _serve(request, test.field_sha256, "application/gzip", name)


def _get_whole_test(request: Request, pk: UUID) -> StrengthTest:
    """Return a test that was made, and write down that somebody looked; one that gave nothing is a 404."""
    test = get_strength_test_for(request.actor, pk)
    if test.tested_at is None:
        raise Http404
    record_read(request.actor, "series", test.series_id)
    return test


def _serve(request: Request, sha256: str, content_type: str, file_name: str = "") -> HttpResponseBase:
    """Answer with a blob that never changes; `file_name`: to be kept as a file."""
    if request.headers.get("If-None-Match") == f'"{sha256}"':
        return HttpResponseNotModified()
    response = FileResponse(open_blob(sha256, verify=True), content_type=content_type)
    if file_name:
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["ETag"] = f'"{sha256}"'
    # Asked again each time: whoever has lost the right to look must not find it in a cache.
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_GET
def catalogue(request: Request) -> HttpResponse:
    """Show every quantity that is measured: definition, unit, source and the image it is valid in."""
    require(request.actor, "study.view")
    context = {"tables": make_catalogue(), "study": None, "origin": "", "crumbs": [Link("What is measured")]}
    return render(request, "cohort/measurements/catalogue.html", context)

"""The page of one series and its files."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cohort.imaging import parts, quality, series_parts
from cohort.imaging.access import get_series_for, get_stored_file, may_see_facts
from cohort.imaging.forms import QualityForm, WhyForm
from cohort.imaging.models import Series, StoredFile
from cohort.imaging.states import SERIES
from cohort.imaging.views import crumbs_of
from frontend.parts import Link
from portal.audit.record import record_read
from portal.core.forms import refusals_on
from portal.core.storage import open_blob
from portal.roles.http import Request
from portal.roles.policy import may
from portal.workflow import list_verbs

ASK_EACH_TIME = "private, no-cache"
"""A participant's image: the next person at the same computer must be asked who they are, and the look be counted."""
FOR_EVER = "private, max-age=31536000, immutable"
"""A reference image, which belongs to nobody: it never changes."""
SANDBOX = "default-src 'none'; sandbox"
VIEWERS = ["cohort/imaging/_viewer.html", "cohort/imaging/_still.html"]
"""The first of them that is there shows the images: the viewer, or the small picture alone."""


@require_GET
@never_cache
def series(request: Request, pk: UUID) -> HttpResponse:
    """Show one series: its picture in the viewer, its facts, what was said of it."""
    found = get_series_for(request.actor, pk)
    return _show_series(request, found, QualityForm(series=found))


@require_POST
def series_quality(request: Request, pk: UUID) -> HttpResponse:
    """Write down how good a series is."""
    found = get_series_for(request.actor, pk)
    form = QualityForm(request.POST, series=found)
    if form.is_valid():
        with refusals_on(form):
            quality.set_quality(actor=request.actor, series=found, **form.cleaned_data)
            messages.success(request, "Recorded.")
            return redirect("series", pk)
    return _show_series(request, found, form, status=422)


@require_POST
def series_judge(request: Request, pk: UUID) -> HttpResponse:
    """Take a series out of use, or back into it."""
    found = get_series_for(request.actor, pk)
    form = WhyForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            judge = getattr(quality, form.cleaned_data["verb"])
            judge(actor=request.actor, series=found, why=form.cleaned_data["why"])
            messages.success(request, "Recorded.")
            return redirect("series", pk)
    return _show_series(request, found, QualityForm(series=found), why_form=form, status=422)


def _show_series(
    request: Request, found: Series, form: QualityForm, why_form: WhyForm | None = None, status: int = 200
) -> HttpResponse:
    record_read(request.actor, "series", found.pk)
    participant = found.participant
    request.study = participant.study
    card = parts.make_card(found)
    may_grade = may(request.actor, "image.grade", participant.site_id)
    context = {
        "series": found,
        "card": card,
        "viewer": VIEWERS,
        "series_urls": [reverse("series-files", args=[found.pk])],
        "participant": participant,
        "facts": series_parts.make_facts(found, may_see_facts(request.actor, found)),
        "form": form,
        "why_form": why_form or WhyForm(),
        "verbs": [verb for verb in list_verbs(found, SERIES) if verb in quality.VERBS] if may_grade else [],
        "may_grade": may_grade and "find_unusable" in list_verbs(found, SERIES),
        "crumbs": crumbs_of(
            participant, Link("Imaging", reverse("imaging", args=[participant.code])), Link(card.title)
        ),
    }
    return render(request, "cohort/imaging/series.html", context, status=status)


@require_GET
def series_files(request: Request, pk: UUID) -> JsonResponse:
    """Tell the viewer where the images of a series are and what they are."""
    found = get_series_for(request.actor, pk)
    record_read(request.actor, "series", found.pk)
    response = JsonResponse(series_parts.make_manifest(found))
    response["Cache-Control"] = "private, no-cache"
    return response


@require_GET
def series_file(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    """Serve one image of a series as it was stored: de-identified, uncompressed DICOM."""
    found = get_series_for(request.actor, pk)
    stored = get_stored_file(found, StoredFile.Role.IMAGE, number)
    record_read(request.actor, "series", found.pk)
    return serve_blob(request, stored.sha256, "application/dicom", f"{found.pk}-{number}.dcm")


@require_GET
def series_thumbnail(request: Request, pk: UUID) -> HttpResponseBase:
    """Serve the small picture of a series."""
    found = get_series_for(request.actor, pk)
    stored = get_stored_file(found, StoredFile.Role.THUMBNAIL)
    record_read(request.actor, "series", found.pk)
    return serve_blob(request, stored.sha256, "image/png")


def serve_blob(
    request: Request, sha256: str, content_type: str, file_name: str = "", *, kept: str = ASK_EACH_TIME
) -> HttpResponseBase:
    """Answer with a blob, checked against its hash; `file_name`: to be kept as a file, never opened as a page.

    kept: how long the browser may. Raises UnreadableFile where the blob was changed on the disk.
    """
    if request.headers.get("If-None-Match") == f'"{sha256}"':
        return HttpResponseNotModified()
    response = FileResponse(open_blob(sha256, verify=True), content_type=content_type)
    if file_name:
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["ETag"] = f'"{sha256}"'
    response["Cache-Control"] = kept
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    return response

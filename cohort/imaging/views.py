"""Pages of imaging: where files are dropped, and what became of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile as SentFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cohort.imaging import parts, services, sides
from cohort.imaging.access import (
    get_upload_for,
    list_series_for,
    list_uploads_for,
)
from cohort.imaging.forms import SideForm, UploadForm
from cohort.imaging.models import Upload
from cohort.imaging.receiving import receive_file
from cohort.participants.access import get_participant_for, get_visit_for
from cohort.participants.models import Participant
from frontend.parts import Link
from portal.core.errors import Refused
from portal.core.forms import refusals_on, sentence, status_of, typed_in
from portal.core.storage import StorageFull
from portal.roles.actors import Actor
from portal.roles.http import Request
from portal.roles.policy import may

ask_and_act = require_http_methods(["GET", "POST"])


@ask_and_act
@never_cache
def participant_imaging(request: Request, code: str) -> HttpResponse:
    """Show where files are dropped and what became of them; without script, take them in by a plain form."""
    participant = get_participant_for(request.actor, code)
    form = UploadForm(typed_in(request), request.FILES or None)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            with refusals_on(form):
                upload = _take_in(request.actor, participant, form)
                return redirect(f"{reverse('imaging', args=[code])}#upload-{upload.pk}")
        except StorageFull as error:
            form.add_error(None, sentence(str(error)))
            status = 507
    return _show_imaging(request, participant, form, max(status, status_of(form)))


def _take_in(actor: Actor, participant: Participant, form: UploadForm) -> Upload:
    chosen = form.cleaned_data
    upload = services.start_upload(
        actor=actor,
        participant=participant,
        visit=get_visit_for(actor, participant.code, chosen["visit"]),
        modality=chosen["modality"],
        side=chosen["side"],
    )
    file: SentFile[Any]
    for file in chosen["images"]:
        receive_file(actor, upload, file.name or "", file, file.size or 0)
    services.close_upload(actor=actor, upload=upload)
    return upload


def _show_imaging(request: Request, participant: Participant, form: UploadForm, status: int) -> HttpResponse:
    actor = request.actor
    request.study = participant.study
    uploads = list_uploads_for(actor).filter(participant=participant).exclude(state="cancelled")
    context = {
        "participant": participant,
        "form": form,
        "visits": parts.make_visits(actor, participant, uploads, list_series_for(actor, participant)),
        "agreement": sides.tell_side(participant),
        "side": parts.suggest_side(participant),
        "may_upload": may(actor, "image.upload", participant.site_id),
        "refusal": _why_not(participant),
        "crumbs": crumbs_of(participant, Link("Imaging")),
    }
    return render(request, "cohort/imaging/imaging.html", context, status=status)


def _why_not(participant: Participant) -> str:
    try:
        services.refuse_without_consent(participant)
    except Refused as error:
        return sentence(str(error))
    return ""


@require_GET
@never_cache
def upload(request: Request, pk: UUID) -> HttpResponse:
    """Show one upload with each file's verdict."""
    found = get_upload_for(request.actor, pk)
    return _show_upload(request, found, SideForm())


@require_GET
@never_cache
def upload_state(request: Request, pk: UUID) -> HttpResponse:
    """Answer one upload as a piece of a page, for the page that asks again until it was read."""
    found = get_upload_for(request.actor, pk)
    return render(request, "cohort/imaging/_upload.html", {"upload": parts.make_upload(request.actor, found)})


@require_POST
def upload_side(request: Request, pk: UUID) -> HttpResponse:
    """Answer files whose header names the other side."""
    found = get_upload_for(request.actor, pk)
    form = SideForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            sides.settle_side(actor=request.actor, upload=found, **form.cleaned_data)
            messages.success(request, "Your answer is recorded; the files are read again.")
            return redirect("imaging", found.participant.code)
    return _show_upload(request, found, form, status=422)


@require_POST
def upload_again(request: Request, pk: UUID) -> HttpResponse:
    """Let files be read once more whose reading came to no result."""
    found = get_upload_for(request.actor, pk)
    services.read_again(actor=request.actor, upload=found)
    return redirect("upload", pk)


@require_POST
def upload_cancel(request: Request, pk: UUID) -> HttpResponse:
    """Give an upload up."""
    found = get_upload_for(request.actor, pk)
    services.cancel_upload(actor=request.actor, upload=found)
    messages.success(request, "The upload was given up and its files were deleted.")
    return redirect("imaging", found.participant.code)


def _show_upload(request: Request, found: Upload, form: SideForm, status: int = 200) -> HttpResponse:
    request.study = found.participant.study
    shown = parts.make_upload(request.actor, found)
    context = {
        "upload": shown,
        "participant": found.participant,
        "form": form,
        "crumbs": crumbs_of(
            found.participant, Link("Imaging", reverse("imaging", args=[found.participant.code])), Link("Upload")
        ),
    }
    return render(request, "cohort/imaging/upload.html", context, status=status)


def crumbs_of(participant: Participant, *further: Link) -> list[Link]:
    page = reverse("participant", args=[participant.code])
    return [Link("Participants", reverse("participants")), Link(participant.code, page), *further]

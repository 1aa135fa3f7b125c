"""The gallery of reference images: a page for each, in the viewer where its file is DICOM, and its files."""

from io import BytesIO
from typing import Any

import pydicom
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from cohort.formats.volume import FILM, STORED
from cohort.imaging.access import get_reference_image_for, list_reference_images_for
from cohort.imaging.models import ReferenceImage
from cohort.imaging.parts import Card
from cohort.imaging.series_views import FOR_EVER, VIEWERS, serve_blob
from frontend.parts import Link
from portal.audit.record import record_read
from portal.core.storage import open_blob
from portal.roles.http import Request
from portal.roles.policy import require

NOT_DICOM = (
    "This file is not DICOM ({kind}), and the viewer opens DICOM only: the picture is its middle slice, drawn by the "
    "reader of its own format, to look at and not to measure on."
)


@require_GET
def reference_images(request: Request) -> HttpResponse:
    """Show real images that belong to no participant; nothing here is simulated."""
    record_read(request.actor, "reference.gallery", "reference images")
    context = {
        "images": list_reference_images_for(request.actor),
        "study": None,
        "origin": "",
        "crumbs": [Link("Reference images")],
    }
    return render(request, "cohort/imaging/reference_images.html", context)


@require_GET
def reference_image(request: Request, slug: str) -> HttpResponse:
    """Show one image of the gallery: in the viewer, or as a small picture that says why."""
    found = get_reference_image_for(request.actor, slug)
    record_read(request.actor, "reference.gallery", slug)
    context = {
        "image": found,
        "card": make_card(found),
        "viewer": VIEWERS,
        "not_dicom": "" if found.file_sha256 else NOT_DICOM.format(kind=found.kind),
        "study": None,
        "origin": "",
        "crumbs": [Link("Reference images", reverse("reference-images")), Link(found.title)],
    }
    return render(request, "cohort/imaging/reference_image.html", context)


@require_GET
def reference_files(request: Request, slug: str) -> JsonResponse:
    """Tell the viewer where a reference image is and what it is; 404 for one that is not DICOM."""
    found = get_reference_image_for(request.actor, slug)
    if not found.file_sha256:
        raise Http404("This reference image is not DICOM.")
    response = JsonResponse(make_manifest(found))
    response["Cache-Control"] = "private, no-cache"
    return response


@require_GET
def reference_file(request: Request, slug: str, kind: str) -> HttpResponseBase:
    """Serve the picture of a reference image, or its DICOM file where it has one."""
    require(request.actor, "study.view")
    found = get_reference_image_for(request.actor, slug)
    if kind == "thumbnail.png":
        return serve_blob(request, found.thumbnail_sha256, "image/png", kept=FOR_EVER)
    if not found.file_sha256:
        return HttpResponse(status=404)
    # Somebody else's image under a licence: who took it along is on record.
    record_read(request.actor, "reference.file", slug)
    return serve_blob(request, found.file_sha256, "application/dicom", f"{slug}.dcm", kept=FOR_EVER)


def make_card(image: ReferenceImage) -> Card:
    """Return a reference image as a picture, as a series is one."""
    return Card(
        pk=image.slug,
        url=reverse("reference-image", args=[image.slug]),
        thumbnail_url=reverse("reference-file", args=[image.slug, "thumbnail.png"]),
        files_url=reverse("reference-files", args=[image.slug]),
        title=image.title,
        state="",
        word="",
        note="",
    )


def make_manifest(image: ReferenceImage) -> dict[str, Any]:
    """Return what the viewer is told of a reference image: as of a series, without side and origin.

    Lengths are in mm where the file itself says how large a pixel is, else in pixels.
    """
    with open_blob(image.file_sha256) as file:
        header = pydicom.dcmread(BytesIO(file.read()), stop_before_pixels=True)
    steps = [float(one) for one in header.get("PixelSpacing") or ()]
    return {
        "series": image.slug,
        "modality": FILM,
        "region": str(header.get("BodyPartExamined", "")),
        "unit": STORED,
        "kind": FILM,
        "frames": [reverse("reference-file", args=[image.slug, "image.dcm"])],
        "origin": "",
        "spacing": [1.0, *(steps or (1.0, 1.0))],
        "spacing_is": "patient" if steps else "none",
        "side": "",
        "range": [],
    }

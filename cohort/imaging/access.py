"""The only way to get uploads, series and their files: those of the actor's own sites."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404

from cohort.imaging.models import ReferenceImage, Series, StoredFile, Upload, UploadedFile
from cohort.participants.models import Participant
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, may, require


def list_uploads_for(actor: Actor) -> QuerySet[Upload]:
    """Return the uploads of the sites where the actor may see images, the newest first."""
    require(actor, "image.view")
    sites = actor.sites_as(WHO_MAY["image.view"])
    found = Upload.objects.select_related("participant__site", "participant__study", "visit", "job__lease", "made_by")
    found = found.prefetch_related("series", Prefetch("files", UploadedFile.objects.select_related("series")))
    return found if sites is None else found.filter(participant__site__in=sites)


def get_upload_for(actor: Actor, pk: UUID) -> Upload:
    """Return the upload if the actor may see it; another site's is a 404 like any unknown one."""
    return get_object_or_404(list_uploads_for(actor), pk=pk)


def list_all_series_for(actor: Actor) -> QuerySet[Series]:
    """Return the series of the sites where the actor may see images, the newest first."""
    require(actor, "image.view")
    sites = actor.sites_as(WHO_MAY["image.view"])
    found = Series.objects.select_related("participant__site", "participant__study", "visit", "facts")
    return found if sites is None else found.filter(participant__site__in=sites)


def list_series_for(actor: Actor, participant: Participant) -> QuerySet[Series]:
    """Return one participant's series, the newest first."""
    return list_all_series_for(actor).filter(participant=participant)


def get_series_for(actor: Actor, pk: UUID) -> Series:
    """Return the series if the actor may see it; another site's is a 404 like any unknown one."""
    return get_object_or_404(list_all_series_for(actor), pk=pk)


def get_stored_file(series: Series, role: str, number: int = 1) -> StoredFile:
    """Return a file of a series that was fetched for the actor; a number it does not have is a 404."""
    return get_object_or_404(StoredFile, series=series, role=role, number=number)


def may_see_facts(actor: Actor, series: Series) -> bool:
    """True for those who may see a scan's true day and device: staff of the site."""
    return may(actor, "image.facts", series.participant.site_id)


def list_reference_images_for(actor: Actor) -> QuerySet[ReferenceImage]:
    """Return the gallery: it belongs to nobody, so every role may look."""
    require(actor, "study.view")
    return ReferenceImage.objects.all()


def get_reference_image_for(actor: Actor, slug: str) -> ReferenceImage:
    """Return one image of the gallery."""
    return get_object_or_404(list_reference_images_for(actor), slug=slug)

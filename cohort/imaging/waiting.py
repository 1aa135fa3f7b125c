"""What waits for somebody in imaging: sides that do not agree, files that were refused, scans to be repeated."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.urls import reverse

from cohort.imaging.access import list_all_series_for, list_uploads_for
from cohort.imaging.models import Upload, UploadedFile
from cohort.imaging.states import SeriesState, UploadState
from frontend.parts import Waiting
from portal.jobs.states import AT_REST
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, may

Verdict = UploadedFile.Verdict


def list_waiting_for(actor: Actor) -> list[Waiting]:
    """Return what waits for the actor, of what the actor may do."""
    if not actor.is_known or not may(actor, "image.grade"):
        return []
    return list(_list(actor))


def _list(actor: Actor) -> Iterator[Waiting]:
    uploads = list_uploads_for(actor).prefetch_related(None)
    conflicts = uploads.filter(files__verdict=Verdict.SIDE_CONFLICT).distinct()
    yield _wait(conflicts, "upload names", "uploads name", "the other forearm than the form: say which is right", "now")
    if may(actor, "image.upload"):
        mine = uploads.filter(made_by_id=actor.user_pk)
        refused = mine.filter(state=UploadState.REFUSED, files__verdict=Verdict.REFUSED).exclude(
            files__verdict=Verdict.SIDE_CONFLICT
        )
        yield _wait(_without_successor(refused), "upload of yours was", "uploads of yours were", "refused", "soon")
        stuck = mine.filter(state=UploadState.READING, job__state__in=AT_REST)
        yield _wait(stuck, "upload of yours", "uploads of yours", "could not be read", "soon")
        yield _repeats(actor)


def _without_successor(refused: QuerySet[Upload]) -> QuerySet[Upload]:
    """Leave out what was brought again and taken in since, and what lies long back."""
    kept = [one.pk for one in refused.distinct() if not _has_successor(one)]
    return refused.model.objects.filter(pk__in=kept)


def _has_successor(upload: Upload) -> bool:
    return Upload.objects.filter(
        visit=upload.visit_id, modality=upload.modality, state=UploadState.DONE, made_at__gt=upload.made_at
    ).exists()


def _repeats(actor: Actor) -> Waiting:
    sites = actor.sites_as(WHO_MAY["image.upload"])
    found = list_all_series_for(actor).filter(is_repeat_asked=True, state=SeriesState.ACCEPTED)
    asked = list(found if sites is None else found.filter(participant__site__in=sites))
    words = "scan is" if len(asked) == 1 else "scans are"
    url = reverse("imaging", args=[asked[-1].participant.code]) if asked else ""
    return Waiting(len(asked), f"{words} to be repeated", url, "soon")


def _wait(uploads: QuerySet[Upload], one: str, many: str, rest: str, urgency: str) -> Waiting:
    """Return one line; it leads to the oldest of them."""
    pks = list(uploads.order_by("made_at").values_list("pk", flat=True).distinct())
    words = f"{one if len(pks) == 1 else many} {rest}"
    url = reverse("upload", args=[pks[0]]) if pks else ""
    return Waiting(len(pks), words, url, "now" if urgency == "now" else "soon")

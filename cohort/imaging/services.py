"""Writes of uploads: begun, each file acknowledged, closed to be read, cancelled; and the way to a stored volume."""

import secrets
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from cohort.consent.purposes import Purpose
from cohort.consent.rules import may_use
from cohort.formats.volume import Volume
from cohort.identity.matching import fingerprint_participant
from cohort.imaging import limits, quarantine
from cohort.imaging.models import Modality, Series, Side, Upload, UploadedFile
from cohort.imaging.quarantine import Received
from cohort.imaging.states import UPLOADS, UploadState
from cohort.imaging.volumes import load_volume
from cohort.participants.models import Participant, Visit
from portal.audit.context import name_subject, service
from portal.core.errors import Refused, WrongState
from portal.jobs.models import Job
from portal.jobs.services import close_parked_job, launch_job
from portal.jobs.states import AT_REST
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.workflow import move

KIND = "imaging.ingest"


@service("image.upload")
def start_upload(*, actor: Actor, participant: Participant, visit: Visit, modality: str, side: str) -> Upload:
    """Begin an upload for one visit, modality and side. Raises Refused where consent or the declaration forbid it."""
    require(actor, "image.upload", participant.site_id)
    if visit.participant_id != participant.pk:
        raise Refused(f"the visit is not one of {participant.code}")
    if modality not in Modality.values or side not in Side.values:
        raise Refused(f"an upload needs a modality ({', '.join(Modality.values)}) and a side (L or R)")
    refuse_without_consent(participant)
    return add_upload(actor=actor, participant=participant, visit=visit, modality=modality, side=side)


def refuse_without_consent(participant: Participant) -> None:
    """Raise Refused, with the reason, where images of the participant may not be taken in today."""
    decision = may_use(participant, Purpose.IMAGE, timezone.localdate())
    if not decision.allowed:
        raise Refused(f"images of {participant.code} may not be taken in: {decision.reason}")


def add_upload(
    *, actor: Actor, participant: Participant, visit: Visit, modality: str, side: str, **answer: object
) -> Upload:
    """Add the row of an upload, inside the service that decides on it.

    The digests of who the participant is are made here, in the web process: a worker holds no key of identities.
    """
    salt = secrets.token_hex(32)
    name_subject(participant.code, participant.site_id)
    return Upload.objects.create(
        participant=participant,
        visit=visit,
        origin=participant.origin,
        modality=modality,
        side=side,
        attempt=_next_attempt(participant, visit, modality, side),
        match_salt=salt,
        fingerprints=fingerprint_participant(participant.pk, participant.code, salt),
        made_by_id=actor.person_pk,
        **answer,
    )


@service("image.upload")
def acknowledge_file(*, actor: Actor, upload: Upload, name: str, received: Received) -> tuple[UploadedFile, bool]:
    """Write down that a file has arrived; return its row and whether it is new.

    The same name with the same bytes, sent again, is the same row. Where its file was lost with a commit nobody
    heard of, what came now takes its place.
    """
    require(actor, "image.upload", upload.participant.site_id)
    Upload.objects.select_for_update().get(pk=upload.pk)
    upload.refresh_from_db(fields=["state"])
    if upload.state != UploadState.RECEIVING:
        raise WrongState(f"a file cannot be added to an upload that is '{upload.state}'; start another")
    name_subject(upload.participant.code, upload.participant.site_id)
    files = UploadedFile.objects.filter(upload=upload)
    same = files.filter(name=name, sha256=received.sha256).first()
    if same is not None:
        _take_place_of(same, received)
        return same, False
    if files.count() >= limits.most_files():
        raise Refused(f"an upload holds at most {limits.most_files()} files; start another for the rest")
    added = UploadedFile.objects.create(
        pk=received.file_pk,
        upload=upload,
        participant_id=upload.participant_id,
        name=name,
        n_bytes=received.n_bytes,
        sha256=received.sha256,
    )
    return added, True


def _take_place_of(same: UploadedFile, received: Received) -> None:
    kept = quarantine.path_of(same.upload_id, same.pk)
    if kept.exists():
        received.path.unlink(missing_ok=True)
    else:
        received.path.rename(kept)


def launch_reading(actor: Actor, upload: Upload) -> Job:
    """Let the worker read an upload that is `reading`, inside the service that decides on it."""
    upload.job = launch_job(
        actor=actor,
        kind=KIND,
        spec={"upload": str(upload.pk)},
        queue="web",
        site=upload.participant.site,
        origin=upload.origin,
    )
    Upload.objects.filter(pk=upload.pk).update(job=upload.job)
    return upload.job


@service("image.upload")
def close_upload(*, actor: Actor, upload: Upload) -> Job:
    """Say that every file has come, and let the worker read them."""
    require(actor, "image.upload", upload.participant.site_id)
    if upload.state == UploadState.RECEIVING and not UploadedFile.objects.filter(upload=upload).exists():
        raise Refused("no file has arrived yet; choose one first")
    move(upload, "close", table=UPLOADS, actor=actor, site_pk=upload.participant.site_id)
    job = launch_reading(actor, upload)
    name_subject(upload.participant.code, upload.participant.site_id)
    return job


@service("image.upload")
def read_again(*, actor: Actor, upload: Upload) -> Job:
    """Let the files be read once more after a job that came to no result, or that waits for a person."""
    require(actor, "image.upload", upload.participant.site_id)
    if upload.state != UploadState.READING or upload.job is None or upload.job.state not in AT_REST:
        raise WrongState("only files whose reading came to no result can be read again")
    close_parked_job(upload.job)
    job = launch_reading(actor, upload)
    name_subject(upload.participant.code, upload.participant.site_id)
    return job


@service("image.upload")
def cancel_upload(*, actor: Actor, upload: Upload) -> None:
    """Give an upload up; its files are deleted at once."""
    if upload.state == UploadState.READING and upload.job is not None:
        if upload.job.state not in AT_REST:
            raise WrongState("the files are being read; wait for the verdict, it takes a few seconds")
        close_parked_job(upload.job)
    move(
        upload,
        "cancel",
        table=UPLOADS,
        actor=actor,
        site_pk=upload.participant.site_id,
        ended_at=timezone.now(),
        match_salt="",
        fingerprints=[],
    )
    UploadedFile.objects.filter(upload=upload).exclude(place=UploadedFile.Place.GONE).update(
        place=UploadedFile.Place.GONE
    )
    name_subject(upload.participant.code, upload.participant.site_id)
    transaction.on_commit(lambda: quarantine.drop_upload(upload.pk))


def read_volume(series_pk: UUID) -> Volume:
    """Return the values of a stored series, every byte checked against its hash. For workers: no actor is asked.

    Raises Series.DoesNotExist, UnreadableFile.
    """
    return load_volume(Series.objects.get(pk=series_pk))


def _next_attempt(participant: Participant, visit: Visit, modality: str, side: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('uploads.' || %s::text))", [str(participant.pk)])
    # What was refused or given up was no attempt: only what gave a series counts.
    taken = Series.objects.filter(participant=participant, visit=visit, modality=modality, side=side)
    return (taken.order_by("-attempt").values_list("attempt", flat=True).first() or 0) + 1

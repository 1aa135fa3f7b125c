"""What becomes of files in quarantine once it is decided: encrypted and kept for a while, or kept as they are, or gone.

Everything here may run twice: after a verdict, and again by the sweep for what a crash left undone.
"""

import logging
import shutil
import time
import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from cohort.imaging import limits, originals, quarantine
from cohort.imaging.models import Upload, UploadedFile
from cohort.imaging.services import KIND
from cohort.imaging.states import UPLOADS, UploadState
from portal.audit.context import act, name_subject
from portal.core.storage import StorageFull
from portal.jobs.models import Job
from portal.roles.actors import CLOCK
from portal.workflow import move

FORGOTTEN_UPLOAD_DAYS = 2
"""An upload that nobody closed is given up after this long."""

Place = UploadedFile.Place
Verdict = UploadedFile.Verdict
DECIDED_WELL = (Verdict.ACCEPTED, Verdict.SETTLED)

_log = logging.getLogger(__name__)


def settle_upload(upload_pk: uuid.UUID) -> None:
    """Encrypt the originals of accepted files and take them out of quarantine."""
    for one in UploadedFile.objects.filter(upload=upload_pk, verdict__in=DECIDED_WELL, place=Place.QUARANTINE):
        try:
            _settle_file(one)
        except (OSError, StorageFull) as error:
            _log.warning("file %s stays in quarantine until the next sweep (%s)", one.pk, type(error).__name__)


def sweep_uploads(older_than_s: float = quarantine.FORGOTTEN_S) -> int:
    """Tidy quarantine and originals; return how many files were deleted. Run by the clock."""
    n_deleted = _drop_forgotten_files(older_than_s)
    for job_pk in _list_jobs_with_leftovers():
        drop_run_files(job_pk)
    for pk in _list_unsettled_uploads():
        settle_upload(pk)
    _give_up_forgotten_uploads()
    n_deleted += _drop_what_is_over()
    quarantine.drop_empty_folders()
    return n_deleted


def drop_run_files(job_pk: uuid.UUID) -> None:
    """Delete what the reader was given and what it made from the job's run folders: both hold true headers."""
    for attempt in folder_of(job_pk).glob("attempt-*"):
        for name in ("in", "out", "work", "tmp"):
            shutil.rmtree(attempt / name, ignore_errors=True)
        (attempt / "upload.json").unlink(missing_ok=True)


def folder_of(job_pk: uuid.UUID) -> Path:
    """Return the folder of all attempts of a job."""
    return Path(settings.HOME) / "jobs" / str(job_pk)


def _list_jobs_with_leftovers() -> list[uuid.UUID]:
    """Return the readings that nobody is at and whose files still lie there: failed ones, and those of a crash."""
    over = Job.objects.filter(kind=KIND).exclude(state__in=("running", "cancelling")).values_list("pk", flat=True)
    return [pk for pk in over if any(folder_of(pk).glob("attempt-*/in"))]


def _settle_file(one: UploadedFile) -> None:
    source = quarantine.path_of(one.upload_id, one.pk)
    place = Place.GONE
    # A settled file went on into another upload; its original is kept there.
    if one.verdict == Verdict.ACCEPTED and limits.original_days() and source.exists():
        originals.keep_original(source, one.pk)
        place = Place.ORIGINAL
    _move_to(one, place)
    source.unlink(missing_ok=True)


def _drop_forgotten_files(older_than_s: float) -> int:
    """Delete what no row names: half a file, or one whose row was never committed."""
    n_deleted = 0
    for path, file_pk in quarantine.list_forgotten(older_than_s):
        if file_pk is None or not UploadedFile.objects.filter(pk=file_pk, place=Place.QUARANTINE).exists():
            path.unlink(missing_ok=True)
            n_deleted += 1
    return n_deleted


def _list_unsettled_uploads() -> list[uuid.UUID]:
    undone = UploadedFile.objects.filter(verdict__in=DECIDED_WELL, place=Place.QUARANTINE)
    return list(undone.values_list("upload", flat=True).distinct())


def _give_up_forgotten_uploads() -> None:
    before = timezone.now() - timedelta(days=FORGOTTEN_UPLOAD_DAYS)
    for upload in Upload.objects.filter(state=UploadState.RECEIVING, made_at__lt=before).select_related("participant"):
        with act(CLOCK, "job.sweep"):
            now = timezone.now()
            move(upload, "give_up", table=UPLOADS, actor=CLOCK, ended_at=now, match_salt="", fingerprints=[])
            name_subject(upload.participant.code, upload.participant.site_id)
            upload.files.update(place=Place.GONE)
        quarantine.drop_upload(upload.pk)


def _drop_what_is_over() -> int:
    """Delete refused files and originals whose days are over; each leaves an audit row."""
    now = timezone.now()
    refused = UploadedFile.objects.filter(
        place=Place.QUARANTINE,
        verdict__in=(Verdict.REFUSED, Verdict.SIDE_CONFLICT),
        received_at__lt=now - timedelta(days=limits.refused_file_days()),
    )
    kept = UploadedFile.objects.filter(
        place=Place.ORIGINAL, received_at__lt=now - timedelta(days=limits.original_days())
    )
    over = [*refused, *kept]
    for one in over:
        was = one.place
        _move_to(one, Place.GONE)
        if was == Place.ORIGINAL:
            originals.drop_original(one.pk)
        else:
            quarantine.path_of(one.upload_id, one.pk).unlink(missing_ok=True)
    for path in originals.originals_folder().glob("*"):
        # A crash between the row and the disk leaves one that no row keeps.
        if _has_lain(path) and not UploadedFile.objects.filter(pk=_key_of(path), place=Place.ORIGINAL).exists():
            path.unlink(missing_ok=True)
    return len(over)


def _has_lain(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > quarantine.FORGOTTEN_S


def _key_of(path: Path) -> uuid.UUID:
    return uuid.UUID(path.name.strip(".").removesuffix(".part"))


def _move_to(one: UploadedFile, place: str) -> None:
    """Write down where a file is now; the row is the order, the disk follows (a crash between them is swept)."""
    with act(CLOCK, "job.sweep"):
        name_subject(one.pk)
        UploadedFile.objects.filter(pk=one.pk).update(place=place)
    one.place = place

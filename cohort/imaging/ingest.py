"""The job that reads an upload: what its child is given, and what is written down when it has answered."""

import json
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cohort.consent.purposes import Purpose
from cohort.consent.rules import may_use
from cohort.imaging import quarantine
from cohort.imaging.keys import date_shift_days, study_key_hex
from cohort.imaging.models import Series, SeriesFacts, StoredFile, Upload, UploadedFile
from cohort.imaging.services import KIND
from cohort.imaging.settling import drop_run_files, settle_upload
from cohort.imaging.states import SERIES, UPLOADS, SeriesState, UploadState
from cohort.imaging.verdicts import Answer, BadAnswer, OutFile, SeriesFound, read_answer
from portal.core.errors import Refused
from portal.core.hashing import CHUNK, sha256_file
from portal.core.storage import StorageFull, put_file
from portal.jobs.leases import Held
from portal.jobs.limits import Limits
from portal.jobs.models import Job
from portal.jobs.registry import Kind
from portal.roles.actors import WORKER
from portal.workflow import move

LIMITS = {"data_bytes": 1536 << 20, "seconds": 60, "seconds_per_gb": 30, "pixels": 600_000_000}
"""Budget of one file (DECISIONS 6, "Limits")."""


def command(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return what to execute; the child stands in its run folder."""
    return [sys.executable, "-m", "cohort.deid", "."]


def check_spec(spec: Mapping[str, Any]) -> None:
    """Raise ValueError unless the spec names an upload."""
    uuid.UUID(str(spec["upload"]))


def prepare(held: Held, folder: Path) -> None:
    """Lay the upload's files and what was declared of them into the run folder. Raises Refused, OSError."""
    upload = Upload.objects.select_related("participant__study", "participant__site", "visit").get(
        pk=held.spec["upload"]
    )
    if upload.state != UploadState.READING:
        raise Refused(f"the upload is '{upload.state}', so there is nothing to read")
    files = list(upload.files.filter(verdict=UploadedFile.Verdict.WAITING))
    (folder / "in").mkdir(mode=0o700)
    for one in files:
        _copy(one, folder / "in" / str(one.pk))
    told = json.dumps(describe_upload(upload, files), indent=1)
    (folder / "upload.json").write_text(told + "\n", "utf-8")


def describe_upload(upload: Upload, files: list[UploadedFile]) -> dict[str, Any]:
    """Return what the reader is told: no name and no birth date, only keyed digests to compare a header with."""
    participant = upload.participant
    visit_on = upload.visit.happened_on or upload.visit.due_on
    return {
        "files": [
            {"id": str(one.pk), "name": one.name, "path": str(one.pk), "sha256": one.sha256, "bytes": one.n_bytes}
            for one in files
        ],
        "expected": {"code": participant.code, "salt": upload.match_salt, "fingerprints": upload.fingerprints},
        "declared": {
            "modality": upload.modality,
            "side": upload.side,
            "visit_on": visit_on.isoformat() if visit_on else None,
            "side_answer": upload.side_answer,
        },
        "study": {
            "key_hex": study_key_hex(settings.DEID_KEY, participant.study_id),
            "prefix": participant.site.prefix,
            "date_shift_days": date_shift_days(settings.DEID_KEY, participant.study_id, participant.pk),
            "origin": upload.origin,
        },
        "limits": LIMITS,
    }


def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Store what the reader made and write its verdicts down, in the transaction that finishes the job.

    The store comes first: a blob that no row names is harmless, a row without its blob is not.
    """
    upload = (
        Upload.objects.select_for_update(of=("self",)).select_related("participant__study").get(pk=job.spec["upload"])
    )
    if upload.state != UploadState.READING or upload.job_id != job.pk:
        raise Refused("the upload was given up while its files were read")
    decision = may_use(upload.participant, Purpose.IMAGE, timezone.localdate())
    if not decision.allowed:
        raise Refused(f"images of {upload.participant.code} may not be taken in: {decision.reason}")
    try:
        answer = read_answer(folder)
        series = {one.number: _keep_series(upload, one) for one in answer.series if _is_wanted(answer, one.number)}
    except (BadAnswer, StorageFull) as error:
        raise Refused(f"what was read cannot be taken in: {error}") from None
    _write_verdicts(upload, answer, series)
    _conclude(upload, bool(series))
    transaction.on_commit(lambda: _tidy(upload.pk, job.pk))


def _tidy(upload_pk: uuid.UUID, job_pk: uuid.UUID) -> None:
    drop_run_files(job_pk)
    settle_upload(upload_pk)


def _copy(one: UploadedFile, target: Path) -> None:
    """Copy a file out of quarantine; the child may run as another user, so a link would give it the file itself."""
    source = quarantine.path_of(one.upload_id, one.pk)
    if not source.is_file():
        raise Refused(f"file {str(one.pk)[:8]} is no longer in quarantine; send it again")
    with source.open("rb") as read, target.open("xb") as write:
        while chunk := read.read(CHUNK):
            write.write(chunk)
    if sha256_file(target) != one.sha256:
        raise Refused(f"file {str(one.pk)[:8]} was changed in quarantine; send it again")


def _is_wanted(answer: Answer, number: int) -> bool:
    return any(one.series == number for one in answer.files)


def _keep_series(upload: Upload, found: SeriesFound) -> Series:
    columns = dict(found.columns)
    if columns["modality"] != upload.modality or columns["side"] != upload.side:
        raise BadAnswer("a series is of another modality or side than the upload it came in")
    series = Series.objects.create(
        upload=upload,
        participant_id=upload.participant_id,
        visit_id=upload.visit_id,
        origin=upload.origin,
        attempt=upload.attempt,
        motion_grade=found.motion_grade,
        **columns,
    )
    SeriesFacts.objects.create(series=series, participant_id=upload.participant_id, **found.facts)
    for role in StoredFile.Role.values:
        of_role = [one for one in found.files if one.role == role]
        StoredFile.objects.bulk_create([_stored(series, number, one) for number, one in enumerate(of_role, 1)])
    _supersede_what_was_to_be_repeated(series)
    return series


def _stored(series: Series, number: int, one: OutFile) -> StoredFile:
    digest = put_file(one.path)
    if digest != one.sha256:
        raise BadAnswer(f"'{one.path.name}' is not what the reader said it wrote")
    return StoredFile(
        series=series,
        role=one.role,
        number=number,
        name=one.path.name[-80:],
        sha256=digest,
        n_bytes=one.n_bytes,
        transfer_syntax=one.transfer_syntax,
    )


def _supersede_what_was_to_be_repeated(series: Series) -> None:
    """A repeat that was asked for takes the place of what it repeats; other attempts stand beside each other."""
    earlier = Series.objects.filter(
        participant=series.participant_id,
        visit=series.visit_id,
        modality=series.modality,
        side=series.side,
        region=series.region,
        is_repeat_asked=True,
    ).exclude(pk=series.pk)
    for one in earlier:
        if one.state == SeriesState.ACCEPTED:
            move(one, "supersede", table=SERIES, actor=WORKER, is_repeat_asked=False)
        else:
            Series.objects.filter(pk=one.pk).update(is_repeat_asked=False)


def _write_verdicts(upload: Upload, answer: Answer, series: Mapping[int, Series]) -> None:
    waiting = {str(one.pk): one for one in upload.files.filter(verdict=UploadedFile.Verdict.WAITING)}
    told = {one.id: one for one in answer.files}
    if missing := set(waiting) - set(told):
        raise Refused(f"the reader said nothing about {len(missing)} file(s)")
    for key, row in waiting.items():
        one = told[key]
        row.verdict, row.step, row.code, row.reason = one.verdict, one.step, one.code, one.reason
        row.series = series[one.series] if one.series is not None else None
    fields = ["verdict", "step", "code", "reason", "series"]
    UploadedFile.objects.bulk_update(waiting.values(), fields, batch_size=500)


def _conclude(upload: Upload, has_series: bool) -> None:
    move(
        upload,
        "accept" if has_series else "refuse",
        table=UPLOADS,
        actor=WORKER,
        ended_at=timezone.now(),
        match_salt="",
        fingerprints=[],
    )


INGEST = Kind(
    name=KIND,
    title="Reading an upload",
    command=command,
    queues=frozenset({"web"}),
    libraries=("numpy", "scipy.ndimage", "pydicom.pixels", "PIL.ImageDraw", "PIL.ImageCms", "onnxruntime"),
    # Header first and slab by slab: the address space is wide for memory maps, the memory itself is not.
    limits=Limits(memory_mb=2048, address_space_mb=16_384, cpu_seconds=900, file_mb=4096, wall_seconds=1800),
    check_spec=check_spec,
    prepare=prepare,
    finish=finish,
)

"""The job "datasets.build": choose, lay out, write in a child process, check, keep. Safe to run twice.

What the worker does here it does as the snapshot builder's role (alias `snapshot`); the child that writes the files
has neither database nor network.
"""

import csv
import json
import shutil
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cohort.datasets import laying, writing
from cohort.datasets.choosing import choose
from cohort.datasets.columns import LeftOut, choose_columns
from cohort.datasets.follow_ups import run_follow_ups
from cohort.datasets.models import DatasetRow, Purpose, Snapshot
from cohort.datasets.sources import list_fields, weights_of
from portal.audit.context import act, name_subject
from portal.audit.record import append_to_ledger
from portal.core.errors import Refused
from portal.jobs.leases import Held
from portal.jobs.limits import Limits
from portal.jobs.models import Job
from portal.jobs.registry import Kind
from portal.roles.actors import WORKER

KIND = "datasets.build"
LABEL_FROM_FOREARM = "every label comes from the forearm's own DXA, so its image would be the label itself"


def folder_of(snapshot: Snapshot) -> Path:
    """Return where a snapshot's files lie."""
    return Path(settings.HOME) / "snapshots" / str(snapshot.pk)


def check_spec(spec: Mapping[str, Any]) -> None:
    """Raise ValueError unless the spec names a snapshot, and nothing else."""
    if set(spec) != {"snapshot"}:
        raise ValueError(f"wanted 'snapshot', found {', '.join(sorted(spec)) or 'nothing'}")
    uuid.UUID(str(spec["snapshot"]))


def prepare(held: Held, folder: Path) -> None:
    """Choose who is in and lay out what the writer needs. Raises Refused where nobody is left."""
    snapshot = Snapshot.objects.select_related("study").get(pk=held.spec["snapshot"])
    chosen, flow = choose(snapshot, timezone.localdate())
    try:
        columns, left_out = choose_columns(
            snapshot.task, list_fields(snapshot.study), snapshot.asked_columns, snapshot.modalities
        )
    except ValueError as error:
        raise Refused(str(error)) from None
    _refuse_label_as_image(snapshot, [one.label.from_forearm for one in chosen])
    with act(WORKER, "job.run"):
        name_subject(held.job_pk)
        tokens = laying.draw_tokens(snapshot, held.token, chosen)
    weights = weights_of(snapshot.study)
    rows = laying.make_rows(snapshot, chosen, tokens, columns, weights)
    if snapshot.asked_columns is None:
        columns, empty = laying.drop_empty(columns, rows)
        left_out += empty
    images = laying.lay_images(folder, laying.find_series(snapshot, chosen, snapshot.modalities), tokens)
    consent_root = laying.compute_consent_root(chosen, tokens)
    plan = make_plan(snapshot, left_out, weights, consent_root)
    laying.lay(folder, plan | {"columns": laying.describe_columns(columns), "flow": flow.as_json()}, rows, images)


def make_plan(snapshot: Snapshot, left_out: list[LeftOut], weights: str | None, consent_root: str) -> dict[str, Any]:
    """Return what the manifest begins with."""
    return {
        "id": str(snapshot.pk),
        "study": snapshot.study.code,
        "origin": snapshot.origin,
        "basis": snapshot.study.basis,
        "task": snapshot.task,
        "rule_version": snapshot.rule_version,
        "purpose": snapshot.purpose,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "left_out": [{"name": one.name, "reason": one.reason} for one in left_out],
        "modalities": list(snapshot.modalities),
        "weights": weights,
        "consent_root": consent_root,
    }


def _refuse_label_as_image(snapshot: Snapshot, from_forearm: list[bool]) -> None:
    if "dxa" in snapshot.modalities and from_forearm and all(from_forearm):
        raise Refused(f"'image.dxa' cannot be an input for {snapshot.task}: {LABEL_FROM_FOREARM}")


def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Check what was written, keep it and register it. Raises Refused where it is not what the manifest says."""
    snapshot = Snapshot.objects.select_for_update().select_related("study").get(pk=job.spec["snapshot"])
    written = folder / "result"
    manifest = json.loads((written / "manifest.json").read_text("utf-8"))
    attempt = int(folder.name.rpartition("-")[2])
    try:
        writing.check_folder(written, manifest)
    except ValueError as error:
        raise Refused(f"the snapshot was not written as it should be: {error}") from None
    if manifest["sha256"] != result.get("sha256") or manifest["id"] != str(snapshot.pk):
        raise Refused("the snapshot that was written is not the one that was reported")
    _check_tokens(snapshot, attempt, written)
    keep_folder(written, folder_of(snapshot))
    snapshot.attempt, snapshot.built_at = attempt, timezone.now()
    snapshot.sha256, snapshot.n = manifest["sha256"], manifest["n"]
    snapshot.n_events = count_events(written) if snapshot.purpose == Purpose.TRAIN else None
    snapshot.consent_root, snapshot.manifest, snapshot.flow = manifest["consent_root"], manifest, manifest["flow"]
    snapshot.save()
    append_to_ledger(
        "snapshot.built",
        {
            "snapshot": str(snapshot.pk),
            "study": str(snapshot.study_id),
            "task": snapshot.task,
            "purpose": snapshot.purpose,
            "sha256": snapshot.sha256,
            "consent_root": snapshot.consent_root,
        },
    )
    # What lay beside it is the same once more; an attempt that is undone needs it again.
    transaction.on_commit(lambda: drop_laid(folder))
    run_follow_ups(snapshot)


def keep_folder(written: Path, kept: Path) -> None:
    """Copy a written snapshot to its place, whole or not at all, and let nobody write there any more."""
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = kept.with_name(f".{kept.name}.unfinished")
    for leftover in (unfinished, kept):
        # Only an attempt that was never registered leaves anything behind.
        if leftover.exists():
            shutil.rmtree(leftover)
    shutil.copytree(written, unfinished, copy_function=shutil.copyfile)
    for path in unfinished.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o400)
    unfinished.rename(kept)


def drop_laid(folder: Path) -> None:
    """Remove what lay beside a snapshot that is kept now."""
    shutil.rmtree(folder / "raw", ignore_errors=True)
    shutil.rmtree(folder / "result", ignore_errors=True)
    for name in ("rows.json", "images.json"):
        (folder / name).unlink(missing_ok=True)


def count_events(written: Path) -> int:
    """Return how many rows of a training snapshot have the event."""
    with (written / "labels.csv").open(encoding="utf-8", newline="") as stream:
        return sum(row["label"] == "1" for row in csv.DictReader(stream))


def _check_tokens(snapshot: Snapshot, attempt: int, written: Path) -> None:
    with (written / "table.csv").open(encoding="utf-8", newline="") as stream:
        found = [row["token"] for row in csv.DictReader(stream)]
    rows = DatasetRow.objects.using(laying.ALIAS).filter(snapshot_id=snapshot.pk, attempt=attempt)
    if found != sorted(rows.values_list("token", flat=True)):
        raise Refused("the rows that were written are not those that were chosen")


BUILD = Kind(
    name=KIND,
    title="Build a snapshot",
    command=lambda folder, spec: [sys.executable, "-m", "cohort.datasets.writing", "."],
    queues=frozenset({"web"}),
    limits=Limits(address_space_mb=8192),
    check_spec=check_spec,
    prepare=prepare,
    finish=finish,
)

"""What a person does with snapshots: ask for one. And how another job is given a snapshot's files."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from cohort.datasets import writing
from cohort.datasets.building import KIND, folder_of
from cohort.datasets.columns import MODALITIES, choose_columns
from cohort.datasets.models import Purpose, Snapshot
from cohort.datasets.sources import list_fields, list_tasks
from cohort.datasets.usability import is_usable, require_usable
from cohort.labels.rules import RULE_VERSIONS
from cohort.study.models import Basis, Study, StudyState
from modelling.engine.training.admissible import Use, classify
from portal.audit.context import name_subject, service
from portal.audit.models import LedgerEntry
from portal.core.errors import Refused
from portal.jobs.services import launch_job
from portal.jobs.states import OPEN
from portal.roles.actors import Actor
from portal.roles.policy import require

__all__ = ["MODALITIES", "build_snapshot", "build_test_inputs", "is_usable", "lay_snapshot", "require_usable"]


@service("snapshot.build")
def build_snapshot(
    *,
    actor: Actor,
    study: Study,
    task: str,
    columns: Sequence[str] | None = None,
    modalities: Sequence[str] = ("film", "dxa", "pqct"),
) -> Snapshot:
    """Ask for a snapshot to train on; a worker chooses the people and writes it.

    columns: None for every admissible one. modalities: images to put beside the table; a forbidden one is refused by
    name. Asking again for the same while it waits or runs gives the same snapshot.
    """
    require(actor, "snapshot.build")
    return _ask(actor, study, task, Purpose.TRAIN, columns, modalities)


@service("snapshot.build_test")
def build_test_inputs(
    *,
    actor: Actor,
    study: Study,
    task: str,
    columns: Sequence[str],
    modalities: Sequence[str],
    sealed_sha256: str,
) -> Snapshot:
    """Ask for the test participants' inputs, once their labels are sealed.

    columns, modalities: those of the snapshots that the submitted models learned from.
    sealed_sha256: the label commitment root of the evaluation; it must stand in the ledger already, so nobody can
    have the inputs gathered before the labels are closed away.
    """
    require(actor, "snapshot.build_test")
    if len(sealed_sha256) != 64 or not LedgerEntry.objects.filter(body__contains=f'"{sealed_sha256}"').exists():
        raise Refused("test inputs are gathered only after the labels are sealed: no such seal stands in the ledger")
    return _ask(actor, study, task, Purpose.TEST, columns, modalities)


def _ask(
    actor: Actor,
    study: Study,
    task: str,
    purpose: Purpose,
    columns: Sequence[str] | None,
    modalities: Sequence[str],
) -> Snapshot:
    wanted_images = [] if study.basis == Basis.PUBLIC_USE else [one for one in MODALITIES if one in modalities]
    _refuse_unfit(study, task, columns, modalities)
    asked = {
        "study": study,
        "task": task,
        "purpose": purpose,
        "asked_columns": None if columns is None else sorted(columns),
        "modalities": wanted_images,
    }
    waiting = Snapshot.objects.filter(**asked, job__state__in=OPEN).first()
    if waiting is not None:
        return waiting
    snapshot = Snapshot.objects.create(
        **asked, origin=study.origin, rule_version=RULE_VERSIONS[task], made_by_id=actor.user_pk
    )
    job = launch_job(actor=actor, kind=KIND, spec={"snapshot": str(snapshot.pk)}, queue="web", origin=study.origin)
    snapshot.job = job
    snapshot.save(update_fields=["job"])
    name_subject(f"{study.code} {task}")
    return snapshot


def _refuse_unfit(study: Study, task: str, columns: Sequence[str] | None, modalities: Sequence[str]) -> None:
    if study.state == StudyState.SETTING_UP:
        raise Refused(f"'{study.code}' has nobody yet: its enrolment is not open")
    if task not in list_tasks(study) or task not in RULE_VERSIONS:
        possible = [one for one in list_tasks(study) if one in RULE_VERSIONS]
        raise Refused(f"'{task}' is no task of '{study.code}'; possible: {', '.join(possible)}")
    try:
        choose_columns(task, list_fields(study), columns)
        for one in modalities if study.basis != Basis.PUBLIC_USE else ():
            ruling = classify(task, f"image.{one}")
            if ruling.use is not Use.INPUT:
                raise ValueError(f"'image.{one}' cannot be an input for {task}: {ruling.reason}")
    except ValueError as error:
        raise Refused(str(error)) from None


def lay_snapshot(snapshot: Snapshot, folder: Path) -> None:
    """Copy a snapshot's files to a folder that a child process will read, each checked against its hash.

    Raises Refused where a file is not what the manifest says: then nothing may be learned from it.
    """
    kept = folder_of(snapshot)
    if not snapshot.is_built or not kept.is_dir():
        raise Refused(f"{snapshot} has no files here")
    manifest = json.loads((kept / "manifest.json").read_text("utf-8"))
    try:
        if manifest["sha256"] != snapshot.sha256:
            raise ValueError("the manifest is another one than was registered")
        writing.check_folder(kept, manifest)
    except ValueError as error:
        raise Refused(f"{snapshot} was changed on the disk: {error}") from None
    shutil.copytree(kept, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)

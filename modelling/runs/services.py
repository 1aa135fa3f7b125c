"""What an analyst does with runs: start one, stop one. And what the machine does with them: begin and finish."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from cohort.datasets.columns import MODALITIES
from cohort.datasets.models import Purpose, Snapshot
from cohort.datasets.services import build_snapshot, is_usable, lay_snapshot
from cohort.study.models import Study
from modelling.engine import recipes
from modelling.runs.models import TrainingRun
from modelling.zoo.services import register_model
from portal.audit.context import name_subject, service
from portal.core.errors import Refused, WrongState
from portal.jobs.leases import Held
from portal.jobs.models import Job
from portal.jobs.services import cancel_job, launch_job
from portal.jobs.states import ENDED, State
from portal.roles.actors import CLOCK, WORKER, Actor
from portal.roles.policy import require

KIND = "runs.train"
QUEUE = "gpu"
CURVES = "curves.jsonl"
CLINICAL = "clinical"


@service("run.start")
def start_run(
    *,
    actor: Actor,
    study: Study,
    task: str,
    recipe: str,
    profile: str = "small",
    snapshot: Snapshot | None = None,
    **settings: Any,
) -> TrainingRun:
    """Ask for a training run; without a snapshot, a fresh one is built first and the run begins by itself after it.

    settings: of the recipe, over its profile's defaults. Raises Refused naming a setting that cannot work, or why
    the snapshot cannot be used; NotAllowed.
    """
    require(actor, "run.start")
    try:
        config = recipes.fill({"task": task, "recipe": recipe, "profile": profile, **settings})
    except ValueError as error:
        raise Refused(f"the run cannot be started: {error}") from None
    if snapshot is None:
        snapshot = build_snapshot(actor=actor, study=study, task=task)
    _refuse_unfit(snapshot, study, task)
    Study.objects.select_for_update().get(pk=study.pk)
    last = TrainingRun.objects.filter(study=study).aggregate(last=Max("number"))["last"] or 0
    run = TrainingRun.objects.create(
        study=study,
        snapshot=snapshot,
        origin=snapshot.origin,
        task=task,
        number=last + 1,
        config=config,
        created_by_id=actor.user_pk,
    )
    name_subject(run.pk)
    if snapshot.is_built:
        _launch(run, actor)
    return run


@service("run.cancel")
def cancel_run(*, actor: Actor, run: TrainingRun, why: str = "") -> None:
    """Stop a run, whether it trains already or waits for its snapshot. Raises WrongState for one that is over."""
    require(actor, "run.cancel")
    name_subject(run.pk)
    if run.job is not None:
        cancel_job(actor=actor, job=run.job, why=why)
        return
    found = TrainingRun.objects.filter(pk=run.pk, job=None, stopped_at=None)
    if found.update(stopped_at=timezone.now()) != 1:
        raise WrongState("'cancel' cannot happen: the run has begun or is over; load it again")


def launch_waiting() -> int:
    """Begin the runs whose snapshot is built, and end those whose snapshot will never be; return how many."""
    waiting = TrainingRun.objects.filter(job=None, stopped_at=None).select_related("snapshot__job")
    return sum(_go_on(actor=CLOCK, run_pk=run.pk) for run in waiting if _may_go_on(run))


@service("run.go_on")
def _go_on(*, actor: Actor, run_pk: Any) -> bool:
    """Begin or end one waiting run; False if somebody was faster."""
    run = (
        TrainingRun.objects.select_for_update(of=("self",))
        .filter(pk=run_pk, job=None, stopped_at=None)
        .select_related("snapshot__job")
        .first()
    )
    if run is None:
        return False
    name_subject(run.pk)
    if run.snapshot.is_built:
        _launch(run, actor)
    else:
        words = run.snapshot.job.failure_text if run.snapshot.job else ""
        TrainingRun.objects.filter(pk=run.pk).update(
            stopped_at=timezone.now(), stopped_why=f"Its snapshot could not be built. {words}".strip()
        )
    return True


def _may_go_on(run: TrainingRun) -> bool:
    job = run.snapshot.job
    return run.snapshot.is_built or (job is not None and job.state in {*ENDED, State.PARKED})


def _launch(run: TrainingRun, actor: Actor) -> None:
    run.job = launch_job(actor=actor, kind=KIND, spec={"run": str(run.pk)}, queue=QUEUE, origin=run.origin)
    TrainingRun.objects.filter(pk=run.pk).update(job=run.job)


def _refuse_unfit(snapshot: Snapshot, study: Study, task: str) -> None:
    if snapshot.study_id != study.pk or snapshot.task != task:
        raise Refused(
            f"{snapshot} is of '{snapshot.task}' of another study or task; '{task}' of {study.code} was asked"
        )
    if snapshot.purpose != Purpose.TRAIN:
        raise Refused(f"{snapshot} holds test inputs; nobody trains on them")
    # One that is still being built is looked at again when the run begins.
    if snapshot.is_built and (reason := is_usable(snapshot).reason_against):
        raise Refused(f"{snapshot} cannot be trained on: {reason}")


def prepare(held: Held, folder: Path) -> None:
    """Lay snapshot and configuration into the folder of a run's process."""
    run = TrainingRun.objects.select_related("snapshot", "study").get(pk=held.spec["run"])
    # A consent may have been withdrawn between the wish and the beginning.
    _refuse_unfit(run.snapshot, run.study, run.task)
    lay_snapshot(run.snapshot, folder / "snapshot")
    config = narrow(run.config, run.snapshot.manifest or {})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    before = sorted(path for path in folder.parent.glob(f"attempt-*/result/{CURVES}") if path.parent.parent != folder)
    if before:
        # What an earlier attempt drew stays on the page; the process cuts off what it does again.
        (folder / "result").mkdir(mode=0o700)
        shutil.copyfile(before[-1], folder / "result" / CURVES)


def narrow(config: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings a process is given: a clinical baseline does without what was measured in images.

    It says what answers alone can tell, so it gets measured values only where somebody named them.
    """
    if config["recipe"] != CLINICAL or config.get("columns") is not None:
        return dict(config)
    names = [one["name"] for one in manifest.get("columns", []) if one["group"] not in MODALITIES]
    return {**config, "columns": names or None}


def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Register the model version of a finished run, once, in the transaction that finishes its job."""
    run = TrainingRun.objects.select_for_update(of=("self",)).select_related("snapshot").get(job=job)
    if run.model_id is not None:
        raise Refused(f"{run} has its model version already")
    model = register_model(
        actor=WORKER, snapshot=run.snapshot, config=run.config, folder=folder / "result", result=result
    )
    TrainingRun.objects.filter(pk=run.pk).update(model=model, curves=read_curves(folder / "result" / CURVES))
    # The copy of the snapshot has served; the snapshot itself stays.
    transaction.on_commit(lambda: shutil.rmtree(folder / "snapshot", ignore_errors=True))


def read_curves(path: Path) -> list[dict[str, Any]]:
    """Return the points of a curves file; a line that is still being written is left out."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text("utf-8").splitlines():
        try:
            point = json.loads(line)
        except ValueError:
            continue
        if isinstance(point, dict):
            found.append(point)
    return found

"""Runs for tests: a tiny snapshot that lies there built, and a worker that does a run's job by the engine's process.

The snapshot is laid down by hand; that a study's people become one is tested where snapshots are (cohort/datasets).
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.utils import timezone

from cohort.datasets import writing
from cohort.datasets.building import folder_of
from cohort.datasets.models import Snapshot
from cohort.study.models import Study
from modelling.runs.models import TrainingRun
from modelling.runs.services import start_run
from portal.jobs.leases import Held, claim_job
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
from portal.roles.actors import Actor
from tests.cast import Cast, hands
from tests.modelling.engine.snapshots import make_snapshot

TINY: dict[str, Any] = {
    "image_px": 32,
    "width": 8,
    "dim": 16,
    "heads": 2,
    "blocks": 1,
    "epochs": 2,
    "batch": 8,
    "folds": 2,
    "device": "cpu",
}
"""Settings of the fusion recipe that still go the whole way, in seconds."""


def lay_snapshot_down(
    actor: Actor, study: Study, *, task: str = "OP_WHO", purpose: str = "train", **wanted: Any
) -> Snapshot:
    """Enter a built snapshot of a few invented people and lay its files where the builder lays them.

    wanted: of tests.modelling.engine.snapshots.Wanted.
    """
    with tempfile.TemporaryDirectory() as name:
        made = make_snapshot(Path(name), task=task, purpose=purpose, origin=study.origin, **{"n": 30, **wanted})
        manifest = json.loads((made / "manifest.json").read_text("utf-8"))
        # The builder names files in the order of their paths, part by part.
        manifest["files"] = writing.list_files(made)
        manifest["sha256"] = writing.hash_manifest(manifest)
        (made / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        with hands(actor):
            snapshot = Snapshot.objects.create(
                study=study,
                origin=study.origin,
                task=task,
                rule_version=f"{task} v1",
                purpose=purpose,
                modalities=manifest["modalities"],
                made_by_id=actor.user_pk,
                built_at=timezone.now(),
                attempt=1,
                sha256=manifest["sha256"],
                n=manifest["n"],
                n_events=None if purpose == "test" else 12,
                consent_root=manifest["consent_root"],
                manifest=manifest,
            )
        shutil.copytree(made, folder_of(snapshot))
    return snapshot


def ask(cast: Cast, snapshot: Snapshot | None = None, recipe: str = "clinical", **changes: Any) -> TrainingRun:
    """Have Ana start a run; of the fusion recipe a tiny one."""
    settings = {**(TINY if recipe == "fusion" else {"folds": 2}), **changes}
    return start_run(
        actor=cast.ana,
        study=cast.study,
        task=settings.pop("task", "OP_WHO"),
        recipe=recipe,
        snapshot=snapshot,
        **settings,
    )


def claim_run(run: TrainingRun) -> Held:
    """Claim a run's job as a worker does."""
    held = claim_job(job_of(run).pk, owner="the test", sandbox=[])
    assert held is not None
    return held


def do(run: TrainingRun) -> TrainingRun:
    """Run a run's job to its end, in the engine's own process; return the run as it ended."""
    run_held_job(claim_run(run))
    return reload(run)


def do_well(run: TrainingRun) -> TrainingRun:
    """Run a run's job to a good end."""
    done = do(run)
    assert done.state == "finished", job_of(done).failure_text
    return done


def job_of(run: TrainingRun) -> Job:
    """Return the job that a run has."""
    assert run.job is not None
    return run.job


def reload(run: TrainingRun) -> TrainingRun:
    """Return the run as it stands now."""
    return TrainingRun.objects.select_related("job__lease", "snapshot__job", "model", "study").get(pk=run.pk)

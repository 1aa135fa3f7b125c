"""The job "blinded.predict": one model predicts the test inputs in a sandboxed child. Safe to run twice.

What it predicts goes into the vault, where no page reads it before the reveal; its folder is emptied with the commit.
"""

import csv
import shutil
import sys
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from cohort.datasets.services import lay_snapshot
from cohort.vault.models import Prediction
from modelling.blinded.models import Evaluation, State, Submission
from modelling.engine.blinding.predictions import count_bins, read_predictions, read_weights, write_weights
from modelling.engine.nets import LIBRARIES
from modelling.zoo.services import lay_model
from portal.core.errors import Refused
from portal.core.hashing import sha256_hex
from portal.jobs.leases import Held
from portal.jobs.models import Job
from portal.jobs.registry import Kind
from portal.jobs.services import launch_job
from portal.proof import jcs
from portal.roles.actors import Actor

KIND = "blinded.predict"
WORKER_ALIAS = "default"
MODEL, INPUTS, RESULT = "model", "inputs", "result"
LARGEST_FILE = 64 * 2**20


def launch_prediction(actor: Actor, submission: Submission) -> None:
    """Start the prediction of a submission, inside the service that decides on it."""
    evaluation = Evaluation.objects.select_related("test_snapshot").get(pk=submission.evaluation_id)
    if evaluation.test_snapshot is None or not evaluation.test_snapshot.is_built:
        raise Refused("the test inputs are not built yet; look at their job")
    job = launch_job(
        actor=actor, kind=KIND, spec={"submission": str(submission.pk)}, queue="gpu", origin=submission.origin
    )
    Submission.objects.filter(pk=submission.pk).update(job=job)
    submission.job = job


def command(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return what to execute in the job's folder."""
    return [sys.executable, "-m", "modelling.engine", "predict", "."]


def check_spec(spec: Mapping[str, Any]) -> None:
    """Raise ValueError unless the spec names a submission, and nothing else."""
    if set(spec) != {"submission"}:
        raise ValueError(f"wanted 'submission', found {', '.join(sorted(spec)) or 'nothing'}")
    uuid.UUID(str(spec["submission"]))


def prepare(held: Held, folder: Path) -> None:
    """Lay the model and the test inputs into the job's folder. Raises Refused once the evaluation has moved on."""
    submission = Submission.objects.select_related("evaluation__test_snapshot", "model_version").get(
        pk=held.spec["submission"]
    )
    evaluation = submission.evaluation
    if evaluation.state != State.SEALED or evaluation.test_snapshot is None:
        raise Refused(f"models predict while an evaluation is sealed, and this one is {evaluation.state}")
    lay_model(submission.model_version, folder / MODEL)
    # A model that reads radiographs is judged by the radiograph alone, whatever it learned from.
    (folder / "config.json").write_bytes(jcs.dumps({"inputs": submission.model_version.answers_from}))
    lay_snapshot(evaluation.test_snapshot, folder / INPUTS)


def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Keep the predictions in the vault and their hash in the open. Raises Refused where they do not fit."""
    submission = Submission.objects.select_related("evaluation__test_snapshot").get(pk=job.spec["submission"])
    snapshot = submission.evaluation.test_snapshot
    if snapshot is None:
        raise Refused("the evaluation has no test inputs")
    content = _read(folder / RESULT / "predictions.csv")
    digest = sha256_hex(content)
    if result.get("sha256") != digest:
        raise Refused("the predictions are not those their process reported")
    tokens = [row["token"] for row in _read_table(folder / INPUTS / "table.csv")]
    try:
        predictions = read_predictions(content, tokens)
        weights = _find_weights(folder / INPUTS / "weights.csv", tokens)
    except ValueError as error:
        raise Refused(str(error)) from None
    Prediction.objects.using(WORKER_ALIAS).create(
        evaluation_id=submission.evaluation_id,
        submission_id=submission.pk,
        content=content,
        sha256=digest,
        weights=weights,
        made_at=timezone.now(),
    )
    Submission.objects.filter(pk=submission.pk).update(
        predictions_sha256=digest,
        n_cases=len(predictions),
        bins=count_bins(predictions),
        is_sandboxed=not any("unsandboxed" in words for words in job.sandbox),
    )
    transaction.on_commit(partial(_empty, folder))


def _find_weights(path: Path, tokens: list[str]) -> bytes | None:
    """Return the survey weights that stand beside the test inputs of a survey; None for any other study."""
    if not path.is_file():
        return None
    found = write_weights({row["token"]: float(row["weight"]) for row in _read_table(path)})
    read_weights(found, tokens)
    return found


def _read(path: Path) -> bytes:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST_FILE:
        raise Refused("its process left no predictions of a size that can be taken")
    return path.read_bytes()


def _read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _empty(folder: Path) -> None:
    """Leave neither test inputs nor predictions among the job's files."""
    for name in (INPUTS, RESULT):
        shutil.rmtree(folder / name, ignore_errors=True)


PREDICT = Kind(
    name=KIND,
    title="Predict the test inputs",
    command=command,
    queues=frozenset({"gpu"}),
    libraries=LIBRARIES,
    check_spec=check_spec,
    prepare=prepare,
    private=(INPUTS, RESULT),
    finish=finish,
)

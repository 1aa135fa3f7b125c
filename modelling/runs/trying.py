"""Try a film: show a reference image to a model version. What learned from simulated bones says nothing of a real one.

Reference images show people's bones, so their origin is `human`. A model of simulated origin gives no risk for them,
by any road: not here, not in the worker that lays its inputs, not in the engine that predicts.
"""

import csv
import json
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from django.conf import settings
from django.utils import timezone

from cohort.datasets import writing
from cohort.datasets.intensity import make_attenuation, read_intensity
from cohort.formats.dicom_facts import read_facts
from cohort.formats.reading import read_volume
from cohort.formats.volume import FILM
from cohort.imaging.models import ReferenceImage
from cohort.study.models import Origin
from modelling.engine.features.catalogue import Measured
from modelling.engine.features.measure import measure
from modelling.engine.metrics.tasks import ONLY_SIMULATED
from modelling.engine.nets import LIBRARIES
from modelling.engine.recipes import FILM_ONLY
from modelling.engine.training.snapshot import FORMAT
from modelling.zoo.locks import why_locked_for
from modelling.zoo.models import ModelVersion
from modelling.zoo.services import lay_model
from portal.audit.context import name_subject, service
from portal.core.errors import Refused
from portal.core.storage import path_of, verify_blob
from portal.jobs.leases import Held
from portal.jobs.limits import Limits
from portal.jobs.models import Job
from portal.jobs.registry import Kind
from portal.jobs.services import launch_job
from portal.jobs.states import State
from portal.roles.actors import Actor
from portal.roles.policy import require

KIND = "runs.predict_one"
QUEUE = "gpu"
ORIGIN: Final = Origin.HUMAN
"""Of every reference image that is a film."""


@dataclass(frozen=True)
class Look:
    """What a film shows without any model. clipped: share of pixels at the darkest or brightest value."""

    region: str
    side: str
    size_px: tuple[int, int]
    pixel_mm: float | None
    clipped: float
    measured: Measured


@dataclass(frozen=True)
class Prediction:
    """A likelihood with its interval, and how many the model learned from."""

    p: float
    lower: float
    upper: float
    n_training: int
    n_events_training: int


def why_no_risk(model: ModelVersion) -> str:
    """Return why this model gives no risk for a reference image; empty where it may."""
    if model.origin != ORIGIN:
        return ONLY_SIMULATED
    if model.answers_from != FILM_ONLY:
        return "this model does not answer from a radiograph alone"
    return why_locked_for(model)


def look_at(image: ReferenceImage) -> Look:
    """Return quality, region and measured features of a film. Raises Refused for what is no film."""
    if not image.file_sha256:
        raise Refused(f"'{image.title}' is no radiograph that can be tried")
    return _look(image.file_sha256)


@lru_cache(maxsize=32)
def _look(sha256: str) -> Look:
    verify_blob(sha256)
    path = path_of(sha256)
    facts = read_facts(pydicom.dcmread(path, stop_before_pixels=True))
    volume = read_volume([path])
    if volume.kind != FILM:
        raise Refused("only a radiograph can be tried")
    values, _ = make_attenuation(np.asarray(volume.values, np.float32), read_intensity(path))
    low, high = volume.range
    side = facts.side or "R"
    told = {
        "modality": FILM,
        "side": side,
        "spacing_mm": list(volume.spacing_mm),
        "spacing_is": volume.spacing_is,
    }
    return Look(
        region=facts.region,
        side=side,
        size_px=(volume.values.shape[2], volume.values.shape[1]),
        pixel_mm=None if volume.spacing_is == "none" else volume.spacing_mm[2],
        clipped=float(np.mean((volume.values == low) | (volume.values == high))),
        measured=measure(values, told),
    )


@service("model.try")
def try_model(*, actor: Actor, model: ModelVersion, image: ReferenceImage) -> Job:
    """Have a model predict from a reference image. Raises Refused where it must not or cannot answer; no override."""
    require(actor, "model.try")
    _refuse(model, image)
    job = launch_job(actor=actor, kind=KIND, spec=_spec_of(model, image), queue=QUEUE, origin=model.origin)
    name_subject(model.pk)
    return job


def find_try(model: ModelVersion, image: ReferenceImage) -> Job | None:
    """Return the newest job in which this model was shown this image."""
    found = Job.objects.filter(kind=KIND, spec=_spec_of(model, image)).select_related("lease")
    return found.order_by("-queued_at").first()


def read_prediction(job: Job) -> Prediction | None:
    """Return what a finished try gave; None where it is not finished, or its folder is gone."""
    if job.state != State.FINISHED:
        return None
    attempts = (Path(settings.HOME) / "jobs" / str(job.pk)).glob("attempt-*/result/predictions.csv")
    newest = max(attempts, default=None)
    if newest is None:
        return None
    with newest.open(encoding="utf-8", newline="") as stream:
        row = next(csv.DictReader(stream), None)
    if row is None:
        return None
    result = job.result or {}
    return Prediction(
        float(row["p"]),
        float(row["lower"]),
        float(row["upper"]),
        int(result["n_training"]),
        int(result["n_events_training"]),
    )


def _spec_of(model: ModelVersion, image: ReferenceImage) -> dict[str, str]:
    return {"model": str(model.pk), "image": image.slug, "image_sha256": image.file_sha256}


def _refuse(model: ModelVersion, image: ReferenceImage) -> None:
    if reason := why_no_risk(model):
        raise Refused(reason)
    look_at(image)


def check_spec(spec: Mapping[str, Any]) -> None:
    """Raise ValueError unless the spec names a model version and an image."""
    if set(spec) != {"model", "image", "image_sha256"}:
        raise ValueError("wanted 'model', 'image' and 'image_sha256'")
    uuid.UUID(str(spec["model"]))


def prepare(held: Held, folder: Path) -> None:
    """Lay model and image into the folder of the process that predicts."""
    model = ModelVersion.objects.select_related("study").get(pk=held.spec["model"])
    image = ReferenceImage.objects.get(slug=held.spec["image"])
    if image.file_sha256 != held.spec["image_sha256"]:
        raise Refused("the reference image was renewed since; try it again")
    _refuse(model, image)
    lay_model(model, folder / "model")
    lay_film(image, model, folder / "inputs")
    (folder / "config.json").write_text(json.dumps({"inputs": FILM_ONLY}), "utf-8")


def lay_film(image: ReferenceImage, model: ModelVersion, folder: Path, origin: str = ORIGIN) -> None:
    """Write a snapshot folder of one: the film under an invented token, and no answer to any question."""
    path = path_of(image.file_sha256)
    volume, look = read_volume([path]), look_at(image)
    canonical, unit, is_flipped = writing.make_canonical(
        np.asarray(volume.values), look.side, volume.unit, read_intensity(path)
    )
    token = uuid.uuid4().hex
    name = f"images/{FILM}/{token}.npy"
    (folder / name).parent.mkdir(mode=0o700, parents=True)
    np.save(folder / name, canonical, allow_pickle=False)
    columns = (model.snapshot.manifest or {})["columns"]
    _write_csv(folder / "table.csv", ["token", *(one["name"] for one in columns)], [token, *("" for _ in columns)])
    axes = ["spacing_mm_z", "spacing_mm_y", "spacing_mm_x"]
    head = ["token", "modality", "file", "side", "flipped", *axes, "unit"]
    _write_csv(
        folder / "images.csv",
        head,
        [token, FILM, name, look.side, str(int(is_flipped)), *map(repr, map(float, volume.spacing_mm)), unit],
    )
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "id": str(uuid.uuid4()),
        "study": model.study.code,
        "origin": str(origin),
        "task": model.task,
        "purpose": "test",
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "n": 1,
        "columns": columns,
        "left_out": [],
        "modalities": [FILM],
        "weights": None,
        "consent_root": "",
        "files": writing.list_files(folder),
    }
    manifest["sha256"] = writing.hash_manifest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _write_csv(path: Path, head: list[str], row: list[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([head, row])


TRYING = Kind(
    name=KIND,
    title="Try a film",
    command=lambda folder, spec: [sys.executable, "-m", "modelling.engine", "predict", str(folder)],
    queues=frozenset({QUEUE}),
    libraries=LIBRARIES,
    limits=Limits(),
    check_spec=check_spec,
    prepare=prepare,
)

"""Register what a run taught, and lay it down again for whoever predicts with it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db.models import Max
from django.utils import timezone

from cohort.datasets.models import Snapshot
from cohort.study.models import Study
from modelling.engine.recipes import FILM_ONLY, RECIPES
from modelling.zoo.models import ModelVersion
from portal.audit.context import service
from portal.core.errors import Refused
from portal.core.hashing import sha256_file, sha256_hex
from portal.core.storage import open_blob, put_file
from portal.roles.actors import Actor
from portal.roles.policy import require

MODEL, METRICS, CARD = "model.json", "metrics.json", "card.json"


@service("model.register")
def register_model(
    *, actor: Actor, snapshot: Snapshot, config: Mapping[str, Any], folder: Path, result: Mapping[str, Any]
) -> ModelVersion:
    """Keep the files of a finished run and enter its model version; called once, by the run that finishes.

    folder: the run's result folder. result: what its process reported. Raises Refused where the files are not those
    that were reported, or were taught on another snapshot or origin.
    """
    require(actor, "model.register")
    told = _read(folder / MODEL)
    answers_from = FILM_ONLY if FILM_ONLY in told["inputs"] else told["inputs"][0]
    files = [
        {"path": path.name, "sha256": sha256_file(path), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]
    digests = {str(one["path"]): str(one["sha256"]) for one in files}
    weights_sha256 = _digest_of_weights(told, digests)
    _refuse_other_files(told, digests, weights_sha256, result, snapshot)
    for path in folder.iterdir():
        if path.is_file():
            put_file(path)
    # Of two runs that finish at once the second waits for the first one's number.
    Study.objects.select_for_update().get(pk=snapshot.study_id)
    same = ModelVersion.objects.filter(study=snapshot.study_id, task=snapshot.task)
    number = (same.aggregate(last=Max("number"))["last"] or 0) + 1
    return ModelVersion.objects.create(
        study_id=snapshot.study_id,
        snapshot=snapshot,
        origin=snapshot.origin,
        task=snapshot.task,
        number=number,
        name=f"{RECIPES[config['recipe']].title} {number}",
        recipe=config["recipe"],
        profile=config["profile"],
        modalities=told.get("modalities") or [],
        config=dict(config),
        metrics=_read(folder / METRICS),
        card=_read(folder / CARD),
        answers_from=answers_from,
        threshold=told["thresholds"][answers_from]["value"],
        fe_taught=told["fe_taught"],
        model_sha256=digests[MODEL],
        weights_sha256=weights_sha256,
        files=files,
        made_at=timezone.now(),
    )


def lay_model(model: ModelVersion, folder: Path) -> None:
    """Copy a model version's files into a folder, each checked against its hash.

    Raises UnreadableFile where a stored file is missing or changed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in model.files:
        with open_blob(one["sha256"], verify=True) as stream:
            (folder / one["path"]).write_bytes(stream.read())


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"the run left no readable {path.name} ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise Refused(f"the run's {path.name} holds no object")
    return found


def _digest_of_weights(told: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """Return one SHA-256 for the weights of all folds, of the files as they lie there and not as they are told of."""
    names = [str(one["weights"]) for one in told["folds"]]
    if missing := sorted(set(names) - set(digests)):
        raise Refused(f"the run left no {missing[0]}")
    return sha256_hex("\n".join(digests[name] for name in names).encode())


def _refuse_other_files(
    told: Mapping[str, Any],
    digests: Mapping[str, str],
    weights_sha256: str,
    result: Mapping[str, Any],
    snapshot: Snapshot,
) -> None:
    found = {
        "model_sha256": digests[MODEL],
        "weights_sha256": weights_sha256,
        "snapshot_sha256": told.get("snapshot_sha256"),
        "origin": told.get("origin"),
    }
    wanted = {
        "model_sha256": result.get("model_sha256"),
        "weights_sha256": result.get("weights_sha256"),
        "snapshot_sha256": snapshot.sha256,
        "origin": snapshot.origin,
    }
    for name, value in wanted.items():
        if found[name] != value:
            raise Refused(f"the model's {name} is '{found[name]}', '{value}' was wanted; the run is not registered")

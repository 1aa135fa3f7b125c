"""Writes what a training leaves: the model, its out-of-fold predictions, its scores and its card. Pure.

result/model.json             all that is needed to predict, by hash; no time and no place, so the same run
                              gives the same bytes
result/weights-<fold>.safetensors
result/oof.csv                token,fold,p,label,origin; oof-film.csv from the radiograph alone
result/metrics.json           by inputs: AUC of each fold, their mean, pooled with interval; never the best fold
result/card.json              the model in words
"""

import csv
import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.metrics.tasks import why_untaught
from modelling.engine.recipes import FILM_ONLY
from modelling.engine.training.card import write_card
from modelling.engine.training.clinical import get_labels
from modelling.engine.training.config import Config
from modelling.engine.training.fields import FE_NAMES
from modelling.engine.training.measure import blank_scores, measure_oof
from modelling.engine.training.snapshot import Snapshot
from modelling.engine.training.thresholds import choose_thresholds
from modelling.engine.training.trained import Trained
from portal.proof import jcs

FORMAT = "trabecula.model/1"
MODEL, METRICS, CARD = "model.json", "metrics.json", "card.json"
CODE = Path(__file__).parents[1]


def weights_name(fold: int) -> str:
    """Return the name of the weights of a fold."""
    return f"weights-{fold}.safetensors"


def hash_of_weights(hashes: list[str]) -> str:
    """Return the one hash that stands for the weights of all folds, in their order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def write_results(folder: Path, config: Config, snapshot: Snapshot, trained: Trained) -> dict[str, Any]:
    """Write the result folder and return what is reported of it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for fold, one in enumerate(trained.folds):
        (folder / weights_name(fold)).write_bytes(one.weights)
    for inputs, p in trained.oof.items():
        _write_oof(folder / ("oof-film.csv" if inputs == FILM_ONLY else "oof.csv"), snapshot, trained.fold_of, p)
    metrics = measure_all(config, snapshot, trained)
    (folder / METRICS).write_bytes(jcs.dumps(metrics))
    model = describe_model(config, snapshot, trained)
    content = jcs.dumps(model)
    (folder / MODEL).write_bytes(content)
    main = metrics["inputs"][metrics["primary"]]
    (folder / CARD).write_bytes(jcs.dumps(write_card(model, metrics, snapshot.manifest)))
    return {
        "weights_sha256": model["weights_sha256"],
        "model_sha256": hashlib.sha256(content).hexdigest(),
        "auc_mean": main["auc_mean"],
        "auc_pooled": main["auc_pooled"]["value"],
        "n": main["n"],
        "n_events": main["n_events"],
    }


def measure_all(config: Config, snapshot: Snapshot, trained: Trained) -> dict[str, Any]:
    """Return the scores by inputs, or why there are none yet. `primary` names the inputs that stand first."""
    labels = get_labels(snapshot)
    weights = snapshot.weights
    found = {inputs: measure_oof(labels, p, trained.fold_of, weights) for inputs, p in trained.oof.items()}
    if why := why_untaught(config.task, int(labels.sum())):
        found = {inputs: blank_scores(sheet, why) for inputs, sheet in found.items()}
    return {
        "format": "trabecula.metrics/1",
        "task": config.task,
        "origin": snapshot.origin,
        "what": "out-of-fold predictions of training people; no test participant is in them",
        "primary": next(iter(trained.oof)),
        "inputs": found,
    }


def describe_model(config: Config, snapshot: Snapshot, trained: Trained) -> dict[str, Any]:
    """Return the content of model.json. Calibration holds no token: nobody can be told from it."""
    labels = get_labels(snapshot)
    hashes = [hashlib.sha256(one.weights).hexdigest() for one in trained.folds]
    return {
        "format": FORMAT,
        "task": config.task,
        "origin": snapshot.origin,
        "study": snapshot.manifest.get("study"),
        "recipe": config.recipe,
        "profile": config.profile,
        "snapshot_sha256": snapshot.sha256,
        "snapshot_id": snapshot.manifest.get("id"),
        "n": snapshot.n,
        "n_events": int(labels.sum()),
        "modalities": list(trained.modalities),
        "columns": [
            {"name": column.name, "kind": column.kind, "unit": column.unit, "group": column.group}
            for column in snapshot.columns
            if column.name in trained.columns
        ],
        "inputs": list(trained.oof),
        "net": dict(trained.net),
        "folds": [
            {"weights": weights_name(fold), "sha256": digest, "preprocess": dict(trained.folds[fold].preprocess)}
            for fold, digest in enumerate(hashes)
        ],
        "weights_sha256": hash_of_weights(hashes),
        "thresholds": choose_thresholds(config.threshold_rule, labels, trained.oof),
        "calibration": {inputs: _sort_calibration(labels, p) for inputs, p in trained.oof.items()},
        # Fed with them or taught to tell them: what it learns beside its task is always one of its columns.
        "fe_taught": any(name.startswith(FE_NAMES) for name in trained.columns),
        "config": config.as_json(),
        "code_sha256": hash_of_code(),
        "versions": {name: version(name) for name in (("torch", "monai", "numpy") if config.is_net else ("numpy",))},
    }


def hash_of_code(folder: Path = CODE) -> str:
    """Return one hash over the source of the engine that trained: another version of it may give other weights."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *folder.glob("training/*.py"), *folder.glob("nets/*.py")]):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()


def _sort_calibration(labels: NDArray[np.int64], p: NDArray[np.float64]) -> dict[str, list[float]]:
    order = np.argsort(p, kind="stable")
    order = order[np.isfinite(p[order])]
    return {"p": p[order].tolist(), "label": labels[order].tolist()}


def _write_oof(path: Path, snapshot: Snapshot, fold_of: NDArray[np.int64], p: NDArray[np.float64]) -> None:
    labels = get_labels(snapshot)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        # In each row, so that a part of the table still says what kind of people it is of.
        origin = snapshot.origin.upper()
        writer.writerow(["token", "fold", "p", "label", "origin"])
        for token, fold, value, label in zip(snapshot.tokens, fold_of, p, labels, strict=True):
            if np.isfinite(value):
                writer.writerow([token, int(fold), repr(float(value)), int(label), origin])

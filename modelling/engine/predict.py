"""Predicts in a run folder: `python -m modelling.engine predict FOLDER`.

    FOLDER/model/         model.json and its weights, as a training left them
    FOLDER/inputs/        a snapshot folder without labels
    FOLDER/config.json    optional: {"inputs": "film"} for the radiograph alone
    FOLDER/result/predictions.csv    token,p,lower,upper
    FOLDER/result/sets.csv           token,compatible: the outcomes compatible with it ("0", "1", "01")
    FOLDER/result/predictions.json   hashes, counts, and from what it was predicted

It refuses inputs of another origin than the model's: what learned from simulated bones says nothing of a person.
"""

import csv
import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.metrics.tasks import NOT_ESTIMABLE, ONLY_SIMULATED, why_untaught
from modelling.engine.recipes import FILM_ONLY, WORDS_OF_INPUTS
from modelling.engine.training.intervals import Calibration
from modelling.engine.training.learners import get_learner
from modelling.engine.training.results import FORMAT, MODEL, hash_of_weights
from modelling.engine.training.run import set_threads
from modelling.engine.training.snapshot import Snapshot, read_snapshot
from modelling.engine.training.trained import NotFinite
from portal.jobs import reporting
from portal.proof import jcs


def main(folder: Path) -> int:
    """Predict; return the exit status."""
    return reporting.run_reporting(lambda: work_in(folder))


def work_in(folder: Path) -> int:
    """Do the prediction of a run folder; return the exit status."""
    content = (folder / "model" / MODEL).read_bytes()
    model = read_model(content)
    weights = read_weights(folder / "model", model)
    set_threads(int(model["config"]["threads"]))
    reporting.report_progress(0, 3, "reading the inputs")
    snapshot = read_snapshot(folder / "inputs")
    inputs = choose_inputs(folder / "config.json", model)
    check_fit(model, snapshot, inputs)
    if inputs == FILM_ONLY:
        snapshot = keep_film(model, snapshot)
    reporting.report_progress(1, 3, "predicting")
    try:
        p_of_folds = get_learner(str(model["recipe"])).load(model, weights)(snapshot, inputs)
        result = write_predictions(folder / "result", model, snapshot, inputs, p_of_folds)
    except NotFinite as error:
        reporting.report_failure(reporting.NOT_FINITE, str(error))
        return 1
    result |= {"model_sha256": hashlib.sha256(content).hexdigest(), "inputs_sha256": snapshot.sha256}
    (folder / "result" / "predictions.json").write_bytes(jcs.dumps(result))
    reporting.report_result(result)
    return 0


def read_model(content: bytes) -> Mapping[str, Any]:
    """Return what model.json says. Raises ValueError where it is none."""
    model = jcs.loads(content)
    if not isinstance(model, dict) or model.get("format") != FORMAT:
        raise ValueError(f"{MODEL} is no model of the format {FORMAT}")
    return model


def read_weights(folder: Path, model: Mapping[str, Any]) -> list[bytes]:
    """Return the weights of each fold. Raises ValueError where they are not those the model names."""
    found = []
    for fold in model["folds"]:
        name = Path(str(fold["weights"])).name
        content = (folder / name).read_bytes()
        if (digest := hashlib.sha256(content).hexdigest()) != fold["sha256"]:
            raise ValueError(f"{name} has the SHA-256 {digest}; the model says {fold['sha256']}")
        found.append(content)
    if hash_of_weights([str(fold["sha256"]) for fold in model["folds"]]) != model["weights_sha256"]:
        raise ValueError("the weights of the folds do not give the hash of all weights in the model")
    return found


def choose_inputs(path: Path, model: Mapping[str, Any]) -> str:
    """Return from what to predict: as asked in a file, else by all the model knows. Raises ValueError."""
    asked = jcs.loads(path.read_bytes()) if path.exists() else {}
    if not isinstance(asked, dict):
        raise ValueError(f"{path.name} holds no JSON object")
    inputs = asked.get("inputs", model["inputs"][0])
    if inputs not in model["inputs"]:
        raise ValueError(f"inputs is {inputs!r}; this model answers from {', '.join(model['inputs'])}")
    return str(inputs)


def check_fit(model: Mapping[str, Any], snapshot: Snapshot, inputs: str) -> None:
    """Raise ValueError where a model must not, or cannot, answer for these people."""
    check_origin(str(model["origin"]), snapshot.origin)
    if why := why_untaught(str(model["task"]), int(model["n_events"])):
        raise ValueError(f"the model of {model['task']} is locked: {NOT_ESTIMABLE}{why}")
    if snapshot.task != model["task"]:
        raise ValueError(f"the inputs are for the task {snapshot.task}; the model is of {model['task']}")
    if inputs == FILM_ONLY:
        return
    there = {column.name: column for column in snapshot.columns}
    for column in model["columns"]:
        if column["name"] not in there:
            raise ValueError(f"the inputs lack the column '{column['name']}'")
        found = there[column["name"]]
        if (found.unit, found.kind) != (column["unit"], column["kind"]):
            said = f"a {found.kind} in '{found.unit}'; the model learned a {column['kind']} in '{column['unit']}'"
            raise ValueError(f"the column '{column['name']}' is {said}")


def keep_film(model: Mapping[str, Any], snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with its radiographs alone: no other image, and each column of the model empty.

    What lies beside the radiograph is then not even read, so it may be absent or of any form.
    """
    empty = ("",) * snapshot.n
    films = {name: found for name, found in snapshot.images.items() if name == "film"}
    return replace(snapshot, cells={str(column["name"]): empty for column in model["columns"]}, images=films)


def check_origin(of_model: str, of_inputs: str) -> None:
    """Raise ValueError where a model would answer for an image of another origin. There is no way around it."""
    if of_model == of_inputs:
        return
    if of_model == "simulated":
        raise ValueError(ONLY_SIMULATED)
    raise ValueError("this model has learned from people; it shows no risk for a simulated bone")


def write_predictions(
    folder: Path, model: Mapping[str, Any], snapshot: Snapshot, inputs: str, p_of_folds: NDArray[np.float64]
) -> dict[str, Any]:
    """Write the predictions and return what is reported of them.

    p_of_folds: (folds, n); NaN for people who lack the inputs: they get no line and are counted.
    Raises NotFinite for a probability outside 0 to 1.
    """
    known = np.asarray(np.isfinite(p_of_folds).all(axis=0), np.bool_)
    if np.isinf(p_of_folds).any() or (p_of_folds[:, known] < 0).any() or (p_of_folds[:, known] > 1).any():
        raise NotFinite("A prediction is no probability from 0 to 1.")
    seen = model["calibration"][inputs]
    calibration = Calibration(np.array(seen["p"], np.float64), np.array(seen["label"], np.int64))
    p_known = p_of_folds[:, known]
    confidence = float(model["config"]["confidence"])
    # Summed exactly, so that the mean does not hang on the order of the folds.
    p = np.array([math.fsum(column) / p_known.shape[0] for column in p_known.T])
    lower, upper = calibration.interval(p_known)
    tokens = [token for token, is_known in zip(snapshot.tokens, known, strict=True) if is_known]
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[token, *map(repr, map(float, three))] for token, *three in zip(tokens, p, lower, upper, strict=True)]
    _write_csv(folder / "predictions.csv", ["token", "p", "lower", "upper"], rows)
    sets = calibration.compatible(p, confidence)
    _write_csv(folder / "sets.csv", ["token", "compatible"], [list(pair) for pair in zip(tokens, sets, strict=True)])
    return {
        "sha256": hashlib.sha256((folder / "predictions.csv").read_bytes()).hexdigest(),
        "n": len(tokens),
        "n_without_inputs": int((~known).sum()),
        "inputs": inputs,
        "inputs_words": WORDS_OF_INPUTS[inputs],
        "threshold": model["thresholds"][inputs]["value"],
        "confidence": confidence,
        "n_training": model["n"],
        "n_events_training": model["n_events"],
        "origin": model["origin"],
        "task": model["task"],
    }


def _write_csv(path: Path, head: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)

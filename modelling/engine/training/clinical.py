"""The recipe "clinical": ridge logistic regression on the table. Pure: numpy, no torch.

It starts over when it is interrupted: it takes seconds.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import numpy as safetensors

from modelling.engine.recipes import TABLE_ONLY
from modelling.engine.training import ridge
from modelling.engine.training.folds import split_into_folds
from modelling.engine.training.measure import measure_auc
from modelling.engine.training.progress import Point
from modelling.engine.training.snapshot import Column, Snapshot
from modelling.engine.training.table import TableScaler, choose_columns
from modelling.engine.training.trained import FoldModel, NotFinite, Predictor, Trained, Work

BETA = "beta"


def train(work: Work) -> Trained | None:
    """Fit one regression a fold; None if asked to stop."""
    config, snapshot = work.config, work.snapshot
    labels = get_labels(snapshot)
    columns = choose_columns(snapshot, config.columns)
    if not columns:
        raise ValueError("there is no column to learn from")
    fold_of = split_into_folds(labels, config.folds, config.seed)
    work.progress.begin([])
    oof = np.full(snapshot.n, np.nan)
    folds = []
    for fold in range(config.folds):
        if work.stop.asked:
            return None
        held = fold_of == fold
        model, p = _fit_fold(work, columns, labels, held, fold)
        folds.append(model)
        oof[held] = p
    return Trained(
        tuple(folds), fold_of, {TABLE_ONLY: oof}, {"kind": "ridge"}, (), tuple(column.name for column in columns)
    )


def load(model: Mapping[str, Any], weights: list[bytes]) -> Predictor:
    """Return the ensemble of a model folder."""
    betas = [safetensors.load(content)[BETA] for content in weights]
    scalers = [TableScaler.of(fold["preprocess"]["table"]) for fold in model["folds"]]

    def predict(snapshot: Snapshot, inputs: str) -> NDArray[np.float64]:
        if inputs != TABLE_ONLY:
            raise ValueError(f"this model answers from the table; it cannot answer from '{inputs}'")
        pairs = zip(betas, scalers, strict=True)
        return np.stack([ridge.predict(beta, scaler.transform(snapshot)) for beta, scaler in pairs])

    return predict


def get_labels(snapshot: Snapshot) -> NDArray[np.int64]:
    """Return the labels. Raises ValueError where the snapshot has none."""
    if snapshot.labels is None:
        raise ValueError("the snapshot holds no labels, so nothing can be learned from it")
    return snapshot.labels


def get_weights(snapshot: Snapshot, use_weights: bool) -> NDArray[np.float64] | None:
    """Return the survey weights if they are to be used. Raises ValueError where they are wanted and not there."""
    if use_weights and snapshot.weights is None:
        raise ValueError("use_weights is true, but the snapshot holds no weights")
    return snapshot.weights if use_weights else None


def _fit_fold(
    work: Work, columns: list[Column], labels: NDArray[np.int64], held: NDArray[np.bool_], fold: int
) -> tuple[FoldModel, NDArray[np.float64]]:
    config, snapshot = work.config, work.snapshot
    rows = np.flatnonzero(~held)
    scaler = TableScaler.fit(snapshot, columns, rows)
    features = scaler.transform(snapshot)
    weights = get_weights(snapshot, config.use_weights)
    seen, share = features[rows], None if weights is None else weights[rows]
    shrink = config.ridge if config.ridge is not None else ridge.choose_ridge(seen, labels[rows], config.seed, share)
    beta = np.zeros(features.shape[1] + 1)
    for number, found in enumerate(ridge.iterate_newton(seen, labels[rows], shrink, share, config.newton_steps), 1):
        beta = found.beta
        if not np.isfinite(beta).all() or not np.isfinite(found.loss):
            raise NotFinite(f"a coefficient of fold {fold + 1} is not finite. Start it again with a larger ridge.")
        auc = measure_auc(labels[held], ridge.predict(beta, features[held]))
        said = f"fold {fold + 1} of {config.folds}: step {number}, ridge {shrink:g}"
        work.progress.add(Point(fold, number, found.loss, auc), fold, said)
    preprocess = {"table": scaler.as_json(), "ridge": shrink}
    return FoldModel(safetensors.save({BETA: beta}), preprocess), ridge.predict(beta, features[held])

"""The scores of a training, from out-of-fold predictions of training people. Pure: numpy.

Two AUCs are shown, never the best fold's: the mean over folds, and one of all predictions pooled, whose folds have
different scales. What cannot be estimated is null with its reason, never 0.5.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.metrics.discrimination import auc, delong_logit_interval, weighted_auc
from modelling.engine.metrics.estimates import NotEstimable

Labels = NDArray[np.int64]
Vector = NDArray[np.float64]


def measure_auc(labels: Labels, p: Vector) -> float | None:
    """Return the AUC, or None where all labels are the same."""
    try:
        return auc(labels, p)
    except NotEstimable:
        return None


def measure_oof(labels: Labels, p: Vector, fold_of: NDArray[np.int64], weights: Vector | None = None) -> dict[str, Any]:
    """Return the scores of out-of-fold predictions.

    labels, p, fold_of, weights: (n,); people whose p is NaN lack the inputs and are left out and counted.
    """
    known = np.isfinite(p)
    truths, scores, folds = labels[known], p[known], fold_of[known]
    of_folds = [
        {
            "fold": int(fold),
            "n": int((folds == fold).sum()),
            "n_events": int(truths[folds == fold].sum()),
            "auc": measure_auc(truths[folds == fold], scores[folds == fold]),
        }
        for fold in np.unique(fold_of)
    ]
    estimable = [one["auc"] for one in of_folds if one["auc"] is not None]
    sheet: dict[str, Any] = {
        "n": int(known.sum()),
        "n_events": int(truths.sum()),
        "n_without_inputs": int((~known).sum()),
        "folds": of_folds,
        "auc_mean": float(np.mean(estimable)) if estimable else None,
        "n_folds_in_mean": len(estimable),
        "auc_pooled": _pool(truths, scores),
        "brier": float(np.mean((scores - truths) ** 2)) if truths.size else None,
    }
    if weights is not None:
        sheet["auc_weighted"] = _weigh(truths, scores, weights[known])
    return sheet


def blank_scores(sheet: Mapping[str, Any], why: str) -> dict[str, Any]:
    """Return scores with their counts alone and the reason, for a task that has too few events to be judged."""
    blank = dict(sheet) | {
        "folds": [{**fold, "auc": None} for fold in sheet["folds"]],
        "auc_mean": None,
        "n_folds_in_mean": 0,
        "auc_pooled": {"value": None, "lower": None, "upper": None, "why": why},
        "brier": None,
    }
    return blank | ({"auc_weighted": None} if "auc_weighted" in sheet else {})


def _pool(labels: Labels, p: Vector) -> Mapping[str, Any]:
    try:
        return asdict(delong_logit_interval(labels, p))
    except NotEstimable as error:
        return {"value": measure_auc(labels, p), "lower": None, "upper": None, "why": str(error)}


def _weigh(labels: Labels, p: Vector, weights: Vector) -> float | None:
    # Nobody stands for no one: a weight of 0 says that the survey did not examine this person.
    kept = weights > 0
    try:
        return weighted_auc(labels[kept], p[kept], weights[kept])
    except NotEstimable:
        return None

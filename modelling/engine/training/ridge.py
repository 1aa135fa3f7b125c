"""Ridge logistic regression by Newton's method. Pure: numpy in double precision.

Minimises  sum_i w_i log(1 + exp(-s_i (b + x_i c)))  +  ridge/2 |c|^2   with s = +-1; the intercept b is not shrunk.
Newton's step solves (X'WX + ridge) d = gradient with W = w p (1 - p): Hastie, Tibshirani, Friedman, The Elements of
Statistical Learning, 2nd ed., section 4.4.1, with the penalty of le Cessie and van Houwelingen, Appl Stat 41:191
(1992).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.training.folds import split_into_folds

RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""What the inner cross-validation chooses from."""

INNER_FOLDS = 5
TOLERANCE = 1e-10

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Coefficients after some Newton steps. beta: (1 + width,), the intercept first; loss: mean weighted deviance/2."""

    beta: Vector
    loss: float
    converged: bool


def predict(beta: Vector, features: Vector) -> Vector:
    """Return the probability for each row of features (n, width)."""
    return _sigmoid(beta[0] + features @ beta[1:])


def iterate_newton(
    features: Vector, labels: NDArray[np.int64], ridge: float, weights: Vector | None = None, steps: int = 50
) -> Iterator[Fit]:
    """Yield the fit after each Newton step, until it stands still or `steps` are done.

    features: (n, width), labels: (n,) 0 or 1, weights: (n,) or None for 1 each.
    A step that would make the penalised loss larger is halved until it does not.
    """
    n, width = features.shape
    design = np.concatenate([np.ones((n, 1)), features], axis=1)
    share = np.ones(n) if weights is None else weights
    penalty = np.full(width + 1, ridge)
    penalty[0] = 0.0
    beta = np.zeros(width + 1)
    value = _objective(design, labels, share, penalty, beta)
    for _ in range(steps):
        p = _sigmoid(design @ beta)
        gradient = design.T @ (share * (labels - p)) - penalty * beta
        curvature = (design * (share * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        beta, value = _take_step(design, labels, share, penalty, beta, step, value)
        converged = bool(np.abs(gradient).max() < TOLERANCE * n)
        yield Fit(beta, _objective(design, labels, share, 0 * penalty, beta) / float(share.sum()), converged)
        if converged:
            return


def fit(
    features: Vector, labels: NDArray[np.int64], ridge: float, weights: Vector | None = None, steps: int = 50
) -> Fit:
    """Return the fit where Newton's method stands still."""
    *_, last = iterate_newton(features, labels, ridge, weights, steps)
    return last


def choose_ridge(features: Vector, labels: NDArray[np.int64], seed: int, weights: Vector | None = None) -> float:
    """Return the penalty with the least deviance in an inner cross-validation; the largest of equals.

    With fewer than two people of a label in every inner fold there is nothing to choose by: 10 is taken.
    """
    if min(int(labels.sum()), int((1 - labels).sum())) < 2 * INNER_FOLDS:
        return 10.0
    fold_of = split_into_folds(labels, INNER_FOLDS, seed)
    share = np.ones(labels.size) if weights is None else weights
    losses = []
    for ridge in RIDGES:
        p = np.empty(labels.size)
        for fold in range(INNER_FOLDS):
            held = fold_of == fold
            beta = fit(features[~held], labels[~held], ridge, share[~held]).beta
            p[held] = predict(beta, features[held])
        safe = np.clip(p, 1e-12, 1 - 1e-12)
        losses.append(float(-(share * np.where(labels == 1, np.log(safe), np.log(1 - safe))).sum()))
    return max(ridge for ridge, loss in zip(RIDGES, losses, strict=True) if loss <= min(losses) + 1e-12)


def _take_step(
    design: Vector, labels: NDArray[np.int64], share: Vector, penalty: Vector, beta: Vector, step: Vector, value: float
) -> tuple[Vector, float]:
    length = 1.0
    while length > 1e-8:
        tried = beta + length * step
        found = _objective(design, labels, share, penalty, tried)
        if found <= value:
            return tried, found
        length /= 2
    return beta, value


def _objective(design: Vector, labels: NDArray[np.int64], share: Vector, penalty: Vector, beta: Vector) -> float:
    margin = (2 * labels - 1) * (design @ beta)
    return float((share * np.logaddexp(0, -margin)).sum() + 0.5 * (penalty * beta * beta).sum())


def _sigmoid(values: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -700, 700))), np.float64)

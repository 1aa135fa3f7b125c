"""Whether predicted risks mean what they say: Brier, observed over expected, intercept and slope, the smooth curve."""

from dataclasses import dataclass
from math import exp, fsum, log, sqrt

import numpy as np
import numpy.typing as npt

from modelling.engine.metrics.estimates import (
    LEVEL,
    Array,
    Estimate,
    NotEstimable,
    as_scores,
    as_truths,
    normal_quantile,
)
from modelling.engine.metrics.lowess import lowess

ENOUGH_EACH = 100
"""With and without the outcome, before intercept and slope say much: Collins et al., Stat Med 35:214 (2016)."""

_HALVINGS = 60


def brier(labels: npt.ArrayLike, risks: npt.ArrayLike) -> float:
    """Return the mean squared distance of risk and outcome, 0 best. Brier, Mon Weather Rev 78:1 (1950)."""
    truths = as_truths(labels)
    if not truths.size:
        raise NotEstimable("there is nobody to count")
    return fsum((_risks(risks, truths.size) - truths) ** 2) / truths.size


def brier_interval(labels: npt.ArrayLike, risks: npt.ArrayLike, level: float = LEVEL) -> Estimate:
    """Return the Brier score with the interval of a mean of squared errors, cut at 0 and 1.

    Raises NotEstimable for fewer than two people.
    """
    truths = as_truths(labels)
    if truths.size < 2:
        raise NotEstimable("an interval wants at least two people")
    errors = (_risks(risks, truths.size) - truths) ** 2
    value = fsum(errors) / truths.size
    half = normal_quantile(level) * sqrt(fsum((errors - value) ** 2) / (truths.size - 1) / truths.size)
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), level, "normal")


def observed_over_expected(labels: npt.ArrayLike, risks: npt.ArrayLike, level: float = LEVEL) -> Estimate:
    """Return events seen over events expected, 1 best. Interval on the log scale: Debray et al., BMJ 356:i6460 (2017).

    Raises NotEstimable if nobody has the outcome or no event is expected.
    """
    truths = as_truths(labels)
    observed, expected = int(truths.sum()), fsum(_risks(risks, truths.size))
    if observed == 0 or expected <= 0:
        raise NotEstimable("nobody has the outcome, or no event is expected")
    ratio = observed / expected
    half = normal_quantile(level) * sqrt((1 - observed / truths.size) / observed)
    return Estimate(ratio, ratio * exp(-half), ratio * exp(half), level, "log scale")


@dataclass(frozen=True)
class Fit:
    """A logistic fit: coefficients (column,) with the intercept first, and their covariance (column, column)."""

    coefficients: Array
    covariance: Array

    def estimate(self, column: int, level: float = LEVEL) -> Estimate:
        """Return one coefficient with its Wald interval."""
        value, half = float(self.coefficients[column]), normal_quantile(level) * sqrt(self.covariance[column, column])
        return Estimate(value, value - half, value + half, level, "Wald")


def fit_logistic(columns: npt.ArrayLike, labels: npt.ArrayLike, offset: Array | None = None) -> Fit:
    """Return the maximum-likelihood logistic fit of labels on columns, (person, column), an intercept added.

    offset: (person,) added to the linear predictor with a coefficient of 1.
    Raises NotEstimable where there is none, as when a column separates the labels. By Newton's steps, each halved
    until the fit is no worse: from far away a whole step leaps over the end and the next one back further still.
    """
    truths = as_truths(labels).astype(np.float64)
    table = np.column_stack([np.ones(truths.size), np.asarray(columns, dtype=np.float64).reshape(truths.size, -1)])
    given = np.zeros(truths.size) if offset is None else offset
    beta = np.zeros(table.shape[1])
    for _ in range(60):
        risk = _expit(table @ beta + given)
        information = table.T @ (table * (risk * (1 - risk))[:, None])
        try:
            step: Array = np.asarray(np.linalg.solve(information, table.T @ (truths - risk)), dtype=np.float64)
        except np.linalg.LinAlgError:
            break
        step = _shorten(step, beta, table, given, truths)
        beta = beta + step
        if not np.isfinite(beta).all() or np.abs(table @ beta).max() > 500:
            break
        if np.abs(step).max() < 1e-12 * max(1.0, float(np.abs(beta).max())):
            return Fit(beta, np.asarray(np.linalg.inv(information), dtype=np.float64))
    raise NotEstimable("the fit has no end: the risks separate the outcome, or do not vary")


def _shorten(step: Array, beta: Array, table: Array, given: Array, truths: Array) -> Array:
    """Return the step, halved until the likelihood is no less behind it; rounding at the end of a fit is no loss."""
    sign = 2 * truths - 1

    def miss(at: Array) -> float:
        return float(np.logaddexp(0, -sign * (table @ at + given)).sum())

    before = miss(beta)
    for _ in range(_HALVINGS):
        if miss(beta + step) <= before * (1 + 1e-9):
            break
        step = step / 2
    return step


@dataclass(frozen=True)
class Recalibration:
    """Intercept and slope of the outcome on the logit of the risk, fitted together, and the intercept at slope 1."""

    intercept: Estimate
    slope: Estimate
    in_the_large: Estimate


def recalibrate(labels: npt.ArrayLike, risks: npt.ArrayLike, level: float = LEVEL) -> Recalibration:
    """Return the recalibration of risks; 0 and 1 are best for intercept and slope.

    Raises NotEstimable if a risk is exactly 0 or 1, or where the fit has no end. Cox, Biometrika 45:562 (1958).
    """
    logits = _logits(_risks(risks, as_truths(labels).size))
    both = fit_logistic(logits, labels)
    alone = fit_logistic(np.empty((logits.size, 0)), labels, offset=logits)
    return Recalibration(both.estimate(0, level), both.estimate(1, level), alone.estimate(0, level))


@dataclass(frozen=True)
class Smooth:
    """The calibration curve and its distance from the diagonal: mean, 90th percentile and largest."""

    risks: Array
    observed: Array
    e_avg: float
    e90: float
    e_max: float


def smooth_calibration(labels: npt.ArrayLike, risks: npt.ArrayLike) -> Smooth:
    """Return the smoothed share of events at each risk, (person,) in the order of risk.

    Measures of Harrell's val.prob (Regression Modeling Strategies, 2015, 10.9), with its lowess.
    """
    truths = as_truths(labels)
    if truths.size < 2:
        raise NotEstimable("a curve wants at least two people")
    x, observed = lowess(_risks(risks, truths.size), truths)
    off = np.abs(x - observed)
    return Smooth(x, observed, fsum(off) / off.size, float(np.quantile(off, 0.9)), float(off.max()))


def spiegelhalter_z(labels: npt.ArrayLike, risks: npt.ArrayLike) -> float:
    """Return Spiegelhalter's z of calibration, near 0 where risks are right. Stat Med 5:421 (1986).

    Raises NotEstimable where every risk is 0, 0.5 or 1.
    """
    truths = as_truths(labels)
    p = _risks(risks, truths.size)
    variance = fsum((1 - 2 * p) ** 2 * p * (1 - p))
    if variance <= 0:
        raise NotEstimable("every risk is 0, 0.5 or 1")
    return fsum((truths - p) * (1 - 2 * p)) / sqrt(variance)


def refuse_few(n: int, n_events: int) -> None:
    """Raise NotEstimable, with the reason as a sentence, where so few people cannot settle calibration."""
    if min(n_events, n - n_events) < ENOUGH_EACH:
        raise NotEstimable(
            f"{n} people, {n_events} of them with the outcome, cannot settle calibration: "
            f"at least {ENOUGH_EACH} with it and {ENOUGH_EACH} without are wanted (Collins 2016)"
        )


def _risks(risks: npt.ArrayLike, n: int) -> Array:
    found = as_scores(risks, n)
    if ((found < 0) | (found > 1)).any():
        raise ValueError("a risk lies outside 0 to 1")
    return found


def _logits(risks: Array) -> Array:
    if ((risks <= 0) | (risks >= 1)).any():
        raise NotEstimable("a risk is exactly 0 or 1, so its logit is not finite")
    return np.array([log(p / (1 - p)) for p in risks])


def _expit(x: Array) -> Array:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))

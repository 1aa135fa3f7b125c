"""How well two measurements, or several readers, agree."""

from dataclasses import dataclass
from math import atanh, fsum, sqrt, tanh

import numpy as np
import numpy.typing as npt

from modelling.engine.metrics.distributions import f_quantile, t_quantile
from modelling.engine.metrics.estimates import LEVEL, Estimate, NotEstimable, normal_quantile

_LIMITS = 1.96
"""The width of the limits of agreement in SD, as Bland & Altman print it."""


@dataclass(frozen=True)
class Intraclass:
    """The six intraclass correlations: one rater and the mean of k raters, in three designs."""

    icc1: Estimate
    icc2: Estimate
    icc3: Estimate
    icc1k: float
    icc2k: float
    icc3k: float


def intraclass(ratings: npt.ArrayLike, level: float = LEVEL) -> Intraclass:
    """Return the intraclass correlations of a table of ratings, (target, rater), without holes.

    1: raters drawn anew for each target; 2: the same raters, drawn from many; 3: these raters alone.
    Raises ValueError for fewer than two targets or raters, NotEstimable where nobody varies.
    Definition and intervals: Shrout & Fleiss, Psychol Bull 86:420 (1979).
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise ValueError(f"ratings of the shape {table.shape}: two targets and two raters or more, all there")
    n, k = table.shape
    grand = table.mean()
    between = k * fsum((table.mean(axis=1) - grand) ** 2) / (n - 1)
    of_raters = n * fsum((table.mean(axis=0) - grand) ** 2) / (k - 1)
    within = fsum(((table - table.mean(axis=1, keepdims=True)) ** 2).ravel()) / (n * (k - 1))
    error = (n * (k - 1) * within - (k - 1) * of_raters) / ((n - 1) * (k - 1))
    if within <= 0 or error <= 0:
        raise NotEstimable("the raters agree to the last digit, so there is no error to compare with")
    one = (between - within) / (between + (k - 1) * within)
    two = (between - error) / (between + (k - 1) * error + k * (of_raters - error) / n)
    three = (between - error) / (between + (k - 1) * error)
    alpha = 1 - level
    return Intraclass(
        _by_f(one, between / within, k, (n - 1, n * (k - 1)), alpha),
        _second(two, (between, of_raters, error), (n, k), alpha),
        _by_f(three, between / error, k, (n - 1, (n - 1) * (k - 1)), alpha),
        (between - within) / between,
        (between - error) / (between + (of_raters - error) / n),
        (between - error) / between,
    )


def _by_f(value: float, f: float, k: int, df: tuple[int, int], alpha: float) -> Estimate:
    low = f / f_quantile(1 - alpha / 2, df[0], df[1])
    high = f * f_quantile(1 - alpha / 2, df[1], df[0])
    lower, upper = ((bound - 1) / (bound + k - 1) for bound in (low, high))
    return Estimate(value, lower, upper, 1 - alpha, "Shrout & Fleiss, F")


def _second(value: float, squares: tuple[float, float, float], shape: tuple[int, int], alpha: float) -> Estimate:
    between, of_raters, error = squares
    n, k = shape
    ratio = of_raters / error
    numerator = k * value * ratio + n * (1 + (k - 1) * value) - k * value
    df = (
        (k - 1)
        * (n - 1)
        * numerator**2
        / ((n - 1) * k**2 * value**2 * ratio**2 + (n * (1 + (k - 1) * value) - k * value) ** 2)
    )
    high_f, low_f = f_quantile(1 - alpha / 2, n - 1, df), f_quantile(1 - alpha / 2, df, n - 1)
    rest = k * of_raters + (k * n - k - n) * error
    lower = n * (between - high_f * error) / (high_f * rest + n * between)
    upper = n * (low_f * between - error) / (rest + n * low_f * between)
    return Estimate(value, lower, upper, 1 - alpha, "Shrout & Fleiss, F by Satterthwaite")


@dataclass(frozen=True)
class Concordance:
    """Lin's concordance and what it is made of: precision r, scale shift, location shift, accuracy C_b."""

    estimate: Estimate
    r: float
    scale: float
    shift: float
    accuracy: float


def concordance(first: npt.ArrayLike, second: npt.ArrayLike, level: float = LEVEL) -> Concordance:
    """Return Lin's concordance correlation of paired measurements, each (person,), with moments over n.

    Raises NotEstimable for fewer than three pairs, or where one does not vary.
    Definition: Lin, Biometrics 45:255 (1989), with the correction of 56:324 (2000); interval by Fisher's z.
    """
    x, y = _pairs(first, second)
    mean_x, mean_y = fsum(x) / x.size, fsum(y) / y.size
    var_x, var_y = fsum((x - mean_x) ** 2) / x.size, fsum((y - mean_y) ** 2) / y.size
    both = fsum((x - mean_x) * (y - mean_y)) / x.size
    if var_x <= 0 or var_y <= 0 or both == 0:
        raise NotEstimable("one of the two does not vary, or they do not vary together")
    ccc = 2 * both / (var_x + var_y + (mean_x - mean_y) ** 2)
    r, u = both / sqrt(var_x * var_y), (mean_x - mean_y) / (var_x * var_y) ** 0.25
    variance = (
        (1 - r * r) * ccc**2 * (1 - ccc**2) / (r * r)
        + 2 * ccc**3 * (1 - ccc) * u**2 / r
        - 0.5 * ccc**4 * u**4 / (r * r)
    ) / (x.size - 2)
    half = normal_quantile(level) * sqrt(max(0.0, variance)) / (1 - ccc**2) if abs(ccc) < 1 else 0.0
    bounds = [tanh(atanh(ccc) + sign * half) for sign in (-1, 1)] if abs(ccc) < 1 else [ccc, ccc]
    return Concordance(Estimate(ccc, bounds[0], bounds[1], level, "Lin, Fisher z"), r, sqrt(var_x / var_y), u, ccc / r)


@dataclass(frozen=True)
class Limits:
    """Bland & Altman: the mean difference with its interval, its SD, and the limits of agreement; all in its unit."""

    bias: Estimate
    sd: float
    lower: float
    upper: float


def bland_altman(first: npt.ArrayLike, second: npt.ArrayLike, level: float = LEVEL) -> Limits:
    """Return the limits of agreement of paired measurements (first minus second), in their unit.

    Raises NotEstimable for fewer than three pairs. Definition: Bland & Altman, Lancet 1:307 (1986).
    """
    x, y = _pairs(first, second)
    differences = x - y
    bias = fsum(differences) / x.size
    sd = sqrt(fsum((differences - bias) ** 2) / (x.size - 1))
    half = t_quantile(level, x.size - 1) * sd / sqrt(x.size)
    estimate = Estimate(bias, bias - half, bias + half, level, "t")
    return Limits(estimate, sd, bias - _LIMITS * sd, bias + _LIMITS * sd)


def _pairs(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError(f"pairs of the shapes {x.shape} and {y.shape}: two equal rows of finite numbers were wanted")
    if x.size < 3:
        raise NotEstimable(f"{x.size} pairs: at least three are wanted")
    return x, y

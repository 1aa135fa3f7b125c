"""What every metric returns: a value with its interval and the name of its method, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Truths: TypeAlias = npt.NDArray[np.bool_]

LEVEL = 0.95
"""The coverage of every interval, unless a protocol says otherwise."""


class NotEstimable(ValueError):
    """The data cannot answer; the text says why. Never replaced by a number such as 0.5."""


@dataclass(frozen=True)
class Estimate:
    """A value and its interval.

    value, lower, upper: in the metric's own unit. level: coverage from 0 to 1. method: how the interval was made.
    """

    value: float
    lower: float
    upper: float
    level: float
    method: str


def normal_quantile(level: float) -> float:
    """Return z so that a standard normal value lies within -z and z with this probability."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def as_truths(labels: Sequence[int] | npt.ArrayLike) -> Truths:
    """Return labels as a (person,) bool array. Raises ValueError if one is neither 0 nor 1."""
    found = np.asarray(labels)
    if found.ndim != 1:
        raise ValueError(f"labels have {found.ndim} axes, one was wanted")
    if not np.isin(found, (0, 1)).all():
        raise ValueError("a label is neither 0 nor 1")
    return found.astype(bool)


def as_scores(scores: Sequence[float] | npt.ArrayLike, n: int) -> Array:
    """Return scores as a (person,) float64 array of n values. Raises ValueError if one is missing or not finite."""
    found = np.asarray(scores, dtype=np.float64)
    if found.shape != (n,):
        raise ValueError(f"scores have the shape {found.shape}, ({n},) was wanted")
    if not np.isfinite(found).all():
        raise ValueError("a score is not a finite number")
    return found


def split_by_label(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[Array, Array]:
    """Return the scores of those with the outcome and of those without, each (person,).

    Raises NotEstimable if one of the two groups is empty.
    """
    truths = as_truths(labels)
    found = as_scores(scores, truths.size)
    with_it, without = found[truths], found[~truths]
    if not with_it.size or not without.size:
        who = "nobody has" if not with_it.size else "everybody has"
        raise NotEstimable(f"{who} the outcome among {truths.size} people")
    return with_it, without

"""How uncertain one prediction is, by what out-of-fold predictions of training people turned out to be worth.

Two answers, for two questions:
- *How likely, give or take?* An interval around the probability: it spans what the models of the folds said and the
  pair of probabilities of the Venn-Abers predictor (Vovk, Petej, Fedorova, NIPS 28 (2015)): isotonic regression of the
  outcomes on the scores, once with this person added as having the outcome and once as not having it. Over many people
  the outcomes are as frequent as the lower or the upper numbers promise: one of the two is calibrated.
- *Which outcome is compatible?* A conformal set of outcomes, one class at a time (Vovk, Gammerman, Shafer, Algorithmic
  Learning in a Random World, 2nd ed., 4.6): it holds the true outcome for at least the stated share of people of each
  class if they are exchangeable with the calibration people.

The scores come from cross-validation and the prediction from the mean of the folds' models, so exchangeability holds
nearly, not exactly (Barber et al., Ann Stat 49:486 (2021)). Pure: numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

MOST_POINTS = 256
"""Calibration scores are gathered into at most so many neighbours of equal number; more would not be seen."""

NO, YES = "0", "1"


@dataclass(frozen=True)
class Calibration:
    """Out-of-fold predictions of training people and what they turned out to be: p (n,), labels (n,) 0 or 1."""

    p: Vector
    labels: NDArray[np.int64]

    def interval(self, p_of_folds: Vector) -> tuple[Vector, Vector]:
        """Return lower and upper probability for each person; p_of_folds: (folds, n)."""
        middle = p_of_folds.mean(axis=0)
        low, high = self._venn_abers(middle)
        return np.minimum(low, p_of_folds.min(axis=0)), np.maximum(high, p_of_folds.max(axis=0))

    def compatible(self, p: Vector, confidence: float) -> list[str]:
        """Return for each person the outcomes that are compatible with p: "0", "1", "01" or "" for neither."""
        with_no = p <= self._limit(0, confidence)
        with_yes = 1 - p <= self._limit(1, confidence)
        return [(NO if no else "") + (YES if yes else "") for no, yes in zip(with_no, with_yes, strict=True)]

    def _limit(self, label: int, confidence: float) -> float:
        """Return how unfitting a score of this class may be; infinite where there are too few to say."""
        unfitting = np.sort(np.abs(label - self.p[self.labels == label]))
        place = int(np.ceil((unfitting.size + 1) * confidence - 1e-9))
        return float(unfitting[place - 1]) if 1 <= place <= unfitting.size else float("inf")

    def _venn_abers(self, p: Vector) -> tuple[Vector, Vector]:
        scores, events, counts = self._points
        found: dict[int, tuple[float, float]] = {}
        # Only the place among the calibration scores matters: twice its rank, and one more if equal to none.
        left, right = np.searchsorted(scores, p, "left"), np.searchsorted(scores, p, "right")
        places = left + right
        for place in np.unique(places):
            found[int(place)] = (
                _isotonic_with(events, counts, int(place), 0.0),
                _isotonic_with(events, counts, int(place), 1.0),
            )
        pairs = [found[int(place)] for place in places]
        return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])

    @cached_property
    def _points(self) -> tuple[Vector, Vector, Vector]:
        """Distinct scores rising, how many events and how many people each stands for."""
        order = np.argsort(self.p, kind="stable")
        pieces = np.array_split(order, min(MOST_POINTS, order.size))
        gathered = np.concatenate([np.full(piece.size, self.p[piece].mean()) for piece in pieces])
        scores: Vector
        scores, place = np.unique(gathered, return_inverse=True)
        counts = np.asarray(np.bincount(place), np.float64)
        events = np.asarray(np.bincount(place, weights=self.labels[order]), np.float64)
        return scores, events, counts


def fit_isotonic(values: Sequence[float], counts: Sequence[float]) -> Vector:
    """Return the nearest rising sequence to means `values` of `counts` people each, by pooling adjacent violators.

    Method: Ayer et al., Ann Math Stat 26:641 (1955).
    """
    blocks: list[tuple[float, float, int]] = []  # sum of events, people, points
    for value, count in zip(values, counts, strict=True):
        blocks.append((value * count, count, 1))
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            events, people, points = blocks.pop()
            before = blocks.pop()
            blocks.append((before[0] + events, before[1] + people, before[2] + points))
    return np.concatenate([np.full(points, events / people) for events, people, points in blocks])


def _isotonic_with(events: Vector, counts: Vector, place: int, label: float) -> float:
    """Return the isotonic value of one more person with this label at a place among the calibration points."""
    position, is_new = place // 2, place % 2 == 0
    if is_new:
        all_events, all_counts = np.insert(events, position, label), np.insert(counts, position, 1.0)
    else:
        all_events, all_counts = events.copy(), counts.copy()
        all_events[position] += label
        all_counts[position] += 1
    return float(fit_isotonic((all_events / all_counts).tolist(), all_counts.tolist())[position])

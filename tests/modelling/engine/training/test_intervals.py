"""How uncertain one prediction is: hand-made cases, and coverage over many simulated people."""

import numpy as np
import pytest

from modelling.engine.training.intervals import MOST_POINTS, Calibration, fit_isotonic


def draw(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are not calibrated: the true probability is their square root."""
    p = random.random(n)
    return p, (random.random(n) < np.sqrt(p)).astype(np.int64)


def test_pooling_adjacent_violators_by_hand() -> None:
    assert fit_isotonic([1.0, 0.0, 0.5], [1, 1, 2]).tolist() == [0.5, 0.5, 0.5]
    assert fit_isotonic([0.0, 1.0, 0.0, 1.0], [1, 1, 1, 1]).tolist() == [0, 0.5, 0.5, 1]


def test_the_pair_of_probabilities_by_hand() -> None:
    # Three without at 0.1 0.2 0.3, three with at 0.7 0.8 0.9; a new 0.5. As a case: 1 of 1. As none: 0 of 4.
    calibration = Calibration(np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]), np.array([0, 0, 0, 1, 1, 1]))
    lower, upper = calibration.interval(np.array([[0.5, 0.05]]))
    assert lower.tolist() == [0, 0]
    # At 0.05 as a case: the one new case is pooled with the three below him, 1 of 4.
    assert upper.tolist() == [1, 0.25]


def test_the_interval_spans_what_the_folds_said() -> None:
    p, labels = draw(np.random.default_rng(1), 300)
    folds = np.array([[0.2], [0.9]])
    lower, upper = Calibration(p, labels).interval(folds)
    assert lower[0] <= 0.2
    assert upper[0] >= 0.9


def test_outcomes_are_as_frequent_as_the_intervals_promise() -> None:
    random = np.random.default_rng(7)
    calibration = Calibration(*draw(random, 400))
    p, labels = draw(random, 4000)
    lower, upper = calibration.interval(p[None])
    for low, high in [(0, 0.3), (0.3, 0.6), (0.6, 1)]:
        here = (p >= low) & (p < high)
        noise = 3 * 0.5 / np.sqrt(here.sum())
        assert lower[here].mean() - noise <= labels[here].mean() <= upper[here].mean() + noise
    assert p.mean() != pytest.approx(labels.mean(), abs=0.1), "the scores themselves must be wrong for this to tell"


@pytest.mark.parametrize("n", [100, 3 * MOST_POINTS])
def test_the_compatible_outcomes_hold_the_true_one_as_often_as_stated(n: int) -> None:
    random = np.random.default_rng(11)
    held = np.zeros(2)
    asked = np.zeros(2)
    for _ in range(60):
        calibration = Calibration(*draw(random, n))
        p, labels = draw(random, 200)
        sets = calibration.compatible(p, confidence=0.9)
        for label in (0, 1):
            asked[label] += (labels == label).sum()
            held[label] += sum(str(label) in one for one, true in zip(sets, labels, strict=True) if true == label)
    # 60 calibrations: the mean coverage of a class lies within 0.02 of its promise, above it by at most 1/(n_class+1).
    assert (held / asked > 0.88).all()
    assert (held / asked < 0.96).all()


def test_with_too_few_people_both_outcomes_stay_compatible() -> None:
    calibration = Calibration(np.array([0.1, 0.2, 0.8]), np.array([0, 0, 1]))
    assert calibration.compatible(np.array([0.0, 1.0]), 0.9) == ["01", "01"]


def test_many_people_are_gathered_and_say_the_same() -> None:
    p, labels = draw(np.random.default_rng(2), 20 * MOST_POINTS)
    lower, upper = Calibration(p, labels).interval(np.array([[0.25]]))
    assert lower[0] == 0.25, "the interval always holds what the folds said"
    assert upper[0] == pytest.approx(0.5, abs=0.07)

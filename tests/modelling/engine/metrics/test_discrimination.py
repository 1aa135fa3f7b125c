"""AUC, DeLong, ROC: against pROC 1.18.0 (R 4.2.2) on its data set aSAH, and by hand."""

from statistics import NormalDist

import numpy as np
import pytest

from modelling.engine.metrics.discrimination import (
    EXACT_BOUND,
    auc,
    compare_paired,
    compare_unpaired,
    confusion_at,
    covariance,
    delong_components,
    delong_interval,
    delong_logit_interval,
    partial_auc,
    roc_points,
    weighted_auc,
    youden_threshold,
)
from modelling.engine.metrics.estimates import NotEstimable
from tests.modelling.engine.metrics.reference import read_asah


@pytest.mark.parametrize(
    ("marker", "value", "variance", "lower", "upper"),
    [
        ("s100b", 0.731368563686, 0.00266868245717, 0.630118211762, 0.832618915610),
        ("ndka", 0.61195799458, 0.00319081054939, 0.501244999272, 0.722670989888),
        ("wfns", 0.823678861789, 0.00146991470882, 0.748534887819, 0.898822835758),
    ],
)
def test_auc_variance_and_interval_are_those_of_proc(
    marker: str, value: float, variance: float, lower: float, upper: float
) -> None:
    data = read_asah()
    found = delong_interval(data.poor, getattr(data, marker))
    assert found.value == pytest.approx(value, abs=1e-11)
    assert delong_components(data.poor, getattr(data, marker)).variance == pytest.approx(variance, abs=1e-13)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "z", "p", "shared"),
    [
        ("s100b", "wfns", -2.20898359144, 0.0271757822292, 0.00119615567377),
        ("s100b", "ndka", 1.39077002574, 0.164295175223, -0.000756164938057),
        ("ndka", "wfns", -2.79777591869, 0.00514557970691, None),
    ],
)
def test_paired_comparisons_are_those_of_proc(
    first: str, second: str, z: float, p: float, shared: float | None
) -> None:
    data = read_asah()
    one, other = getattr(data, first), getattr(data, second)
    found = compare_paired(data.poor, one, other)
    assert (found.statistic, found.p) == pytest.approx((z, p), abs=1e-9)
    if shared is not None:
        both = delong_components(data.poor, one), delong_components(data.poor, other)
        assert covariance(*both) == pytest.approx(shared, abs=1e-13)


def test_the_interval_of_a_paired_difference_is_that_of_proc() -> None:
    data = read_asah()
    found = compare_paired(data.poor, data.s100b, data.wfns).estimate
    assert (found.lower, found.upper) == pytest.approx((-0.174214419249, -0.0104061769565), abs=1e-9)
    found = compare_paired(data.poor, data.s100b, data.ndka).estimate
    assert (found.lower, found.upper) == pytest.approx((-0.0488706064228, 0.287691744634), abs=1e-9)


def test_the_unpaired_comparison_of_men_and_women_is_that_of_proc() -> None:
    data = read_asah()
    men, women = (delong_components(data.poor[who], data.s100b[who]) for who in (data.male, ~data.male))
    found = compare_unpaired(men, women)
    assert (men.auc, women.auc) == pytest.approx((0.772727272727, 0.72), abs=1e-11)
    assert (found.statistic, found.df, found.p) == pytest.approx(
        (0.501880774327, 106.462550029, 0.616787759258), abs=1e-8
    )


def test_youdens_threshold_is_that_of_proc() -> None:
    data = read_asah()
    assert youden_threshold(data.poor, data.s100b) == pytest.approx(0.205)
    assert youden_threshold(data.poor, data.wfns) == pytest.approx(3.5)
    counts = confusion_at(data.poor, data.s100b, 0.205)
    assert counts.tn / (counts.tn + counts.fp) == pytest.approx(0.805555555556, abs=1e-12)
    assert counts.tp / (counts.tp + counts.fn) == pytest.approx(0.634146341463, abs=1e-12)
    assert counts.tp / (counts.tp + counts.fp) == pytest.approx(0.65)
    assert counts.tn / (counts.tn + counts.fn) == pytest.approx(0.794520547945, abs=1e-12)
    assert (counts.tp + counts.tn) / 113 == pytest.approx(0.743362831858, abs=1e-12)


def test_the_partial_auc_is_that_of_proc() -> None:
    data = read_asah()
    assert partial_auc(data.poor, data.s100b, 0.9) == pytest.approx(0.0327574525745, abs=1e-12)
    assert partial_auc(data.poor, data.s100b, 0.0) == pytest.approx(auc(data.poor, data.s100b), abs=1e-12)


def test_ties_count_half() -> None:
    # By hand: of 2 x 2 pairs, 0.5 > 0.2 twice... pairs (0.5, 0.5) tie, (0.5, 0.2) won, (0.9, 0.5) won, (0.9, 0.2) won.
    assert auc([1, 1, 0, 0], [0.5, 0.9, 0.5, 0.2]) == 3.5 / 4
    assert auc([1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5]) == 0.5


def test_an_auc_of_one_group_is_not_estimable_and_never_a_half() -> None:
    with pytest.raises(NotEstimable, match="nobody has the outcome among 3 people"):
        auc([0, 0, 0], [0.1, 0.2, 0.3])
    with pytest.raises(NotEstimable, match="everybody has the outcome"):
        auc([1, 1], [0.1, 0.2])


def test_a_single_event_has_an_auc_but_no_interval() -> None:
    assert auc([1, 0, 0], [0.9, 0.1, 0.2]) == 1
    with pytest.raises(NotEstimable, match="at least two of each"):
        delong_interval([1, 0, 0], [0.9, 0.1, 0.2])


def test_a_perfect_separation_has_an_exact_lower_bound() -> None:
    found = delong_interval([1] * 6 + [0] * 24, np.linspace(1, 0, 30))
    # 0.025 ** (1 / 6): the lower bound of Clopper & Pearson for 6 of 6.
    assert (found.value, found.upper, found.method) == (1, 1, EXACT_BOUND)
    assert found.lower == pytest.approx(0.540741, abs=1e-6)
    turned = delong_interval([0] * 6 + [1] * 24, np.linspace(1, 0, 30))
    assert (turned.value, turned.lower) == (0, 0)
    assert turned.upper == pytest.approx(1 - 0.540741, abs=1e-6)


def test_scores_that_rank_alike_cannot_be_compared() -> None:
    with pytest.raises(NotEstimable, match="rank everybody alike"):
        compare_paired([1, 0, 1, 0, 1], [5, 1, 2, 3, 4], [10, 2, 4, 6, 8])


@pytest.mark.parametrize("bad", [[0.1, float("nan"), 0.3], [0.1, float("inf"), 0.3], [0.1, 0.2]])
def test_a_score_that_is_missing_or_not_finite_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="score"):
        auc([0, 1, 1], bad)


def test_a_label_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        auc([0, 2, 1], [0.1, 0.2, 0.3])


def test_the_roc_curve_has_its_corners_and_no_more() -> None:
    points = roc_points([1, 1, 0, 0, 1], [0.9, 0.8, 0.7, 0.6, 0.5])
    assert [(one.fpr, one.tpr, one.threshold) for one in points] == [
        (0, 0, None),
        (0, 2 / 3, 0.8),
        (1, 2 / 3, 0.6),
        (1, 1, 0.5),
    ]


def test_the_area_under_the_corners_is_the_auc() -> None:
    data = read_asah()
    points = roc_points(data.poor, data.wfns)
    x, y = [one.fpr for one in points], [one.tpr for one in points]
    assert np.trapezoid(y, x) == pytest.approx(auc(data.poor, data.wfns), abs=1e-12)


def test_whoever_scores_the_threshold_is_called_positive() -> None:
    assert confusion_at([1, 0], [0.5, 0.5], 0.5).tp == 1
    assert confusion_at([1, 0], [0.5, 0.5], 0.5000001).fn == 1


def test_equal_weights_give_the_plain_auc_and_a_weight_counts_as_so_many_people() -> None:
    data = read_asah()
    plain = auc(data.poor, data.ndka)
    assert weighted_auc(data.poor, data.ndka, np.full(113, 2.5)) == pytest.approx(plain, abs=1e-12)
    weights = 1 + np.arange(113) % 3
    whole = auc(np.repeat(data.poor, weights), np.repeat(data.ndka, weights))
    assert weighted_auc(data.poor, data.ndka, weights) == pytest.approx(whole, abs=1e-12)


def test_a_weight_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="survey weight"):
        weighted_auc([0, 1], [0.1, 0.2], [1, 0])


@pytest.mark.parametrize("truth", [0.6, 0.76, 0.92])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(truth: float) -> None:
    # 30 people, 9 events; normal scores d SD apart have an AUC of Phi(d / sqrt 2).
    apart = NormalDist().inv_cdf(truth) * 2**0.5
    generator = np.random.default_rng(7)
    labels = np.array([1] * 9 + [0] * 21)
    found = [delong_logit_interval(labels, generator.normal(labels * apart)) for _ in range(600)]
    assert 0.91 <= sum(one.lower <= truth <= one.upper for one in found) / 600 <= 0.98


def test_with_many_people_the_two_intervals_are_the_same() -> None:
    generator = np.random.default_rng(3)
    labels = np.arange(4000) % 5 == 0
    scores = generator.normal(labels)
    plain, logit = delong_interval(labels, scores), delong_logit_interval(labels, scores)
    assert (plain.lower, plain.upper) == pytest.approx((logit.lower, logit.upper), abs=2e-3)

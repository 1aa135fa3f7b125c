"""Calibration, net benefit: against rms 6.5-0 (val.prob, R 4.2.2) on aSAH, and by hand."""

import numpy as np
import pytest

from modelling.engine.metrics.calibration import (
    brier,
    fit_logistic,
    observed_over_expected,
    recalibrate,
    refuse_few,
    smooth_calibration,
    spiegelhalter_z,
)
from modelling.engine.metrics.discrimination import auc
from modelling.engine.metrics.estimates import NotEstimable
from modelling.engine.metrics.lowess import lowess
from modelling.engine.metrics.net_benefit import net_benefit, net_benefit_of_all
from tests.modelling.engine.metrics.reference import read_asah


def model_risks() -> tuple[np.ndarray, np.ndarray]:
    """Return outcome and fitted risk of Poor ~ age + s100b + wfns, each (person,)."""
    data = read_asah()
    columns = np.column_stack([data.age, data.s100b, data.wfns])
    fit = fit_logistic(columns, data.poor)
    assert fit.coefficients == pytest.approx([-4.10191704938, 0.02469108662, 1.39640387222, 0.69457778229], abs=1e-7)
    return data.poor, 1 / (1 + np.exp(-(fit.coefficients[0] + columns @ fit.coefficients[1:])))


def shifted(risks: np.ndarray) -> np.ndarray:
    """Return risks whose logits were stretched by 1.4 and moved by 0.5."""
    return 1 / (1 + np.exp(-(0.5 + 1.4 * np.log(risks / (1 - risks)))))


def test_a_fitted_model_is_right_on_its_own_people() -> None:
    poor, risks = model_risks()
    found = recalibrate(poor, risks)
    assert (found.intercept.value, found.slope.value) == pytest.approx((0, 1), abs=1e-10)
    assert found.in_the_large.value == pytest.approx(0, abs=1e-10)
    assert auc(poor, risks) == pytest.approx(0.8387533875, abs=1e-9)
    assert brier(poor, risks) == pytest.approx(0.1578160853, abs=1e-9)
    smooth = smooth_calibration(poor, risks)
    assert (smooth.e_max, smooth.e90, smooth.e_avg) == pytest.approx(
        (0.1145309398, 0.07585845194, 0.03632980190), abs=1e-9
    )


def test_a_moved_model_is_found_out() -> None:
    poor, risks = model_risks()
    moved = shifted(risks)
    found = recalibrate(poor, moved)
    # Analytic: undoing 0.5 + 1.4 x wants the intercept -0.5 / 1.4 and the slope 1 / 1.4.
    assert (found.intercept.value, found.slope.value) == pytest.approx((-0.5 / 1.4, 1 / 1.4), abs=1e-10)
    assert brier(poor, moved) == pytest.approx(0.16456996083, abs=1e-9)
    smooth = smooth_calibration(poor, moved)
    assert (smooth.e_max, smooth.e90, smooth.e_avg) == pytest.approx(
        (0.18323043657, 0.16423096595, 0.06099141924), abs=1e-9
    )
    assert spiegelhalter_z(poor, moved) == pytest.approx(1.98743837077, abs=1e-7)


def test_the_slope_carries_an_interval_that_holds_the_slope() -> None:
    poor, risks = model_risks()
    found = recalibrate(poor, risks).slope
    assert 0.4 < found.lower < 1 < found.upper < 1.6


def test_the_net_benefit_is_that_of_dcurves() -> None:
    poor, risks = model_risks()
    wanted = [(0.1, 0.3038348083), (0.2, 0.2566371681), (0.3, 0.218710493), (0.5, 0.1238938053)]
    for threshold, value in wanted:
        assert net_benefit(poor, risks, threshold) == pytest.approx(value, abs=1e-9)
    of_all = [(0.1, 0.2920353982), (0.2, 0.203539823), (0.3, 0.08975979772), (0.5, -0.2743362832)]
    for threshold, value in of_all:
        assert net_benefit_of_all(poor, threshold) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("threshold", [0, 1])
def test_a_net_benefit_wants_a_threshold_inside(threshold: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        net_benefit([0, 1], [0.1, 0.2], threshold)


def test_observed_over_expected_by_hand() -> None:
    # 2 of 4 seen, 1 expected: 2; the log's error is sqrt((1 - 0.5) / 2) = 0.5, so the bounds are 2 exp(-+ 0.98).
    found = observed_over_expected([1, 1, 0, 0], [0.25] * 4)
    assert found.value == 2
    assert (found.lower, found.upper) == pytest.approx((2 * np.exp(-0.979982), 2 * np.exp(0.979982)), abs=1e-5)


def test_without_events_nothing_is_observed_over_expected() -> None:
    with pytest.raises(NotEstimable, match="nobody has the outcome"):
        observed_over_expected([0, 0], [0.2, 0.3])


def test_the_brier_score_by_hand() -> None:
    assert brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)


def test_a_risk_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        brier([1, 0], [0.8, 1.4])


def test_a_risk_of_exactly_0_has_no_slope() -> None:
    with pytest.raises(NotEstimable, match="exactly 0 or 1"):
        recalibrate([1, 0, 1, 0], [0.0, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(("risk", "share"), [(0.05, 0.4), (0.02, 0.3), (0.9, 0.1), (0.3, 0.3)])
def test_risks_far_from_the_outcome_still_have_an_intercept_in_the_large(risk: float, share: float) -> None:
    logit = np.log(risk / (1 - risk))
    truths = (np.arange(400) < share * 400).astype(int)
    found = fit_logistic(np.empty((400, 0)), truths, offset=np.full(400, logit)).coefficients[0]
    # Where all have one risk, the intercept is the difference of two logits.
    assert found == pytest.approx(np.log(share / (1 - share)) - logit, abs=1e-10)


def test_risks_far_from_the_outcome_are_recalibrated_to_as_many_events_as_were_seen() -> None:
    logits = np.log(0.05 / 0.95) + 0.8 * np.sin(np.arange(400.0))
    truths = (np.arange(400) % 5 < 2).astype(int)
    found = recalibrate(truths, 1 / (1 + np.exp(-logits)))
    for moved in (found.in_the_large.value + logits, found.intercept.value + found.slope.value * logits):
        assert (1 / (1 + np.exp(-moved))).sum() == pytest.approx(160, abs=1e-8)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [1, 1, 1, 1]])
def test_without_both_outcomes_the_fit_has_no_end(labels: list[int]) -> None:
    with pytest.raises(NotEstimable, match="no end"):
        fit_logistic(np.empty((4, 0)), labels, offset=np.array([-1.0, 0.0, 0.5, 2.0]))


def test_risks_that_separate_the_outcome_have_no_slope() -> None:
    with pytest.raises(NotEstimable, match="no end"):
        recalibrate([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])


def test_thirty_people_cannot_settle_calibration() -> None:
    with pytest.raises(NotEstimable, match="30 people, 6 of them with the outcome, cannot settle calibration"):
        refuse_few(30, 6)
    with pytest.raises(NotEstimable):
        refuse_few(1000, 99)
    refuse_few(1000, 100)


def test_a_smooth_of_a_straight_line_is_the_line() -> None:
    x = np.array([0.3, 0.1, 0.2, 0.2, 0.9, 0.5, 0.7])
    where, smooth = lowess(x, 2 * x + 1)
    assert where.tolist() == sorted(x)
    assert smooth == pytest.approx(2 * where + 1, abs=1e-12)


def test_a_smooth_of_people_with_one_risk_is_their_mean() -> None:
    assert lowess([0.5] * 4, [0, 1, 1, 1])[1] == pytest.approx([0.75] * 4)

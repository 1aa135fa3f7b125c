"""Agreement, shares, multiplicity, sample size: against R 4.2.2 (psych, epiR, p.adjust, pROC) and published tables."""

import numpy as np
import pytest

from modelling.engine.metrics.agreement import bland_altman, concordance, intraclass
from modelling.engine.metrics.bootstrap import bootstrap_auc
from modelling.engine.metrics.discrimination import delong_interval
from modelling.engine.metrics.distributions import f_quantile, incomplete_beta, t_quantile, t_two_sided_p
from modelling.engine.metrics.estimates import NotEstimable
from modelling.engine.metrics.multiplicity import benjamini_hochberg, holm
from modelling.engine.metrics.proportions import newcombe, wilson
from modelling.engine.metrics.sample_size import auc_half_width, people_to_develop, power_of_auc
from tests.modelling.engine.metrics.reference import MINI, RATINGS, WRIGHT, read_asah


def test_the_six_intraclass_correlations_are_those_of_psych() -> None:
    found = intraclass(RATINGS)
    values = [one.value for one in (found.icc1, found.icc2, found.icc3)] + [found.icc1k, found.icc2k, found.icc3k]
    wanted = [0.1657417684, 0.2897637795, 0.7148407148, 0.4427971337, 0.6200505476, 0.9093155424]
    assert values == pytest.approx(wanted, abs=1e-9)
    bounds = [(one.lower, one.upper) for one in (found.icc1, found.icc2, found.icc3)]
    wanted_bounds = [(-0.13293, 0.72256), (0.018787, 0.761084), (0.342465, 0.945858)]
    assert np.array(bounds) == pytest.approx(np.array(wanted_bounds), abs=6e-6)


def test_ratings_with_a_hole_are_refused() -> None:
    with pytest.raises(ValueError, match="all there"):
        intraclass([[1, 2], [3, float("nan")]])


def test_raters_who_never_differ_have_no_error() -> None:
    with pytest.raises(NotEstimable, match="last digit"):
        intraclass([[1, 1], [2, 2], [3, 3]])


def test_bland_and_altmans_own_example() -> None:
    found = bland_altman(WRIGHT, MINI)
    assert found.bias.value == pytest.approx(-2.117647059, abs=1e-9)
    assert found.sd == pytest.approx(38.76512987, abs=1e-8)
    assert (found.lower, found.upper) == pytest.approx((-78.09730161, 73.86200749), abs=1e-7)
    assert (found.bias.lower, found.bias.upper) == pytest.approx((-22.0488377, 17.81354358), abs=1e-7)


def test_lins_concordance_is_that_of_epir() -> None:
    found = concordance(WRIGHT, MINI)
    assert found.estimate.value == pytest.approx(0.9427424314, abs=1e-9)
    assert (found.estimate.lower, found.estimate.upper) == pytest.approx((0.8504918732, 0.9787262792), abs=1e-7)
    assert found.accuracy == pytest.approx(0.9994306931, abs=1e-9)
    # epiR names scale and shift from the second measurement's side.
    assert 1 / found.scale == pytest.approx(0.9725091213, abs=1e-9) or found.scale == pytest.approx(0.9725091213)
    assert abs(found.shift) == pytest.approx(0.01903025009, abs=1e-9)


def test_two_pairs_do_not_make_an_agreement() -> None:
    with pytest.raises(NotEstimable, match="at least three"):
        bland_altman([1, 2], [1, 3])


def test_adjusted_p_values_are_those_of_r() -> None:
    given = [0.001, 0.012, 0.03, 0.04, 0.2]
    assert holm(given) == pytest.approx([0.005, 0.048, 0.09, 0.09, 0.2], abs=1e-12)
    assert benjamini_hochberg(given) == pytest.approx([0.005, 0.03, 0.05, 0.05, 0.2], abs=1e-12)
    assert holm([0.2, 0.001]) == pytest.approx([0.2, 0.002])


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe, Stat Med 17:857 (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
    for hits, n, lower, upper in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)]:
        found = wilson(hits, n)
        assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=6e-5)
    assert wilson(29, 29).upper == 1


def test_newcombes_interval_is_the_published_one() -> None:
    # Newcombe, Stat Med 17:873 (1998), table II, method 10, contrast (a): 56/70 less 48/80.
    found = newcombe((56, 48), (70, 80))
    assert (found.value, found.lower, found.upper) == pytest.approx((0.2, 0.0524, 0.3339), abs=6e-5)


def test_a_share_of_nobody_is_not_estimable() -> None:
    with pytest.raises(NotEstimable, match="nobody to count"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


def test_the_width_of_an_auc_of_30_people() -> None:
    # The design's table: 21 % with the outcome, in whole people; AUC 0.86 and 0.95.
    table = [(20, 4, 0.245, 0.155), (25, 5, 0.218, 0.138), (30, 6, 0.198, 0.126), (40, 8, 0.171, 0.108)]
    for n, cases, at_86, at_95 in table:
        assert auc_half_width(0.86, cases, n - cases) == pytest.approx(at_86, abs=5e-4)
        assert auc_half_width(0.95, cases, n - cases) == pytest.approx(at_95, abs=5e-4)


def test_the_power_of_an_auc_is_that_of_proc() -> None:
    assert power_of_auc(0.75, 25, 75) == pytest.approx(0.975210188527, abs=1e-9)


def test_people_to_develop_are_those_of_rileys_example() -> None:
    assert people_to_develop(24, 0.174, 0.288) == (623, 662, 221)


def test_the_bootstrap_agrees_with_delong_and_keeps_its_seed() -> None:
    data = read_asah()
    found = bootstrap_auc(data.poor, data.s100b, seed=20)
    assert found == bootstrap_auc(data.poor, data.s100b, seed=20)
    assert found != bootstrap_auc(data.poor, data.s100b, seed=21)
    smooth = delong_interval(data.poor, data.s100b)
    assert (found.lower, found.upper) == pytest.approx((smooth.lower, smooth.upper), abs=0.02)
    assert found.value == smooth.value


def test_the_bootstrap_says_nothing_where_the_separation_is_perfect() -> None:
    with pytest.raises(NotEstimable, match="every resample"):
        bootstrap_auc([1, 1, 0, 0], [4, 3, 2, 1], seed=1)


def test_the_quantiles_are_those_of_the_tables() -> None:
    # Tables: t 0.975 with 10 df 2.228139, with 1 df 12.706205; F 0.95 (5, 10) 3.325835.
    assert t_quantile(0.95, 10) == pytest.approx(2.2281388520, abs=1e-9)
    assert t_quantile(0.95, 1) == pytest.approx(12.7062047362, abs=1e-8)
    assert f_quantile(0.95, 5, 10) == pytest.approx(3.3258345304, abs=1e-9)
    assert t_two_sided_p(2.2281388520, 10) == pytest.approx(0.05, abs=1e-10)
    # I_x(1, b) = 1 - (1 - x)^b.
    assert incomplete_beta(1, 3, 0.2) == pytest.approx(1 - 0.8**3, abs=1e-14)


def test_the_incomplete_beta_refuses_what_has_no_value() -> None:
    with pytest.raises(ValueError, match="positive a and b"):
        incomplete_beta(0, 1, 0.5)

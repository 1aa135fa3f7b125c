"""Invented cohorts: who is in them, how far their outcomes can be foretold, and by what."""

from functools import cache

import numpy as np
import pytest

from modelling.engine.phantom.outcomes import (
    FE_BLIND,
    PLAIN,
    STRENGTH_APART,
    STRENGTH_SD,
    forearm_t,
    fracture_logit_parts,
    make_outcomes,
    osteoporosis_risk,
    relative_strength,
    shaft_density,
)
from modelling.engine.phantom.person import REFERENCE_DAY, draw_latents, normal_share
from modelling.engine.phantom.worlds import World, make_person, make_world, oracle_auc


@cache
def many() -> World:
    return make_world(1, range(20_000))


def test_the_oracle_of_osteoporosis_is_good_but_far_from_perfect():
    outcomes = many().outcomes
    assert 0.80 <= oracle_auc(outcomes.p_op, outcomes.has_op) <= 0.88
    assert 0.18 <= outcomes.has_op.mean() <= 0.24


def test_the_oracle_of_fracture_is_good_but_far_from_perfect():
    outcomes = many().outcomes
    assert 0.80 <= oracle_auc(outcomes.p_fx, outcomes.has_fx) <= 0.88
    assert 0.15 <= outcomes.has_fx.mean() <= 0.30


def test_the_true_probabilities_are_calibrated_in_each_fifth():
    outcomes = many().outcomes
    for probability, label in ((outcomes.p_op, outcomes.has_op), (outcomes.p_fx, outcomes.has_fx)):
        for fifth in np.array_split(np.argsort(probability), 5):
            # 4,000 people: the standard error of a share is at most 0.008.
            assert label[fifth].mean() == pytest.approx(probability[fifth].mean(), abs=0.03)


@cache
def measured() -> tuple[World, np.ndarray]:
    """The same people with their strength measured: the formula, and what finite elements say otherwise."""
    people = many().people
    apart = STRENGTH_APART / STRENGTH_SD * np.random.default_rng(0).standard_normal(people.area_mm2.size)
    strength = relative_strength(people) + apart
    return World(people, make_outcomes(people, draw_latents(1, range(20_000)), PLAIN, strength)), strength


def test_the_oracle_of_fracture_by_measured_strength_is_good_but_far_from_perfect():
    outcomes = measured()[0].outcomes
    assert 0.80 <= oracle_auc(outcomes.p_fx, outcomes.has_fx) <= 0.88
    assert 0.15 <= outcomes.has_fx.mean() <= 0.30


@pytest.mark.parametrize("world", [many, lambda: measured()[0]], ids=["formula", "measured"])
def test_strength_alone_does_not_reach_the_oracle(world):
    outcomes = world().outcomes
    alone = oracle_auc(-outcomes.strength, outcomes.has_fx)
    assert 0.60 < alone < oracle_auc(outcomes.p_fx, outcomes.has_fx) - 0.05


def test_at_least_half_of_the_hazard_of_fracture_is_not_strength():
    people = many().people
    for strength in (relative_strength(people), measured()[1]):
        parts = fracture_logit_parts(people, strength)
        whole = np.sum(list(parts.values()), axis=0)
        # With its share of the covariance: what strength has in common with age and size counts as strength.
        share = np.cov(parts["strength"], whole)[0, 1] / whole.var(ddof=1)
        assert 0.2 < share <= 0.5


def test_strength_is_counted_in_sds_about_the_mean_of_the_cohort():
    strength = relative_strength(many().people)
    assert strength.mean() == pytest.approx(0.0, abs=0.05)
    assert strength.std() == pytest.approx(1.0, abs=0.05)


def test_a_measured_strength_tells_of_fracture_but_where_it_has_no_part():
    plain, blind = (
        [make_person(1, 3, world, strength).p_fx for strength in (-2.0, 2.0)] for world in (PLAIN, FE_BLIND)
    )
    assert plain[0] > plain[1] + 0.05
    assert blind[0] == blind[1]
    assert make_person(1, 3, FE_BLIND, 2.0).strength == 2.0


def test_the_forearm_alone_does_not_reach_the_oracle_of_osteoporosis():
    outcomes = many().outcomes
    alone = oracle_auc(-forearm_t(outcomes.abmd_33, outcomes.abmd_ud), outcomes.has_op)
    assert 0.75 < alone < oracle_auc(outcomes.p_op, outcomes.has_op)


def test_spine_and_hip_go_with_the_forearm_as_measured_ones_do():
    outcomes = many().outcomes
    forearm = forearm_t(outcomes.abmd_33, outcomes.abmd_ud)
    for axial in (outcomes.t_spine, outcomes.t_neck, outcomes.t_hip):
        assert 0.6 <= np.corrcoef(axial, forearm)[0, 1] <= 0.7


def test_age_takes_bone_and_men_have_more_of_it():
    people, outcomes = many().people, many().outcomes
    assert np.corrcoef(people.age_y, outcomes.abmd_ud)[0, 1] < -0.2
    assert outcomes.abmd_33[~people.is_woman].mean() > outcomes.abmd_33[people.is_woman].mean()


def test_no_single_trait_tells_all_others():
    people = many().people
    women = people.is_woman
    assert 0.3 < np.corrcoef(people.ct_th_mm[women], people.tb_vbmd[women])[0, 1] < 0.8
    assert abs(np.corrcoef(people.area_mm2[women], people.tb_vbmd[women])[0, 1]) < 0.3


def test_the_medians_of_women_are_those_of_the_reference():
    people = many().people
    women = people.is_woman & (people.age_y < 68)
    # DeepQCT, radius, women without fracture: 0.95 mm, 100 and 890 mg HA/cm3; each within 10 %.
    assert np.median(people.ct_th_mm[women]) == pytest.approx(0.95, rel=0.10)
    assert np.median(people.tb_vbmd[women]) == pytest.approx(100, rel=0.10)
    assert np.median(people.ct_vbmd[women]) == pytest.approx(890, rel=0.10)


def test_a_person_is_the_same_in_a_small_and_in_a_large_cohort():
    person = make_person(1, 7)
    assert person.weight_kg == pytest.approx(many().people.weight_kg[7], rel=1e-12)
    assert person.has_fx == many().outcomes.has_fx[7]


def test_another_seed_gives_other_people():
    assert make_person(2, 7).weight_kg != make_person(1, 7).weight_kg


def test_the_birth_date_gives_the_age():
    person = make_person(1, 3)
    assert (REFERENCE_DAY - person.born_on).days / 365.25 == pytest.approx(person.age_y, abs=0.002)


def test_men_have_no_last_period():
    people = many().people
    assert not np.isnan(people.menopause_y[people.is_woman]).any()
    assert np.isnan(people.menopause_y[~people.is_woman]).all()


def test_falls_are_as_many_as_their_tendency_says():
    people = many().people
    assert people.falls.mean() == pytest.approx(np.exp(people.fall_tendency).mean(), rel=0.05)


def test_the_density_of_a_tube_by_hand():
    people = make_world(1, [0]).people
    # R = sqrt(area / pi), wall c: mineral 1.14 x ct_vbmd x pi (2Rc - c2), over the width 1.047 x 2R.
    radius, wall = (people.shaft_area_mm2[0] / 3.141592653589793) ** 0.5, people.shaft_ct_mm[0]
    area = 3.141592653589793 * (2 * radius * wall - wall**2)
    assert shaft_density(people)[0] == pytest.approx(area * 1.14 * people.ct_vbmd[0] / 1.047 / 2 / radius / 1e4)


def test_the_risk_of_osteoporosis_is_what_drawing_gives():
    rng = np.random.default_rng(0)
    shared = -1.5 + 0.80 * rng.standard_normal(200_000)
    sites = [
        shared + shift + sd * rng.standard_normal(200_000) for shift, sd in ((0.05, 0.6), (-0.15, 0.4), (0.15, 0.4))
    ]
    drawn = (np.round(np.min(sites, axis=0), 1) <= -2.5).mean()
    assert osteoporosis_risk(np.array([-1.5]))[0] == pytest.approx(drawn, abs=0.004)


def test_the_normal_distribution_by_table():
    assert normal_share(np.array([0.0, 1.959964])) == pytest.approx([0.5, 0.975], abs=1e-6)


def test_an_auc_counts_ties_half():
    # Pairs of case and control: 0.8 against 0.2 and 0.5, 0.5 against 0.2 and 0.5: three and a half of four.
    assert oracle_auc(np.array([0.2, 0.5, 0.5, 0.8]), np.array([False, False, True, True])) == 0.875


def test_an_auc_of_one_class_is_refused():
    with pytest.raises(ValueError, match="2 cases and 0 controls: an AUC needs both"):
        oracle_auc(np.array([0.1, 0.2]), np.array([True, True]))


def test_nobody_gives_an_empty_cohort():
    assert draw_latents(1, [])["age"].shape == (0,)

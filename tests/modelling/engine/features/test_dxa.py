"""Forearm DXA against drawings whose regions, turns and energies are known."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from modelling.engine.features.catalogue import QUANTITIES, list_quantities
from modelling.engine.features.dual_energy import BoneMineral, areal_density, measure_soft_ratio
from modelling.engine.features.dxa import Baseline, measure_dxa
from modelling.engine.features.precision import is_significant, least_change, measure_precision
from modelling.engine.features.registration import align, lay_on

SPACING = (1.0, 1.0, 1.0)


def draw_arm(density: float = 0.5) -> NDArray[np.float64]:
    """Return (1, 120, 60): from row 10 a radius 20 wide (columns 5 to 24) and an ulna 12 wide, a carpal bone above."""
    picture = np.zeros((1, 120, 60))
    picture[0, 10:, 5:25] = density
    picture[0, 10:, 34:46] = 0.4
    picture[0, :5, 10:20] = 0.3
    return picture


def values_of(picture: NDArray[np.float64], side: str, forearm_mm: float | None) -> dict[str, float]:
    return {one.name: one.value for one in measure_dxa(picture, SPACING, side, forearm_mm).values}


@pytest.mark.parametrize("side", ["L", "R"])
def test_density_content_and_area_of_a_drawn_radius(side: str) -> None:
    picture = draw_arm() if side == "R" else draw_arm()[:, :, ::-1]
    found = values_of(picture, side, 240.0)
    # By hand: 15 mm by 20 mm are 3 cm2, at 0.5 g/cm2 1.5 g; 20 mm by 20 mm are 4 cm2 and 2 g.
    assert found["dxa.abmd_ud"] == pytest.approx(0.5)
    assert (found["dxa.area_ud"], found["dxa.bmc_ud"]) == (pytest.approx(3.0), pytest.approx(1.5))
    assert (found["dxa.area_33"], found["dxa.bmc_33"]) == (pytest.approx(4.0), pytest.approx(2.0))
    # From 3 to 86 mm up the arm: 83 rows of 20 pixels.
    assert (found["dxa.abmd_total"], found["dxa.area_total"]) == (pytest.approx(0.5), pytest.approx(16.6))


def test_regions_lie_where_their_definition_puts_them() -> None:
    picture = draw_arm()
    # 240 / 3 - 4 = 76 mm up from row 10, give or take 10: rows 76 to 95.
    picture[0, 76:96, 5:25] = 0.9
    found = values_of(picture, "R", 240.0)
    assert found["dxa.abmd_33"] == pytest.approx(0.9, abs=0.04)
    assert found["dxa.abmd_ud"] == pytest.approx(0.5)
    assert found["dxa.abmd_mid"] == pytest.approx(0.5, abs=0.02)


def test_without_the_length_of_the_forearm_the_third_is_left_out() -> None:
    found = measure_dxa(draw_arm(), SPACING, "R", None)
    assert {one.name for one in found.values} == {"dxa.abmd_ud", "dxa.bmc_ud", "dxa.area_ud"}
    assert len(found.values) + len(found.left_out) == len(list_quantities("dxa")) == 12
    assert {one.why for one in found.left_out} == {"the length of the forearm is not written down"}


def test_a_picture_that_ends_before_the_third_says_so() -> None:
    found = measure_dxa(draw_arm()[:, :70], SPACING, "R", 240.0)
    assert "the picture ends" in {one.name: one.why for one in found.left_out}["dxa.abmd_33"]


def test_a_picture_without_an_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted the forearm"):
        measure_dxa(np.zeros((1, 80, 60)), SPACING, "R", 240.0)


def test_a_picture_that_is_not_calibrated_is_refused() -> None:
    with pytest.raises(ValueError, match="the values are in 'stored value'; wanted g/cm2"):
        measure_dxa(draw_arm(), SPACING, "R", 240.0, "stored value")


def draw_smooth_arm(seed: int = 1) -> NDArray[np.float64]:
    """Return (1, 160, 120): the drawn arm within a wide border, its shafts mottled and its edges soft."""
    picture = np.zeros((160, 120))
    picture[20:, 30:120][:, :60] = np.pad(draw_arm()[0], ((0, 20), (0, 0)), mode="edge")
    mottle = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(picture.shape), 4.0)
    return ndimage.gaussian_filter(picture * (1 + 1.5 * mottle), 1.0)[None]


def move(picture: NDArray[np.float64], rows: float, columns: float, degrees: float) -> NDArray[np.float64]:
    """Return the picture turned and then shifted by scipy's own means: no code of ours."""
    turned = ndimage.rotate(picture[0], degrees, reshape=False, order=3)
    return ndimage.shift(turned, (rows, columns), order=3)[None]


@pytest.mark.parametrize("moved", [(0.0, 0.0, 0.0), (4.3, -2.6, 0.0), (-3.0, 5.5, 3.0), (2.2, 1.1, -4.0)])
def test_a_follow_up_is_found_where_it_was_moved_to(moved: tuple[float, float, float]) -> None:
    first = draw_smooth_arm()
    found = align(first[0], move(first, *moved)[0])
    assert (found.rows, found.columns) == (pytest.approx(moved[0], abs=0.05), pytest.approx(moved[1], abs=0.05))
    assert abs(found.degrees) == pytest.approx(abs(moved[2]), abs=0.05)
    inside = lay_on(move(first, *moved)[0], found, order=3)[25:130, 20:100]
    assert np.abs(inside - first[0][25:130, 20:100]).mean() < 0.005


def test_a_follow_up_laid_on_its_baseline_reads_the_same_regions() -> None:
    first = draw_smooth_arm()
    later = move(first, 4.3, -2.6, 3.0)
    baseline = Baseline(first, SPACING)
    before = values_of(first, "R", 240.0)
    after = measure_dxa(later, SPACING, "R", 240.0, baseline=baseline)
    assert "laid on its baseline: moved by 4.3 and -2.6 mm" in after.notes[0]
    found = {one.name: one.value for one in after.values}
    alone = values_of(later, "R", 240.0)
    for name in ("dxa.abmd_ud", "dxa.abmd_mid", "dxa.abmd_33"):
        least = least_change(QUANTITIES[name], before[name])
        assert least is not None
        assert abs(found[name] - before[name]) < least / 4, name
    assert max(abs(alone[name] - before[name]) for name in before) > max(
        abs(found[name] - before[name]) for name in before
    )


def test_a_true_loss_is_seen_through_the_alignment() -> None:
    first = draw_smooth_arm()
    later = move(0.95 * first, 3.0, 2.0, 2.0)
    found = {
        one.name: one.value for one in measure_dxa(later, SPACING, "R", 240.0, baseline=Baseline(first, SPACING)).values
    }
    before = values_of(first, "R", 240.0)
    for name in ("dxa.abmd_ud", "dxa.abmd_33"):
        assert found[name] / before[name] == pytest.approx(0.95, abs=0.003)
        assert is_significant(found[name] - before[name], least_change(QUANTITIES[name], before[name]) or 0.0)


def test_a_follow_up_of_another_bone_is_measured_on_its_own_and_says_so() -> None:
    other = draw_smooth_arm()[:, :, ::-1].copy()
    found = measure_dxa(draw_smooth_arm(), SPACING, "R", 240.0, baseline=Baseline(other, SPACING))
    assert "not laid on its baseline" in found.notes[0]
    coarse = measure_dxa(draw_smooth_arm(), SPACING, "R", 240.0, baseline=Baseline(draw_smooth_arm(), (1.0, 0.5, 0.5)))
    assert "its pixels are (0.5, 0.5) mm" in coarse.notes[0]
    assert found.values


def test_pictures_of_other_shapes_or_without_anything_are_not_aligned() -> None:
    with pytest.raises(ValueError, match="wanted alike"):
        align(np.zeros((4, 4)), np.zeros((4, 5)))
    with pytest.raises(ValueError, match="a flat picture"):
        align(np.zeros((4, 4)), np.zeros((4, 4)))


def test_metal_a_cut_bone_a_slant_and_a_moving_arm_are_said_to_be_odd() -> None:
    plain = draw_smooth_arm()
    assert measure_dxa(plain, SPACING, "R", 240.0).notes == ()
    ring = plain.copy()
    ring[0, 70:76, 40:46] = 3.0
    assert "36 pixels hold more than 2 g/cm2" in measure_dxa(ring, SPACING, "R", 240.0).notes[0]
    cut = np.concatenate([plain[:, :, 40:], np.zeros((1, 160, 40))], axis=2)
    assert "reaches the side border" in measure_dxa(cut, SPACING, "R", 240.0).notes[0]
    askew = move(plain, 0.0, 0.0, 8.0)
    assert "8 degrees off the picture's axis" in measure_dxa(askew, SPACING, "R", 240.0).notes[0]
    shaken = plain.copy()
    for row in range(0, 160, 4):
        shaken[0, row : row + 2] = np.roll(plain[0, row : row + 2], 3, axis=1)
    assert "the arm moved" in measure_dxa(shaken, SPACING, "R", 240.0).notes[0]


def test_bone_is_told_from_any_thickness_of_soft_tissue_by_two_energies() -> None:
    water, bone = np.linspace(2, 12, 40)[:, None], np.linspace(0, 1.4, 30)[None, :]
    mineral = BoneMineral(low=1.28, high=0.33)
    low, high = 0.25 * water + mineral.low * bone, 0.19 * water + mineral.high * bone
    soft = np.broadcast_to(bone == 0, low.shape).copy()
    soft[:, 0] = True
    with pytest.raises(ValueError, match="40 pixels of soft tissue; wanted 50"):
        measure_soft_ratio(low, high, soft)
    low, high, soft = (np.tile(one, (2, 1)) for one in (low, high, soft))
    ratio = measure_soft_ratio(low, high, soft)
    assert ratio == pytest.approx(0.25 / 0.19, rel=1e-12)
    found = areal_density(low, high, ratio, mineral)
    assert np.abs(found - np.broadcast_to(bone, found.shape)).max() < 1e-12


def test_energies_that_do_not_tell_bone_from_soft_tissue_are_refused() -> None:
    with pytest.raises(ValueError, match="wanted alike"):
        areal_density(np.zeros((2, 2)), np.zeros((2, 3)), 1.3, BoneMineral(1.0, 0.3))
    with pytest.raises(ValueError, match="is not below that of bone mineral"):
        areal_density(np.zeros((2, 2)), np.zeros((2, 2)), 4.0, BoneMineral(1.0, 0.3))


def test_precision_is_the_root_mean_square_over_persons() -> None:
    # Five pairs and three triples, worked out by hand; the mean of the SDs of the triples would be 0.004077.
    pairs = measure_precision([(0.912, 0.905), (0.850, 0.861), (1.020, 1.010), (0.777, 0.783), (0.954, 0.949)])
    assert (round(pairs.rms_sd, 6), round(pairs.lsc, 6)) == (0.005753, 0.015937)
    assert (round(pairs.rms_cv, 4), round(pairs.lsc_percent, 3)) == (0.6392, 1.771)
    assert not pairs.is_enough
    triples = measure_precision([(0.500, 0.506, 0.497), (0.431, 0.428, 0.436), (0.612, 0.605, 0.610)])
    assert (round(triples.rms_sd, 6), round(triples.lsc, 6)) == (0.004096, 0.011346)
    assert measure_precision([(1.0, 1.1)] * 30).is_enough


def test_a_change_as_large_as_the_least_significant_one_counts() -> None:
    assert [is_significant(later - 0.950, 0.0277) for later in (0.920, 0.925, 0.9223, 0.978)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert least_change(QUANTITIES["dxa.bmc_ud"], 1.0) is None


@pytest.mark.parametrize("repeats", [[], [(1.0,)], [(1.0, -1.0)]])
def test_a_precision_of_no_repeats_is_refused(repeats: list[tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match=r"at least two measurements|mean is 0"):
        measure_precision(repeats)

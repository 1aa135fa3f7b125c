"""Texture against surfaces of known roughness, matrices written by hand, and the digital phantom of the IBSI."""

import json

import numpy as np
import pytest

from modelling.engine.features.cooccurrence import count_neighbours, describe_cooccurrence
from modelling.engine.features.grey_levels import discretise, list_directions
from modelling.engine.features.patterns import count_patterns, describe_directions, entropy_of_patterns
from modelling.engine.features.run_lengths import count_runs, describe_runs
from modelling.engine.features.texture import fractal_dimension, slope_of_variogram, take_plane_off
from modelling.engine.features.trabecular_field import TEXTURES, measure_texture, resample
from tests.cohort.formats.builders import data_file
from tests.modelling.engine.features.drawings import draw_brownian, draw_exact_brownian

IBSI = "statistics/ibsi1_digital_phantom.json"


def printed(value: float) -> float:
    """Return a value as the reference table prints it: three significant digits."""
    return float(f"{value:.3g}")


def test_f9_every_co_occurrence_value_of_the_ibsi_phantom_is_equal_at_the_printed_digits() -> None:
    told = json.loads(data_file(IBSI).read_text("utf-8"))
    found = describe_cooccurrence(count_neighbours(np.array(told["phantom_zyx"])))
    wanted = {name: one["reference"] for name, one in told["reference"]["GLCM"].items()}
    assert len(wanted) == 25
    assert {name: printed(value) for name, value in found.items()} == wanted


def test_f9_every_run_length_value_of_the_ibsi_phantom_is_equal_at_the_printed_digits() -> None:
    told = json.loads(data_file(IBSI).read_text("utf-8"))
    levels = np.array(told["phantom_zyx"])
    found = describe_runs(count_runs(levels), int((levels > 0).sum()) * len(list_directions(3)))
    wanted = {name: one["reference"] for name, one in told["reference"]["GLRLM"].items()}
    assert len(wanted) == 16
    assert {name: printed(value) for name, value in found.items()} == wanted


def test_neighbours_of_a_checkerboard_beside_each_other_always_differ() -> None:
    row = np.tile([1, 2], 4)[None, :]
    found = describe_cooccurrence(count_neighbours(row))
    assert (found["Contrast"], found["Angular second moment"], found["Correlation"]) == pytest.approx((1.0, 0.5, -1.0))


def test_runs_of_a_striped_picture_are_counted_by_hand() -> None:
    counts = count_runs(np.array([[1, 1, 1], [2, 2, 2]]))
    # Along the rows one run of three each; down and on both diagonals every pixel is a run of its own.
    assert counts.tolist() == [[9.0, 0.0, 1.0], [9.0, 0.0, 1.0]]


def test_an_empty_region_has_no_runs_and_a_lone_pixel_no_neighbours() -> None:
    with pytest.raises(ValueError, match="the region is empty"):
        count_runs(np.zeros((3, 3), int))
    with pytest.raises(ValueError, match="no two pixels of the region are neighbours"):
        count_neighbours(np.array([[1, 0, 1]]))


def test_grey_levels_hang_on_neither_brightness_nor_contrast() -> None:
    region = np.random.default_rng(1).normal(0, 1, (20, 20))
    assert (discretise(region) == discretise(40 * region - 7)).all()
    assert discretise(region).min() >= 1
    with pytest.raises(ValueError, match="no grey levels"):
        discretise(np.full((4, 4), 3.0))


@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8])
def test_the_variogram_of_a_brownian_surface_rises_with_twice_its_exponent(hurst: float) -> None:
    slopes = [slope_of_variogram(draw_brownian(96, hurst, seed)) for seed in range(3)]
    # The generator keeps no detail finer than a sixth of a pixel, which smooths the roughest surface a little.
    assert np.mean(slopes) == pytest.approx(2 * hurst, abs=0.2)


@pytest.mark.parametrize(("hurst", "dimension"), [(0.2, 2.8), (0.5, 2.5), (0.8, 2.2)])
def test_a_brownian_surface_has_the_fractal_dimension_of_its_exponent(hurst: float, dimension: float) -> None:
    found = [fractal_dimension(draw_exact_brownian(128, hurst, seed)) for seed in range(6)]
    assert np.mean(found) == pytest.approx(dimension, abs=0.06)


def test_rougher_bone_has_a_smaller_slope() -> None:
    assert slope_of_variogram(draw_brownian(64, 0.2)) < slope_of_variogram(draw_brownian(64, 0.8))


def test_a_plane_is_no_texture() -> None:
    y, x = np.mgrid[:20, :30]
    assert np.abs(take_plane_off(0.3 * y - 0.1 * x + 7)).max() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("region", "why"), [(np.ones((20, 20)), "flat"), (np.ones((8, 40)), "too small")])
def test_a_region_without_texture_is_refused(region: np.ndarray, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        slope_of_variogram(region)


@pytest.mark.parametrize(("region", "why"), [(np.ones((40, 40)), "flat"), (np.ones((20, 40)), "too small")])
def test_a_region_without_a_spectrum_is_refused(region: np.ndarray, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fractal_dimension(region)


@pytest.mark.parametrize("degrees", [-80.0, -45.0, -12.5, 0.0, 30.0, 61.0])
def test_stripes_run_in_the_direction_they_were_drawn_in(degrees: float) -> None:
    y, x = np.mgrid[:80, :100]
    turn = np.radians(degrees)
    # Upwards and `degrees` to the right: rows count downwards.
    across = np.cos(turn) * x + np.sin(turn) * y
    found = describe_directions(np.sin(2 * np.pi * across / 9), 6.7)
    assert found.degrees == pytest.approx(degrees, abs=0.5)
    assert found.anisotropy == pytest.approx(1.0, abs=1e-3)


def test_stripes_of_all_directions_prefer_none_as_a_whole_but_each_in_its_place() -> None:
    y, x = np.mgrid[:161, :161] - 80.0
    found = describe_directions(np.sin(np.hypot(y, x) * 2 * np.pi / 9), 3.0)
    assert found.anisotropy < 0.05
    assert found.local > 0.8
    with pytest.raises(ValueError, match="nothing in it has a direction"):
        describe_directions(np.ones((20, 20)), 3.0)


def test_local_patterns_are_counted_by_hand() -> None:
    # One pixel brighter than all round it: no neighbour is as bright.
    spot = np.zeros((3, 3))
    spot[1, 1] = 1.0
    assert count_patterns(spot).tolist() == [1.0, *([0.0] * 9)]
    # Every pixel of a plane as bright as the next: all eight are.
    assert count_patterns(np.zeros((5, 5)))[8] == 1.0
    # The right border of a bright half: five of eight neighbours are as bright.
    edge = np.zeros((5, 3))
    edge[:, :2] = 1.0
    assert count_patterns(edge)[5] == 1.0
    with pytest.raises(ValueError, match="wanted 3 by 3"):
        count_patterns(np.zeros((2, 9)))


def test_local_patterns_do_not_hang_on_a_quarter_turn_or_the_grey_scale() -> None:
    region = np.random.default_rng(2).normal(0, 1, (30, 30))
    plain = entropy_of_patterns(region)
    assert entropy_of_patterns(np.rot90(region)) == pytest.approx(plain, abs=1e-12)
    assert entropy_of_patterns(3 * region + 2) == pytest.approx(plain, abs=1e-12)


def test_texture_of_a_finer_film_is_that_of_the_same_bone() -> None:
    fine = draw_exact_brownian(240, 0.6, 4)
    coarse = fine.reshape(120, 2, 120, 2).mean(axis=(1, 3))
    found = [{one.name: one.value for one in measure_texture(*one)} for one in ((fine, 0.075), (coarse, 0.15))]
    assert set(found[0]) == set(TEXTURES)
    for name in ("film.trabecular_texture", "film.fractal_dimension", "film.glcm_entropy"):
        assert found[0][name] == pytest.approx(found[1][name], rel=0.06)


def test_a_film_too_coarse_for_texture_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a pixel is 0\.40 mm; texture wants at most 0\.20 mm"):
        resample(np.zeros((30, 30)), 0.4)

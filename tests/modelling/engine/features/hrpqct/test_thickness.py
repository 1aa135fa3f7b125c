"""Local thickness against plates, spheres and cylinders of known size, and against plain numpy."""

import numpy as np
import pytest

from modelling.engine.features.balls import Balls, find_balls, fit_radii
from modelling.engine.features.distance import distance_to_seeds
from modelling.engine.features.painting import paint
from modelling.engine.features.surface import find_border
from modelling.engine.features.thickness import EXACT, IPL_LIKE, measure_spacing, measure_thickness
from tests.modelling.engine.features.hrpqct.volumes import draw_disc, draw_plate, draw_plates, draw_sphere

EVERY_WIDTH = [*range(1, 51)]


def everywhere(mask: np.ndarray) -> np.ndarray:
    return np.ones_like(mask)


@pytest.mark.parametrize("fine", [1, 2])
def test_the_distance_is_that_of_plain_numpy(fine: int) -> None:
    rng = np.random.default_rng(1)
    seeds = rng.random((5, 7, 6)) < 0.06
    steps = (1.5, 1.0, 0.7)
    found = distance_to_seeds(seeds, fine, steps)
    points = np.stack(np.meshgrid(*(np.arange(n) for n in found.shape), indexing="ij"), -1) / fine
    away = (points[..., None, :] - np.argwhere(seeds)) * steps
    np.testing.assert_allclose(found, np.sqrt((away**2).sum(-1)).min(-1), atol=1e-5)


def test_without_a_seed_the_distance_is_infinite() -> None:
    assert np.isinf(distance_to_seeds(np.zeros((3, 3, 3), np.bool_), 2)).all()


@pytest.mark.parametrize("fine", [1, 2])
def test_the_painted_balls_are_those_of_plain_numpy(fine: int) -> None:
    """Every ball is fitted and painted here; the rounds must have left out none that is the largest anywhere."""
    mask = np.zeros((14, 16, 18), np.bool_)
    mask[1:13, 2:14, 1:17] = True
    mask &= np.random.default_rng(2).random(mask.shape) < 0.97
    border, balls = find_border(mask), find_balls(distance_to_seeds(~mask, fine), fine, 0.05)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in mask.shape), indexing="ij"), -1)
    wanted = np.zeros(mask.shape)
    for centre, reach, radius in zip(balls.centre / fine, balls.reach, fit_radii(balls, border), strict=True):
        inside = ((grid - centre) ** 2).sum(-1) < reach**2 - 1e-4
        wanted[inside] = np.maximum(wanted[inside], 2 * radius)
    np.testing.assert_allclose(np.abs(paint(balls, mask, border)), wanted * mask, rtol=1e-6)


def test_of_two_balls_of_one_size_that_which_was_seen_whole_counts() -> None:
    centre = np.array([[0, 8, 8], [8, 8, 8]], np.int32)
    painted = paint(Balls(centre, np.array([4.0, 4.0], np.float32), 2), np.ones((12, 9, 9), np.bool_))
    assert painted[3, 4, 4] == 8
    assert painted[0, 4, 4] < 0


def test_only_what_is_free_is_painted() -> None:
    free = np.zeros((9, 9, 9), np.bool_)
    free[4, 4, 2:] = True
    painted = paint(Balls(np.array([[8, 8, 8]], np.int32), np.array([3.0], np.float32), 2), free)
    assert painted[4, 4].tolist() == [0, 0, 6, 6, 6, 6, 6, 0, 0]
    assert (painted != 0).sum() == 5


def test_f1_plates_of_every_width_have_their_true_thickness() -> None:
    for width in EVERY_WIDTH:
        plate = draw_plate(width, side=8)
        found = measure_thickness(plate, everywhere(plate))
        assert abs(found.mean - width) <= 1e-6, width


@pytest.mark.parametrize(("width", "ipl"), [(5, 5), (4, 3), (1, 1), (2, 1)])
def test_f1_the_scanner_like_mode_is_true_for_odd_widths_and_one_short_for_even_ones(width: int, ipl: int) -> None:
    plate = draw_plate(width, side=16)
    assert measure_thickness(plate, everywhere(plate), IPL_LIKE).mean == ipl


@pytest.mark.parametrize(("width", "gap"), [(5, 11), (4, 12), (3, 17), (1, 6), (2, 7)])
def test_f2_plate_arrays_have_their_true_separation_and_number(width: int, gap: int) -> None:
    plates = draw_plates(width, gap, n=4, side=28)
    assert measure_thickness(~plates, everywhere(plates)).mean == pytest.approx(gap, rel=0.005)
    assert measure_spacing(plates, everywhere(plates)).mean == pytest.approx(width + gap, rel=0.005)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_f2_holds_along_every_axis(axis: int) -> None:
    plates = np.ascontiguousarray(np.moveaxis(draw_plates(4, 8, n=4, side=24), 0, axis))
    assert measure_spacing(plates, everywhere(plates)).mean == pytest.approx(12, rel=0.005)


@pytest.mark.parametrize("offset", [(0, 0, 0), (0.5, 0.5, 0.5), (0.3, 0.1, 0.45)])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("radius", [8, 8.4, 10])
def test_f3_spheres_have_their_true_diameter(radius: float, offset: tuple[float, float, float], closed: bool) -> None:
    sphere = draw_sphere(radius, offset, closed=closed)
    assert measure_thickness(sphere, everywhere(sphere)).mean == pytest.approx(2 * radius, rel=0.02)


@pytest.mark.parametrize(("radius", "offset"), [(8, 0.0), (8, 0.5), (8.4, 0.0), (10, 0.5), (10, 0.0)])
def test_f3_cylinders_have_their_true_diameter(radius: float, offset: float) -> None:
    side = int(2 * radius + 6) | 1
    disc = draw_disc((side, side), (side // 2 + offset, side // 2 + offset), radius)
    tube = np.repeat(disc[None], 24, 0)
    assert measure_thickness(tube, everywhere(tube)).mean == pytest.approx(2 * radius, rel=0.02)


@pytest.mark.parametrize(("radius", "offset"), [(8, 0.0), (8, 0.25), (12, 0.0), (12, 0.25)])
def test_f3_cylinders_have_the_diameter_of_their_own_area(radius: int, offset: float) -> None:
    """With the pixels on its surface left out a disc of radius 8 is drawn with 193 for 201: 2.0 % too thin itself."""
    side = (2 * radius + 8) | 1
    y, x = np.ogrid[:side, :side]
    disc = (y - side // 2 - offset) ** 2 + (x - side // 2 - offset) ** 2 < radius**2
    tube = np.repeat(disc[None], 16, 0)
    own = 2 * np.sqrt(disc.sum() / np.pi)
    assert measure_thickness(tube, everywhere(tube)).mean == pytest.approx(own, rel=0.012)


@pytest.mark.parametrize("width", [3.0, 5.0])
def test_a_slanted_plate_is_not_a_voxel_too_thin(width: float) -> None:
    normal = np.array([0.53, 0.62, 0.58]) / np.linalg.norm([0.53, 0.62, 0.58])
    grid = np.stack(np.meshgrid(*(np.arange(30) - 14.3,) * 3, indexing="ij"), -1)
    plate = np.abs(grid @ normal) < width / 2
    assert measure_thickness(plate, everywhere(plate)).mean == pytest.approx(width, abs=0.35)


@pytest.mark.parametrize("diameter", [3.0, 5.0])
def test_f3_a_slanted_rod_has_its_true_diameter_where_centre_distances_lose_a_voxel(diameter: float) -> None:
    normal = np.array([0.53, 0.62, 0.58]) / np.linalg.norm([0.53, 0.62, 0.58])
    grid = np.stack(np.meshgrid(*(np.arange(30) - 14.3,) * 3, indexing="ij"), -1)
    rod = (grid**2).sum(-1) - (grid @ normal) ** 2 < diameter**2 / 4
    middle = np.zeros_like(rod)
    middle[6:24, 6:24, 6:24] = True
    assert measure_thickness(rod, middle).mean == pytest.approx(diameter, abs=0.15)
    assert measure_thickness(rod, middle, IPL_LIKE).mean < diameter - 0.8


def test_bone_outside_the_region_still_bounds_the_marrow() -> None:
    plates = draw_plates(3, 9, n=3, side=24)
    region = np.zeros_like(plates)
    region[4:10] = True
    assert measure_thickness(~plates, region).mean == pytest.approx(9)


def test_what_the_end_of_the_scan_cuts_does_not_count() -> None:
    """A gap of 9 and a gap of which 7 are seen: the cut one may be of any size."""
    plates = draw_plates(3, 9, n=3, side=24)[:-2]
    found = measure_thickness(~plates, everywhere(plates))
    assert found.mean == pytest.approx(9)
    assert 0 < found.seen < 1
    assert found.map[-1].max() < 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"mode": "fast"}, "no mode of local thickness"),
        ({"inside": np.ones((5, 5, 5), np.bool_)}, "fills the whole volume"),
        ({"region": np.ones((4, 5, 5), np.bool_)}, "differ in shape"),
        ({"region": np.zeros((5, 5, 5), np.bool_)}, "none of the object lies in the region"),
    ],
)
def test_what_has_no_thickness_is_refused(change: dict[str, object], why: str) -> None:
    mask = np.zeros((5, 5, 5), np.bool_)
    mask[2, 2, 2] = True
    told = {"inside": mask, "region": everywhere(mask), "mode": EXACT} | change
    with pytest.raises(ValueError, match=why):
        measure_thickness(told["inside"], told["region"], told["mode"])


def test_an_object_without_a_seen_mid_axis_has_no_spacing() -> None:
    mask = np.zeros((6, 8, 8), np.bool_)
    mask[:4] = True
    with pytest.raises(ValueError, match="no mid-axis"):
        measure_spacing(mask, everywhere(mask))

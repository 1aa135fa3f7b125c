"""Film of the wrist against drawn tubes, and the texture against surfaces of known roughness."""

import numpy as np
import pytest

from modelling.engine.features.radiogrammetry import measure_film
from modelling.engine.features.texture import slope_of_variogram, take_plane_off
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.projections import FILM_SCALE
from modelling.engine.phantom.worlds import make_person
from tests.modelling.engine.features.drawings import draw_brownian, draw_film

PIXEL = 0.15
SPACING = (1.0, PIXEL, PIXEL)
ULNA = (5.5, 3.4)


@pytest.mark.parametrize("radius", [(7.0, 5.5), (6.5, 4.0), (8.0, 6.8)])
@pytest.mark.parametrize("side", ["L", "R"])
def test_a_drawn_tube_has_the_width_and_the_cortices_it_was_drawn_with(radius: tuple[float, float], side: str) -> None:
    film = draw_film(radius=radius, ulna=ULNA, pixel_mm=PIXEL)
    found = measure_film(film if side == "R" else film[:, :, ::-1], SPACING, side, "patient")
    values = {one.name: one.value for one in found.values}
    outer, inner = radius
    assert values["film.radius_width"] == pytest.approx(2 * outer, abs=0.25)
    assert values["film.cortical_thickness"] == pytest.approx(2 * (outer - inner), abs=0.35)
    assert values["film.cortical_index"] == pytest.approx((outer - inner) / outer, abs=0.03)


def test_the_index_does_not_hang_on_the_grey_scale() -> None:
    film = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL)
    plain, scaled = (measure_film(one, SPACING, "R", "patient").values[0].value for one in (film, 250 * film + 30))
    assert scaled == pytest.approx(plain, rel=1e-6)


def test_a_film_without_the_size_of_a_pixel_gives_the_index_and_no_length() -> None:
    found = measure_film(draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL), (1.0, 1.0, 1.0), "R", "none")
    assert [one.name for one in found.values] == ["film.cortical_index"]
    why = {one.name: one.why for one in found.left_out}
    assert why["film.cortical_thickness"] == "the file does not say how large a pixel is"


def test_a_film_without_bones_is_refused() -> None:
    noise = np.random.default_rng(1).normal(1.0, 1e-3, (1, 300, 300))
    with pytest.raises(ValueError, match="wanted"):
        measure_film(noise, SPACING, "R", "patient")


def test_a_film_that_is_too_short_is_refused() -> None:
    short = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL, rows=80)
    with pytest.raises(ValueError, match="wanted 20 mm"):
        measure_film(short, SPACING, "R", "patient")


def test_a_phantoms_film_gives_the_width_of_its_radius() -> None:
    images = make_images(make_person(1, 0))
    found = measure_film(images.film.values * FILM_SCALE, images.film.spacing_mm, images.side, "patient")
    values = {one.name: one.value for one in found.values}
    # From the outlines of this phantom: 14.03 and 11.69 mm at 32 and 52 mm above the joint.
    assert values["film.radius_width"] == pytest.approx((14.03 + 11.69) / 2, abs=0.3)
    assert found.left_out == ()


@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8])
def test_the_variogram_of_a_brownian_surface_rises_with_twice_its_exponent(hurst: float) -> None:
    slopes = [slope_of_variogram(draw_brownian(96, hurst, seed)) for seed in range(3)]
    # The generator keeps no detail finer than a sixth of a pixel, which smooths the roughest surface a little.
    assert np.mean(slopes) == pytest.approx(2 * hurst, abs=0.2)


def test_rougher_bone_has_a_smaller_slope() -> None:
    assert slope_of_variogram(draw_brownian(64, 0.2)) < slope_of_variogram(draw_brownian(64, 0.8))


def test_a_plane_is_no_texture() -> None:
    y, x = np.mgrid[:20, :30]
    assert np.abs(take_plane_off(0.3 * y - 0.1 * x + 7)).max() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("region", "why"), [(np.ones((20, 20)), "flat"), (np.ones((8, 40)), "too small")])
def test_a_region_without_texture_is_refused(region: np.ndarray, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        slope_of_variogram(region)

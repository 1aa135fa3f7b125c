"""Cortices on a film that are hardly thicker than its blur."""

import pytest

from modelling.engine.features.catalogue import Measured
from modelling.engine.features.radiogrammetry import measure_film
from tests.modelling.engine.features.drawings import draw_film

PIXEL = 0.15
SPACING = (1.0, PIXEL, PIXEL)
OF_TUBE = {
    "film.cortical_index",
    "film.cortical_thickness",
    "film.radius_width",
    "film.marrow_width",
    "film.cortical_area",
    "film.area_per_width",
}


def measure(radius: tuple[float, float], blur_mm: float) -> Measured:
    film = draw_film(radius=radius, ulna=(5.5, 3.4), pixel_mm=PIXEL, blur_mm=blur_mm, noise=0.02)
    return measure_film(film, SPACING, "R", "patient")


@pytest.mark.parametrize(("radius", "blur_mm"), [((8.0, 6.8), 0.5), ((7.5, 6.7), 0.4), ((8.0, 6.8), 0.6)])
def test_a_wall_that_is_hardly_thicker_than_the_blur_is_not_measured(
    radius: tuple[float, float], blur_mm: float
) -> None:
    """Fitted, they would come out 0.2 to 1.4 mm too thin."""
    found = measure(radius, blur_mm)
    assert not OF_TUBE & {one.name for one in found.values}
    why = {one.name: one.why for one in found.left_out}
    assert all("wanted a wall of 2.5 blurs" in why[name] for name in OF_TUBE)


@pytest.mark.parametrize(("radius", "blur_mm"), [((8.0, 6.8), 0.4), ((7.5, 6.7), 0.15), ((7.0, 5.5), 0.5)])
def test_a_wall_of_three_blurs_is_measured_within_a_twentieth(radius: tuple[float, float], blur_mm: float) -> None:
    found = {one.name: one.value for one in measure(radius, blur_mm).values}
    assert found["film.cortical_thickness"] == pytest.approx(2 * (radius[0] - radius[1]), rel=0.05)

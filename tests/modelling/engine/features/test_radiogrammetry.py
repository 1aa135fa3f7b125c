"""Film of the wrist against drawn tubes."""

import numpy as np
import pytest

from modelling.engine.features.radiogrammetry import measure_film
from modelling.engine.features.tube_fit import fit_tube
from tests.modelling.engine.features.drawings import draw_film

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
    assert values["film.radius_width"] == pytest.approx(2 * outer, abs=0.02)
    assert values["film.marrow_width"] == pytest.approx(2 * inner, abs=0.02)
    assert values["film.cortical_thickness"] == pytest.approx(2 * (outer - inner), abs=0.03)
    assert values["film.cortical_index"] == pytest.approx((outer - inner) / outer, abs=0.003)
    area = np.pi * (outer**2 - inner**2)
    assert values["film.cortical_area"] == pytest.approx(area, rel=0.01)
    assert values["film.area_per_width"] == pytest.approx(area / (2 * outer), rel=0.01)


@pytest.mark.parametrize(("blur_mm", "within"), [(0.15, 0.05), (0.3, 0.06), (0.5, 0.16)])
@pytest.mark.parametrize("radius", [(7.0, 5.5), (6.5, 4.0)])
def test_a_blurred_film_has_no_thinner_cortices(radius: tuple[float, float], blur_mm: float, within: float) -> None:
    # Detectors blur by 0.1 to 0.2 mm. Read from peak and half-height the cortices of the second tube would come out
    # 0.5, 0.7 and 0.8 mm too thin.
    film = draw_film(radius=radius, ulna=ULNA, pixel_mm=PIXEL, blur_mm=blur_mm, noise=0.02)
    values = {one.name: one.value for one in measure_film(film, SPACING, "R", "patient").values}
    assert values["film.cortical_thickness"] == pytest.approx(2 * (radius[0] - radius[1]), abs=within)
    assert values["film.radius_width"] == pytest.approx(2 * radius[0], abs=within)


def test_a_film_of_the_other_hand_is_measured_and_said_to_be_odd() -> None:
    film = draw_film(radius=(7.0, 5.5), ulna=ULNA, pixel_mm=PIXEL)
    found = measure_film(film, SPACING, "L", "patient")
    assert "the wider bone lies where the ulna of side L would be" in found.notes[0]
    values = {one.name: one.value for one in found.values}
    assert values["film.radius_width"] == pytest.approx(14.0, abs=0.05)


def test_a_flat_profile_shows_no_tube() -> None:
    with pytest.raises(ValueError, match="shows no tube"):
        fit_tube(np.ones(40), (5.0, 30.0), (10.0, 25.0), PIXEL)
    with pytest.raises(ValueError, match="outside of the profile"):
        fit_tube(np.arange(40.0), (-30.0, 30.0), (10.0, 25.0), PIXEL)


def test_the_index_does_not_hang_on_the_grey_scale() -> None:
    film = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL)
    plain, scaled = (measure_film(one, SPACING, "R", "patient").values[0].value for one in (film, 250 * film + 30))
    assert scaled == pytest.approx(plain, rel=1e-6)


def test_a_film_without_the_size_of_a_pixel_gives_the_index_and_no_length() -> None:
    found = measure_film(draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL), (1.0, 1.0, 1.0), "R", "none")
    assert [one.name for one in found.values] == ["film.cortical_index"]
    why = {one.name: one.why for one in found.left_out}
    assert why["film.cortical_thickness"] == "the file does not say how large a pixel is"


def test_pixels_of_a_film_that_are_not_square_are_refused() -> None:
    film = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL)
    with pytest.raises(ValueError, match=r"the pixels are 0\.15 by 0\.1 mm; wanted square ones"):
        measure_film(film, (1.0, 0.15, 0.1), "R", "patient")


def test_lengths_at_the_detector_are_said_to_be_too_large() -> None:
    film = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL)
    assert not measure_film(film, SPACING, "R", "patient").notes
    (note,) = measure_film(film, SPACING, "R", "detector").notes
    assert note == "lengths are those at the detector, larger than the bone's by the magnification"


def test_an_attenuation_is_left_out_where_the_values_are_none() -> None:
    film = draw_film(radius=(7.0, 5.5), ulna=ULNA, pixel_mm=PIXEL)
    found = measure_film(film, SPACING, "R", "patient", "displayed grey")
    assert "film.cortical_index" in {one.name for one in found.values}
    why = {one.name: one.why for one in found.left_out}
    assert why["film.mean_attenuation"] == "the values are in 'displayed grey'; wanted relative attenuation"


def test_a_film_without_bones_is_refused() -> None:
    noise = np.random.default_rng(1).normal(1.0, 1e-3, (1, 300, 300))
    with pytest.raises(ValueError, match="wanted"):
        measure_film(noise, SPACING, "R", "patient")


def test_a_bright_border_of_the_exposed_field_is_no_cortex() -> None:
    film = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL)
    wide = np.pad(film, ((0, 0), (0, 0), (400, 0)), mode="edge")
    wide[:, :, 40:46] += 4.0
    values = {one.name: one.value for one in measure_film(wide, SPACING, "R", "patient").values}
    assert values["film.radius_width"] == pytest.approx(13.0, abs=0.05)


def test_a_film_that_is_too_short_is_refused() -> None:
    short = draw_film(radius=(6.5, 4.0), ulna=ULNA, pixel_mm=PIXEL, rows=80)
    with pytest.raises(ValueError, match="wanted 20 mm"):
        measure_film(short, SPACING, "R", "patient")

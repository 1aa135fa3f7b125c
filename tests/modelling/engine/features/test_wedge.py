"""An aluminium step wedge on films, drawn and of phantoms: found as it lies, and read off."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from modelling.engine.features.catalogue import Measured
from modelling.engine.features.radiogrammetry import measure_film
from modelling.engine.features.step_wedge import Wedge
from modelling.engine.features.wedge import ALUMINIUM, find_wedge
from modelling.engine.phantom.aluminium import WEDGE, transmit
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.projections import FILM_SCALE
from modelling.engine.phantom.worlds import make_person

PIXEL = 0.15
FIVE = Wedge((1.0, 2.0, 4.0, 6.0, 9.0), 5.0)
NOT_SEEN = "no step wedge of .* is seen on the film"

Floats = NDArray[np.float64]


def draw_wedge(wedge: Wedge, *, turns: int = 0, longer: float = 1.0, noise: float = 0.01) -> Floats:
    """Return a dark film on which a wedge lies among other bright things; a quarter turn is one of `turns`."""
    film = np.zeros((420, 420))
    film[40:360, 40:110] = 1.2
    length = wedge.length_mm * longer / PIXEL
    for number, grey in enumerate(np.sqrt(wedge.steps_mm)):
        film[round(120 + number * length) : round(120 + (number + 1) * length), 250:310] = grey
    return np.rot90(film, turns).copy() + noise * np.random.default_rng(1).standard_normal(film.shape)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("longer", [0.96, 1.0, 1.05])
def test_a_wedge_is_found_however_it_lies_and_whatever_it_is_magnified(turns: int, longer: float) -> None:
    film = draw_wedge(FIVE, turns=turns, longer=longer)
    found = find_wedge(film, PIXEL, FIVE)
    np.testing.assert_allclose(found.greys, np.sqrt(FIVE.steps_mm), atol=0.01)
    rows, columns = (np.array(part) for part in zip(*found.outline.points, strict=True))
    inside = film[int(rows.min()) + 9 : int(rows.max()) - 8, int(columns.min()) + 3 : int(columns.max()) - 2]
    assert inside.min() > 0.9, "the outline lies around the steps, not beside them"


def test_the_open_field_is_not_taken_for_the_thinnest_step() -> None:
    # Open field and all steps but the thickest rise as evenly as the steps themselves.
    even = Wedge((2.0, 4.0, 6.0, 8.0, 10.0), 4.0)
    film = np.zeros((420, 200))
    for number, thickness in enumerate(even.steps_mm):
        film[round(100 + number * 4 / PIXEL) : round(100 + (number + 1) * 4 / PIXEL), 80:140] = thickness
    np.testing.assert_allclose(find_wedge(film, PIXEL, even).greys, even.steps_mm)


def test_a_slope_is_no_wedge() -> None:
    film = np.zeros((420, 200))
    film[100:300, 80:140] = np.linspace(0.5, 3.0, 200)[:, None]
    with pytest.raises(ValueError, match=NOT_SEEN):
        find_wedge(film, PIXEL, FIVE)


def test_a_film_too_coarse_to_show_steps_says_so() -> None:
    coarse = 1.01 * FIVE.length_mm / 4
    with pytest.raises(ValueError, match=f"a pixel is {coarse:.2f} mm; a step wedge of .* wants at most"):
        find_wedge(np.zeros((200, 200)), coarse, FIVE)
    with pytest.raises(ValueError, match=NOT_SEEN):
        find_wedge(np.zeros((200, 200)), FIVE.length_mm / 4, FIVE)


def test_a_wedge_of_fewer_steps_than_named_is_not_taken_for_it() -> None:
    film = draw_wedge(Wedge(FIVE.steps_mm[:4], FIVE.length_mm))
    assert find_wedge(film, PIXEL, Wedge(FIVE.steps_mm[:4], FIVE.length_mm)).greys.size == 4
    with pytest.raises(ValueError, match=NOT_SEEN):
        find_wedge(film, PIXEL, FIVE)


@pytest.mark.parametrize(
    ("steps", "length", "words"),
    [
        ((1.0, 2.0, 3.0), 4.0, "a wedge of 3 steps; wanted at least 4"),
        ((1.0, 2.0, 2.0, 3.0), 4.0, "steps of 1, 2, 2, 3 mm; wanted rising thicknesses"),
        ((0.0, 1.0, 2.0, 3.0), 4.0, "wanted rising thicknesses"),
        ((1.0, 2.0, 3.0, 4.0), 1.0, "steps of 1 mm length; wanted at least 2 mm"),
        ((1.0, 2.0, 3.0, 4.0), float("nan"), "steps of nan mm length"),
    ],
)
def test_what_is_no_wedge_is_refused(steps: tuple[float, ...], length: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Wedge(steps, length)


@cache
def phantom(index: int, *, has_wedge: bool = True) -> Images:
    return make_images(make_person(7, index), has_wedge=has_wedge)


def measure(images: Images, film: Floats | None = None, unit: str = "relative attenuation") -> Measured:
    values = images.film.values * FILM_SCALE if film is None else film
    return measure_film(values, images.film.spacing_mm, images.side, "patient", unit, WEDGE)


def aluminium_of(measured: Measured) -> float:
    return next(one.value for one in measured.values if one.name == ALUMINIUM)


def read_by_the_physics(film: Floats) -> Floats:
    """Return a film as aluminium in mm, by the spectrum that it was made with and without any wedge."""
    thickness = np.linspace(0, 30, 3001)
    return np.interp(film, -np.log(transmit(thickness)), thickness)


@pytest.mark.parametrize("index", [0, 5])
def test_bone_is_read_off_the_wedge_as_the_beam_was_made(index: int) -> None:
    images = phantom(index)
    film = read_by_the_physics(images.film.values * FILM_SCALE)
    # The same measuring, of a film that is in aluminium already: its mean attenuation is then the wanted value.
    wanted = next(one.value for one in measure(images, film).values if one.name == "film.mean_attenuation")
    found = measure(images)
    assert found.left_out == ()
    assert aluminium_of(found) == pytest.approx(wanted, rel=0.01)


def test_what_the_wedge_tells_does_not_hang_on_the_films_curve() -> None:
    images = phantom(0)
    plain = images.film.values * FILM_SCALE
    by_curve = {}
    for name, film in {"root": 5 * np.sqrt(plain + 0.3), "square": (plain + 1) ** 2, "dose": plain + 0.4}.items():
        measured = measure(images, film, unit="stored values")
        assert "film.mean_attenuation" not in {one.name for one in measured.values}
        by_curve[name] = aluminium_of(measured)
    assert by_curve == pytest.approx(dict.fromkeys(by_curve, aluminium_of(measure(images))), rel=0.015)


def test_without_a_wedge_on_the_film_there_is_no_value_and_the_reason() -> None:
    (left_out,) = measure(phantom(0, has_wedge=False)).left_out
    assert left_out.name == ALUMINIUM
    assert left_out.why.startswith("no step wedge of 8 steps of 4 mm length, 2 to 16 mm of aluminium")


def test_what_lies_outside_of_the_wedge_is_not_guessed_at() -> None:
    found = find_wedge(draw_wedge(FIVE), PIXEL, FIVE)
    for thickness, words in ((0.5, "darker than the thinnest"), (12.0, "brighter than the thickest")):
        with pytest.raises(ValueError, match=f"the bone is {words} step of the wedge"):
            found.refuse_beyond(found.read_mm(np.full(50, np.sqrt(thickness))), "the bone")
    found.refuse_beyond(found.read_mm(np.full(50, np.sqrt(5.0))), "the bone")

"""The letter that tells the side: read in any usual font, known when it is mirrored, and never made up."""

import string

import numpy as np
import pytest
from PIL import Image

from cohort.deid.marker import read_marker
from cohort.imaging.reference_images import FOLDER
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.worlds import make_person
from tests.cohort.deid.films import PIXEL_MM, make_arm, write_on

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono")


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize("letter", ["L", "R"])
@pytest.mark.parametrize("size", [40, 90])
def test_a_marker_is_read_with_its_place(font: str, letter: str, size: int) -> None:
    found = read_marker(write_on(make_arm(), letter, (30, 60), size, font), PIXEL_MM)
    assert found is not None
    assert (found.letter, found.is_mirrored) == (letter, False)
    assert 30 <= found.x < 30 + size
    assert 60 <= found.y < 60 + size
    assert found.height == pytest.approx(0.73 * size, abs=4)


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize("letter", ["L", "R"])
def test_a_picture_that_was_turned_over_is_known_by_its_marker(font: str, letter: str) -> None:
    picture = write_on(make_arm(), letter, (30, 60), 50, font)[:, ::-1]
    found = read_marker(picture, PIXEL_MM)
    assert found is not None
    assert (found.letter, found.is_mirrored) == (letter, True)


@pytest.mark.parametrize("letter", ["L", "R"])
def test_a_letter_with_serifs_is_read_rightly_or_not_at_all(letter: str) -> None:
    for size in (30, 50, 90):
        found = read_marker(write_on(make_arm(), letter, (30, 60), size, "DejaVuSerif"), PIXEL_MM)
        assert found is None or (found.letter, found.is_mirrored) == (letter, False)


@pytest.mark.parametrize("letter", sorted(set(string.ascii_uppercase + string.digits) - {"L", "R"}))
def test_no_other_letter_is_taken_for_a_side(letter: str) -> None:
    for font in ("DejaVuSans", "DejaVuSans-Bold"):
        assert read_marker(write_on(make_arm(), letter, (30, 60), 60, font), PIXEL_MM) is None


@pytest.mark.parametrize("text", ["RL", "LARRY", "CLR"])
def test_a_letter_of_a_word_is_no_marker(text: str) -> None:
    assert read_marker(write_on(make_arm(), text, (20, 60), 40), PIXEL_MM) is None


def test_a_film_without_a_letter_tells_no_side() -> None:
    assert read_marker(make_arm(), PIXEL_MM) is None
    assert read_marker(np.zeros((100, 100), np.uint16), PIXEL_MM) is None
    assert read_marker(np.random.default_rng(1).integers(0, 4000, (300, 200), dtype=np.uint16), None) is None


def test_two_letters_that_contradict_each_other_tell_nothing() -> None:
    both = write_on(write_on(make_arm(), "L", (20, 60), 50), "R", (430, 560), 50)
    assert read_marker(both, PIXEL_MM) is None
    twice = write_on(write_on(make_arm(), "R", (20, 60), 50), "R", (430, 560), 50)
    assert read_marker(twice, PIXEL_MM) is not None


def test_a_letter_too_small_for_a_marker_is_none() -> None:
    small = write_on(make_arm(), "R", (30, 60), 14)
    assert read_marker(small, PIXEL_MM) is None
    assert read_marker(small, 0.5) is not None, "the same pixels are 5 mm where each is half a mm"


@pytest.mark.parametrize(("number", "side"), [(0, "L"), (1, "R")])
def test_the_lead_letter_of_a_phantoms_film_is_read_and_known_when_mirrored(number: int, side: str) -> None:
    film = make_images(make_person(17, number), side).film
    for values, is_mirrored in ((film.values[0], False), (film.values[0][:, ::-1], True)):
        found = read_marker(values, film.spacing_mm[2])
        assert found is not None
        assert (found.letter, found.is_mirrored) == (side, is_mirrored)


@pytest.mark.parametrize("name", ["wrist-1", "wrist-3", "hand-1", "hand-3"])
def test_a_real_marker_that_is_cut_off_is_not_guessed(name: str) -> None:
    picture = np.asarray(Image.open(FOLDER / f"{name}.png").convert("L"))
    assert read_marker(picture, 0.148) is None

"""Film, DXA and pQCT of phantoms against what they were made with."""

from functools import cache

import numpy as np
import pytest

from modelling.engine.features.catalogue import Measured
from modelling.engine.features.densitometry import measure_pqct
from modelling.engine.features.drawing import paint
from modelling.engine.features.dxa import Baseline, measure_dxa
from modelling.engine.features.radiogrammetry import measure_film
from modelling.engine.features.sites import Place
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.projections import FILM_SCALE
from modelling.engine.phantom.worlds import make_person


@cache
def phantom() -> tuple[Person, Images]:
    person = make_person(1, 0)
    return person, make_images(person)


@cache
def film_of_phantom() -> Measured:
    _, images = phantom()
    return measure_film(images.film.values * FILM_SCALE, images.film.spacing_mm, images.side, "patient")


def values_of(measured: Measured) -> dict[str, float]:
    return {one.name: one.value for one in measured.values}


def test_every_quantity_of_a_phantoms_film_is_measured() -> None:
    found = film_of_phantom()
    assert [one.name for one in found.left_out] == ["film.aluminium_equivalent"], "no step wedge lies on it"
    assert all(np.isfinite(value) for value in values_of(found).values())
    assert 9 < values_of(found)["film.radius_width"] < 18


def test_what_was_found_on_a_film_is_drawn_where_it_lies() -> None:
    _, images = phantom()
    drawing = film_of_phantom().drawing
    assert drawing is not None
    assert np.array_equal(drawing.values, images.film.values[0] * FILM_SCALE)
    # Four edges and walls at two levels, and the field; a left hand's radius lies on the right.
    assert len(drawing.lines) == 9
    columns = np.array([column for line in drawing.lines for _, column in line.points])
    middle = images.film.values.shape[2] / 2
    assert ((columns > middle) == (images.side == "L")).mean() > 0.5


def test_a_simulated_picture_says_so_in_its_pixels() -> None:
    drawing = film_of_phantom().drawing
    assert drawing is not None
    marked, plain = (np.asarray(paint(drawing, spacing_is="patient", is_simulated=one)) for one in (True, False))
    assert (marked[:24, :90] != plain[:24, :90]).any(axis=2).sum() > 200
    assert np.array_equal(marked[40:], plain[40:])


def test_a_phantoms_radius_is_measured_close_to_its_truth() -> None:
    person, images = phantom()
    place = Place(images.pqct_z_mm, person.forearm_mm)
    values = values_of(measure_pqct(images.pqct.values, images.pqct.spacing_mm, images.side, place))
    # Blur and noise of the scanner are in the picture: half a pixel all round is 8 % of such an area.
    assert values["pqct.total_area@4"] == pytest.approx(person.area_mm2, rel=0.08)
    assert values["pqct.total_area@33"] == pytest.approx(person.shaft_area_mm2, rel=0.10)
    assert values["pqct.trabecular_density@4"] == pytest.approx(person.tb_vbmd, rel=0.20)


def test_a_phantoms_densities_are_those_of_its_own_scanner() -> None:
    person, images = phantom()
    measured = measure_dxa(images.dxa.values, images.dxa.spacing_mm, images.side, person.forearm_mm)
    found = values_of(measured)
    assert measured.notes == ()
    for name, region in (("ud", "R_UD"), ("mid", "R_MID"), ("33", "R_33")):
        assert found[f"dxa.abmd_{name}"] == pytest.approx(images.regions[region].bmd, rel=0.05)


def test_a_phantoms_dxa_laid_on_itself_is_not_moved() -> None:
    person, images = phantom()
    baseline = Baseline(images.dxa.values, images.dxa.spacing_mm)
    dxa = (images.dxa.values, images.dxa.spacing_mm, images.side, person.forearm_mm)
    alone, laid = values_of(measure_dxa(*dxa)), values_of(measure_dxa(*dxa, baseline=baseline))
    for name in alone:
        assert laid[name] == pytest.approx(alone[name], rel=1e-3)

"""Forearm DXA against a drawing whose regions are known, and against the phantom's own scanner."""

import numpy as np
import pytest
from numpy.typing import NDArray

from modelling.engine.features.dxa import measure_dxa
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.worlds import make_person

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
    assert found["dxa.abmd_total"] == pytest.approx(0.5)


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
    assert {one.why for one in found.left_out} == {"the length of the forearm is not written down"}


def test_a_picture_that_ends_before_the_third_says_so() -> None:
    found = measure_dxa(draw_arm()[:, :70], SPACING, "R", 240.0)
    assert "the picture ends" in {one.name: one.why for one in found.left_out}["dxa.abmd_33"]


def test_a_picture_without_an_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted the forearm"):
        measure_dxa(np.zeros((1, 80, 60)), SPACING, "R", 240.0)


def test_a_phantoms_densities_are_those_of_its_own_scanner() -> None:
    person = make_person(1, 0)
    images = make_images(person)
    measured = measure_dxa(images.dxa.values, images.dxa.spacing_mm, images.side, person.forearm_mm)
    found = {one.name: one.value for one in measured.values}
    for name, region in (("ud", "R_UD"), ("mid", "R_MID"), ("33", "R_33")):
        assert found[f"dxa.abmd_{name}"] == pytest.approx(images.regions[region].bmd, rel=0.05)

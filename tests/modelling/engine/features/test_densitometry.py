"""pQCT of the radius against hollow cylinders, whose areas and moments are known from their radii."""

import numpy as np
import pytest

from modelling.engine.features.catalogue import QUANTITIES
from modelling.engine.features.densitometry import (
    Section,
    cortical_area,
    measure_pqct,
    polar_moment,
    ring_thickness,
    strength_in_compression,
    stress_strain_index,
)
from modelling.engine.features.regions import fill_holes, list_largest, measure_depth, peel
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.worlds import make_person
from tests.modelling.engine.features.drawings import draw_forearm_slice, draw_ring

PIXEL = 0.1
SPACING = (2.0, PIXEL, PIXEL)
DISTAL = {"radius": (9.0, 8.0), "ulna": (6.0, 5.2), "pixel_mm": PIXEL, "core": 200.0}
SHAFT = {"radius": (6.0, 3.5), "ulna": (5.5, 3.2), "pixel_mm": PIXEL}


def ring_section() -> Section:
    values = draw_ring((200, 200), (99.5, 99.5), 60.0, 40.0, 1000.0)
    return Section(values, fill_holes(values > 280), PIXEL)


def test_area_and_moments_of_a_hollow_cylinder_are_those_of_the_formulas() -> None:
    section, outer, inner = ring_section(), 6.0, 4.0
    moment = np.pi / 2 * (outer**4 - inner**4)
    assert cortical_area(section) == pytest.approx(np.pi * (outer**2 - inner**2), rel=2e-3)
    assert polar_moment(section) == pytest.approx(moment, rel=3e-3)
    assert stress_strain_index(section) == pytest.approx(moment * (1000 / 1200) / outer, rel=1e-2)


def test_a_ring_has_the_wall_it_was_drawn_with() -> None:
    assert ring_thickness(np.pi * 36, np.pi * (36 - 16)) == pytest.approx(2.0, abs=1e-12)
    with pytest.raises(ValueError, match="does not fit"):
        ring_thickness(10.0, 11.0)


def test_bsi_is_the_area_times_the_square_of_the_density() -> None:
    # By hand: 258 mm2 at 300 mg/cm3.
    assert strength_in_compression(258.0, 300.0) == pytest.approx(23.22)


def test_the_inner_45_per_cent_of_a_disc_is_a_smaller_disc() -> None:
    disc = draw_ring((120, 120), (60, 60), 50.0, 0.0, 1.0) > 0
    inner = peel(disc, 0.45)
    assert inner.sum() == round(0.45 * disc.sum())
    y, x = np.nonzero(inner)
    # A disc of 45 % of the area has sqrt(0.45) of the radius: 33.5 pixels.
    assert np.hypot(y - 60, x - 60).max() == pytest.approx(33.5, abs=1.0)


def test_an_empty_region_cannot_be_peeled() -> None:
    with pytest.raises(ValueError, match="cannot be peeled"):
        peel(np.zeros((4, 4), bool), 0.45)


def test_pieces_come_largest_first_and_holes_are_filled() -> None:
    mask = np.zeros((9, 12), bool)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[7, 8:10] = True
    large, small = list_largest(mask, 2)
    assert (large.sum(), small.sum()) == (24, 2)
    assert fill_holes(large).sum() == 25
    assert measure_depth(fill_holes(large))[3, 3] == 3.0


@pytest.mark.parametrize("side", ["L", "R"])
def test_the_radius_is_told_from_the_ulna_at_both_sites(side: str) -> None:
    drawn = [draw_forearm_slice(**one, thumb_is_right=side == "R") for one in (DISTAL, SHAFT)]
    found = measure_pqct(np.stack(drawn), SPACING, side)
    values = {one.name: one.value for one in found.values}
    assert found.notes == ()
    assert values["pqct.total_area@4"] == pytest.approx(np.pi * 81, rel=5e-3)
    assert values["pqct.trabecular_density@4"] == pytest.approx(200.0)
    assert values["pqct.total_area@33"] == pytest.approx(np.pi * 36, rel=5e-3)
    assert values["pqct.cortical_thickness@33"] == pytest.approx(2.5, rel=2e-2)
    assert values["pqct.cortical_density@33"] == pytest.approx(1000.0)
    assert set(values) == {name for name in QUANTITIES if name.startswith("pqct.")}


def test_slices_are_told_apart_in_whichever_order_they_come() -> None:
    drawn = [draw_forearm_slice(**one, thumb_is_right=True) for one in (SHAFT, DISTAL)]
    assert {one.name: one.value for one in measure_pqct(np.stack(drawn), SPACING, "R").values}[
        "pqct.total_area@4"
    ] == pytest.approx(np.pi * 81, rel=5e-3)


def test_a_mirrored_arm_is_measured_and_said_to_be_odd() -> None:
    drawn = [draw_forearm_slice(**one, thumb_is_right=False) for one in (DISTAL, SHAFT)]
    found = measure_pqct(np.stack(drawn), SPACING, "R")
    assert "where the ulna of side R would be" in found.notes[0]
    assert {one.name: one.value for one in found.values}["pqct.total_area@33"] == pytest.approx(np.pi * 36, rel=5e-3)


def test_a_lone_slice_leaves_the_other_site_out_and_says_so() -> None:
    found = measure_pqct(draw_forearm_slice(**DISTAL, thumb_is_right=True)[None], SPACING, "R")
    assert {one.name.partition("@")[2] for one in found.values} == {"4"}
    assert {one.why for one in found.left_out} == {"no slice of this site is in the series"}


def test_two_slices_of_one_site_are_refused() -> None:
    drawn = draw_forearm_slice(**DISTAL, thumb_is_right=True)
    with pytest.raises(ValueError, match="two slices look like the 4 % site"):
        measure_pqct(np.stack([drawn, drawn]), SPACING, "R")


def test_one_bone_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted radius and ulna"):
        measure_pqct(draw_ring((200, 200), (100, 100), 60, 40, 1000.0)[None], SPACING, "R")


def test_pixels_that_are_not_square_are_refused() -> None:
    with pytest.raises(ValueError, match="wanted square ones"):
        measure_pqct(draw_forearm_slice(**DISTAL, thumb_is_right=True)[None], (2.0, 0.1, 0.2), "R")


def test_a_phantoms_radius_is_measured_close_to_its_truth() -> None:
    person = make_person(1, 0)
    images = make_images(person)
    found = measure_pqct(images.pqct.values, images.pqct.spacing_mm, images.side)
    values = {one.name: one.value for one in found.values}
    # Blur and noise of the scanner are in the picture: half a pixel all round is 8 % of such an area.
    assert values["pqct.total_area@4"] == pytest.approx(person.area_mm2, rel=0.08)
    assert values["pqct.total_area@33"] == pytest.approx(person.shaft_area_mm2, rel=0.10)
    assert values["pqct.trabecular_density@4"] == pytest.approx(person.tb_vbmd, rel=0.20)

"""pQCT of the radius against hollow cylinders, whose areas and moments are known from their radii."""

from pathlib import Path

import numpy as np
import pytest

from cohort.deid.headers import write_clean_stratec
from cohort.formats.limits import Limits
from cohort.formats.stratec import HEADER_BYTES, DeviceCalibration, read_stratec, read_stratec_header
from modelling.engine.features.catalogue import QUANTITIES
from modelling.engine.features.densitometry import (
    cortical_area,
    density_of,
    measure_pqct,
    ring_thickness,
    strength_in_compression,
    total_content,
)
from modelling.engine.features.regions import fill_holes, list_largest, measure_depth, peel
from modelling.engine.features.sections import Section, moments, rigidity, stress_strain_index
from modelling.engine.features.sites import Place
from tests.cohort.formats.builders import data_file
from tests.modelling.engine.features.drawings import draw_forearm_slice, draw_ring

PIXEL = 0.1
SPACING = (2.0, PIXEL, PIXEL)
DISTAL = {"radius": (9.0, 8.0), "ulna": (6.0, 5.2), "pixel_mm": PIXEL, "core": 200.0}
SHAFT = {"radius": (6.0, 3.5), "ulna": (5.5, 3.2), "pixel_mm": PIXEL}


FOREARM_MM = 240.0
AT_33 = Place(positions_mm=(0.0, 0.29 * FOREARM_MM), forearm_mm=FOREARM_MM)
"""The shaft 29 % of the forearm above the slice at 4 %."""


def ring_section() -> Section:
    values = draw_ring((200, 200), (99.5, 99.5), 60.0, 40.0, 1000.0)
    return Section(values, fill_holes(values > 280), PIXEL)


def test_area_and_moments_of_a_hollow_cylinder_are_those_of_the_formulas() -> None:
    section, outer, inner = ring_section(), 6.0, 4.0
    moment = np.pi / 2 * (outer**4 - inner**4)
    assert cortical_area(section) == pytest.approx(np.pi * (outer**2 - inner**2), rel=2e-3)
    assert moments(section).polar == pytest.approx(moment, rel=3e-3)
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
    found = measure_pqct(np.stack(drawn), SPACING, side, AT_33)
    values = {one.name: one.value for one in found.values}
    assert found.notes == ()
    assert values["pqct.total_area@4"] == pytest.approx(np.pi * 81, rel=5e-3)
    assert values["pqct.trabecular_density@4"] == pytest.approx(200.0)
    assert values["pqct.total_area@33"] == pytest.approx(np.pi * 36, rel=5e-3)
    assert values["pqct.cortical_thickness@33"] == pytest.approx(2.5, rel=2e-2)
    assert values["pqct.cortical_density@33"] == pytest.approx(1000.0)
    assert set(values) == {name for name in QUANTITIES if name.startswith("pqct.") and name.endswith(("@4", "@33"))}


def test_slices_are_told_apart_in_whichever_order_they_come() -> None:
    drawn = [draw_forearm_slice(**one, thumb_is_right=True) for one in (SHAFT, DISTAL)]
    assert {one.name: one.value for one in measure_pqct(np.stack(drawn), SPACING, "R").values}[
        "pqct.total_area@4"
    ] == pytest.approx(np.pi * 81, rel=5e-3)


def test_a_mirrored_arm_is_measured_and_said_to_be_odd() -> None:
    drawn = [draw_forearm_slice(**one, thumb_is_right=False) for one in (DISTAL, SHAFT)]
    found = measure_pqct(np.stack(drawn), SPACING, "R", AT_33)
    assert "where the ulna of side R would be" in found.notes[0]
    assert {one.name: one.value for one in found.values}["pqct.total_area@33"] == pytest.approx(np.pi * 36, rel=5e-3)


def test_a_lone_slice_leaves_the_other_site_out_and_says_so() -> None:
    found = measure_pqct(draw_forearm_slice(**DISTAL, thumb_is_right=True)[None], SPACING, "R")
    assert {one.name.partition("@")[2] for one in found.values} == {"4"}
    assert {one.why for one in found.left_out} == {"no slice of this site is in the series"}
    assert {one.name.partition("@")[2] for one in found.left_out} == {"33"}


def test_a_radius_that_the_picture_cuts_through_is_left_out_and_the_other_slice_is_measured() -> None:
    both = draw_both()
    # The distal radius of 9 mm reaches further to the side than the shaft of 6 mm.
    cut = both[:, :, : 420 + round(8 / SPACING[2])]
    found = measure_pqct(cut, SPACING, "R", AT_33)
    assert {one.name.partition("@")[2] for one in found.values} == {"33"}
    why = {one.why for one in found.left_out if one.name.endswith("@4")}
    assert why == {"the picture ends in a bone; wanted the whole cross-section of it"}
    with pytest.raises(ValueError, match="the picture ends in a bone"):
        measure_pqct(cut[:1], SPACING, "R")


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


def draw_both(shaft: dict[str, object] = SHAFT) -> np.ndarray:
    return np.stack([draw_forearm_slice(**one, thumb_is_right=True) for one in (DISTAL, shaft)])


@pytest.mark.parametrize("site", ["20", "33", "50", "66"])
def test_the_site_of_a_shaft_is_told_by_how_far_up_the_arm_it_lies(site: str) -> None:
    # The scanner may count from anywhere, and upwards or downwards.
    away = (float(site) - 4) / 100 * FOREARM_MM
    place = Place(positions_mm=(512.0, 512.0 - away), forearm_mm=FOREARM_MM)
    names = {one.name for one in measure_pqct(draw_both(), SPACING, "R", place).values}
    assert f"pqct.ssi@{site}" in names
    assert {name.partition("@")[2] for name in names} == {"4", site}


def test_a_slice_between_the_sites_is_of_none_of_them() -> None:
    place = Place(positions_mm=(0.0, 0.38 * FOREARM_MM), forearm_mm=FOREARM_MM)
    found = measure_pqct(draw_both(), SPACING, "R", place)
    assert {one.name.partition("@")[2] for one in found.values} == {"4"}
    assert found.left_out[0].why == "a slice lies at 42 % of the forearm; wanted 20, 33, 50, 66 %"


def test_a_shaft_that_nothing_places_is_left_out_and_not_taken_for_33_per_cent() -> None:
    found = measure_pqct(draw_both(), SPACING, "R")
    assert {one.name.partition("@")[2] for one in found.values} == {"4"}
    assert "neither its position and the length of the forearm nor the form" in found.left_out[0].why


def test_without_positions_the_form_names_the_site_of_the_shaft() -> None:
    found = measure_pqct(draw_both(), SPACING, "R", Place(sites_of_form=("4", "66")))
    assert "pqct.ssi@66" in {one.name for one in found.values}
    both = measure_pqct(draw_both(), SPACING, "R", Place(sites_of_form=("4", "33", "66")))
    assert "pqct.ssi@66" not in {one.name for one in both.values}


def test_a_form_that_names_another_site_than_the_position_is_said_to_be_odd() -> None:
    place = Place((0.0, 0.29 * FOREARM_MM), FOREARM_MM, ("4", "66"))
    assert measure_pqct(draw_both(), SPACING, "R", place).notes == (
        "the slice lies at the 33 % site by its position; the form names 4, 66 %",
    )


def test_a_series_of_which_nothing_is_placed_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="nothing tells where on the shaft the slice lies"):
        measure_pqct(draw_forearm_slice(**SHAFT, thumb_is_right=True)[None], SPACING, "R")


def test_two_shafts_of_one_site_are_refused() -> None:
    shaft = draw_forearm_slice(**SHAFT, thumb_is_right=True)
    place = Place(sites_of_form=("66",))
    with pytest.raises(ValueError, match="two slices are of the 66 % site"):
        measure_pqct(np.stack([shaft, shaft]), SPACING, "R", place)


def test_values_without_a_calibration_are_refused() -> None:
    with pytest.raises(ValueError, match="the values are in 'native'; wanted mg HA/cm3"):
        measure_pqct(draw_both(), SPACING, "R", AT_33, "native")


def test_content_is_the_mineral_of_one_millimetre() -> None:
    # By hand: a ring of 10 pi (36 - 16) / 10 mm2 at 1 mg/mm3, filled with nothing.
    assert total_content(ring_section()) == pytest.approx(np.pi * (36 - 16), rel=2e-3)


def test_an_empty_part_has_no_density() -> None:
    section = ring_section()
    with pytest.raises(ValueError, match="the part is empty"):
        density_of(section, np.zeros_like(section.bone))


def box_section(rows: int, columns: int, density: float = 1000.0) -> Section:
    values = np.zeros((40, 60))
    values[5 : 5 + rows, 7 : 7 + columns] = density
    return Section(values, values > 0, 0.5)


@pytest.mark.parametrize(("rows", "columns"), [(12, 20), (13, 7), (1, 1)])
def test_a_drawn_box_has_exactly_the_moments_of_the_textbook(rows: int, columns: int) -> None:
    # b h3 / 12 with sides of half a millimetre a pixel; a pixel that were a point would lack h4 / 12.
    height, width = 0.5 * rows, 0.5 * columns
    found = moments(box_section(rows, columns))
    assert found.about_x == pytest.approx(width * height**3 / 12, rel=1e-12)
    assert found.about_y == pytest.approx(height * width**3 / 12, rel=1e-12)
    assert found.largest == pytest.approx(max(found.about_x, found.about_y), rel=1e-12)


def test_the_largest_and_the_least_moment_do_not_hang_on_how_the_bone_lies() -> None:
    y, x = np.mgrid[:400, :400] - 199.5
    found = []
    for degrees in (0, 25, 45, 110):
        turn = np.radians(degrees)
        u, v = np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
        values = np.where((u / 160) ** 2 + (v / 90) ** 2 < 1, 1000.0, 0.0)
        found.append(moments(Section(values, values > 0, 0.05)))
    # An ellipse with half axes a = 8 and b = 4.5 mm: pi a3 b / 4 and pi a b3 / 4.
    for one in found:
        assert one.largest == pytest.approx(np.pi * 8**3 * 4.5 / 4, rel=2e-3)
        assert one.least == pytest.approx(np.pi * 8 * 4.5**3 / 4, rel=2e-3)


def test_rigidities_of_a_hollow_cylinder_are_those_of_the_formulas() -> None:
    found, outer, inner = rigidity(ring_section()), 6.0, 4.0
    # 1000 mg HA/cm3 is 10 GPa; G = E / 2.6.
    area, polar = np.pi * (outer**2 - inner**2), np.pi / 2 * (outer**4 - inner**4)
    assert found.axial == pytest.approx(1e4 * area, rel=2e-3)
    assert found.bending_max == pytest.approx(1e4 * polar / 2, rel=3e-3)
    assert found.bending_min == pytest.approx(1e4 * polar / 2, rel=3e-3)
    assert found.torsional == pytest.approx(1e4 / 2.6 * polar, rel=3e-3)


def test_rigidity_is_graded_by_density_about_the_centroid_of_the_modulus() -> None:
    section = box_section(12, 20)
    section.values[5:17, 17:27] = 500.0
    e_dense, e_light = 1e4, 1e4 * 0.5**1.7
    half, height = 5.0, 6.0
    ea = (e_dense + e_light) * half * height
    # By hand, the theorem of parallel axes: both halves 5 mm wide, their centres 5 mm apart.
    centre = e_light * 5.0 / (e_dense + e_light)
    own = (e_dense + e_light) * height * half**3 / 12
    away = half * height * (e_dense * centre**2 + e_light * (5.0 - centre) ** 2)
    found = rigidity(section)
    assert found.axial == pytest.approx(ea, rel=1e-12)
    assert found.bending_max == pytest.approx(own + away, rel=1e-12)


def test_a_section_without_mineral_has_neither_moment_nor_rigidity() -> None:
    section = Section(np.full((5, 5), -20.0), np.ones((5, 5), bool), 0.5)
    with pytest.raises(ValueError, match="no rigidity"):
        rigidity(section)
    with pytest.raises(ValueError, match="no moment"):
        moments(section)


SCAN = "volumes/stratec_phantom_I0025851.m01"


def test_f7_the_real_stratec_scan_is_parsed_and_its_image_outlives_the_cleaning_of_its_header(tmp_path: Path) -> None:
    path, clean = data_file(SCAN), tmp_path / "clean.m01"
    header = read_stratec_header(path, Limits())
    assert (header.size, header.voxel_mm, header.patient_name) == ((655, 655), 0.4, "TIMOCALIBRATION")
    write_clean_stratec(path, header, "EXA-0001-2", 11, clean)
    assert clean.read_bytes()[HEADER_BYTES:] == path.read_bytes()[HEADER_BYTES:]
    assert read_stratec_header(clean, Limits()).patient_name == "EXA-0001-2"
    assert b"TIMO" not in clean.read_bytes()


def test_f7_the_real_calibration_phantom_is_a_round_tube() -> None:
    # What density a value means stands in the scanner's own file; its shape does not hang on that.
    volume = read_stratec(data_file(SCAN), Limits(), DeviceCalibration(slope=1.495, intercept=-322.0))
    values = volume.values[0]
    section = Section(values, fill_holes(list_largest(values >= 280, 1)[0]), volume.spacing_mm[2])
    y, x = np.nonzero(section.bone)
    assert abs(int(np.ptp(y)) - int(np.ptp(x))) <= 1
    about = moments(section)
    assert about.about_x == pytest.approx(about.about_y, rel=0.01)
    assert about.largest == pytest.approx(about.least, rel=0.02)
    assert total_content(section) == pytest.approx(float(values[section.bone].sum()) * 0.4**2 / 1e3, rel=1e-5)

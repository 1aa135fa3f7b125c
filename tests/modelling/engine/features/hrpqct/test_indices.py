"""Compartments, cortex, indices, quality and pictures of drawn bones."""

import numpy as np
import pytest

from modelling.engine.features.contour import Compartments
from modelling.engine.features.cortical import find_pores, outline_length, porosity
from modelling.engine.features.morphometry import UNITS, Bone, Morphometry, measure_bone, outline_bone
from modelling.engine.features.pictures import picture_segmentation, picture_thickness, thickness_scale_mm
from modelling.engine.features.segmentation import XCT1, XCT2, choose_recipe, segment, sharpen
from modelling.engine.features.thickness import measure_thickness
from modelling.engine.features.volume_quality import judge_volume
from modelling.engine.features.volumes import say_border
from tests.modelling.engine.features.hrpqct.volumes import (
    draw_bone,
    draw_disc,
    draw_plates,
    draw_tube,
    drill,
    read_trab1240,
    scan_rods,
)

VOXEL = 0.061
SPACING = (VOXEL, VOXEL, VOXEL)


@pytest.fixture(scope="session")
def measured() -> Morphometry:
    return measure_bone(outline_bone(draw_bone(14), None, SPACING, "radius"))


def test_the_outline_and_the_cortex_are_found(measured: Morphometry) -> None:
    whole, marrow = draw_tube(14, 62, 50, 150)
    parts = measured.bone.compartments
    for found, true in ((parts.total, whole), (parts.trabecular, marrow), (parts.cortical, whole & ~marrow)):
        assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.97


def test_all_thirteen_indices_come_out_near_the_truth(measured: Morphometry) -> None:
    wanted = {
        "Tt.Ar": (np.pi * (62 * VOXEL) ** 2, 0.02),
        "Tb.Ar": (np.pi * (50 * VOXEL) ** 2, 0.02),
        "Ct.Ar": (np.pi * VOXEL**2 * (62**2 - 50**2), 0.05),
        "Ct.Pm": (2 * np.pi * 62 * VOXEL, 0.01),
        "Ct.vBMD": (900, 0.05),
        "Ct.Th": (12 * VOXEL, 0.1),
    }
    assert list(measured.indices) == list(UNITS)
    for name, (value, share) in wanted.items():
        assert measured.indices[name] == pytest.approx(value, rel=share), name
    assert measured.indices["Ct.Po"] < 0.003


def test_a_segmentation_has_all_indices_but_the_densities() -> None:
    found = outline_bone(None, draw_bone(6) > 450, SPACING, "radius")
    whole, _ = draw_tube(6, 62, 50, 150)
    assert found.density is None
    assert 2 * (found.compartments.total & whole).sum() / (found.compartments.total.sum() + whole.sum()) > 0.98


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"site": "hip"}, "no site"),
        ({"spacing_mm": (0.5, 0.061, 0.061)}, "wanted cubes"),
        ({"density": None}, "neither densities nor a segmentation"),
        ({"density": np.zeros((4, 30, 30), np.float32)}, "no bone was found"),
        ({"density": np.pad(np.full((4, 8, 8), 900, np.float32), ((0, 0), (9, 9), (9, 9)))}, "wanted 20 or more"),
    ],
)
def test_what_cannot_be_outlined_is_refused(change: dict[str, object], why: str) -> None:
    told = {"density": draw_bone(4, 40), "bone": None, "spacing_mm": SPACING, "site": "radius"} | change
    with pytest.raises(ValueError, match=why):
        outline_bone(**told)


@pytest.mark.parametrize("n", [7, 20, 34, 68])
def test_f4_drilled_canals_are_the_porosity_of_the_whole_cortex(n: int) -> None:
    """1 to 10 %: the denominator is the compartment with its pores, not the bone that is left."""
    whole, marrow = draw_tube(12, 62, 46, 131)
    cortex = whole & ~marrow
    canals = drill(cortex, n // 2 + n % 2, 51) | drill(cortex, n // 2, 57)
    true = canals.sum() / cortex.sum()
    found = porosity(find_pores(cortex & ~canals, cortex), cortex)
    assert 0.009 < true < 0.17
    assert abs(found - true) <= 0.003
    assert abs(canals.sum() / (cortex & ~canals).sum() - true) > 0.0001


def test_a_canal_that_opens_on_the_marrow_in_a_slice_stays_a_pore_there() -> None:
    whole, marrow = draw_tube(9, 30, 20, 65)
    cortex = whole & ~marrow
    bone = cortex.copy()
    bone[:, 31:34, 55:58] = False
    bone[4, 31:34, 50:58] = False
    pores = find_pores(bone, cortex)
    assert pores[4, 32, 56]
    assert not pores[4, 32, 53]


def test_a_void_of_less_than_five_voxels_is_noise() -> None:
    whole, marrow = draw_tube(9, 30, 20, 65)
    cortex = whole & ~marrow
    bone = cortex.copy()
    bone[3:7, 32, 56] = False
    assert not find_pores(bone, cortex).any()
    bone[3:8, 32, 56] = False
    assert find_pores(bone, cortex).sum() == 5


def test_an_empty_cortex_has_no_porosity() -> None:
    nothing = np.zeros((2, 4, 4), np.bool_)
    with pytest.raises(ValueError, match="the cortex is empty"):
        porosity(nothing, nothing)
    with pytest.raises(ValueError, match="differ in shape"):
        find_pores(nothing, nothing[:1])


@pytest.mark.parametrize("radius", [20.0, 47.3])
def test_the_outline_of_a_disc_is_as_long_as_it_is(radius: float) -> None:
    disc = draw_disc((120, 120), (60, 60), radius)[None]
    assert outline_length(disc, 0.5) == pytest.approx(np.pi * radius, rel=0.005)


def test_the_recipe_follows_the_voxel() -> None:
    assert choose_recipe((0.082, 0.082, 0.082)) == XCT1
    assert choose_recipe(SPACING) == XCT2


@pytest.mark.parametrize(("recipe", "overlap"), [(XCT1, 0.85), (XCT2, 0.93)])
def test_either_recipe_finds_the_bone_that_was_drawn(recipe: str, overlap: float) -> None:
    density = draw_bone(12, 150)
    found = segment(density, recipe).trabecular
    true = density > 400
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > overlap


def test_sharpening_leaves_an_even_volume_as_it_is_and_steepens_an_edge() -> None:
    assert np.allclose(sharpen(np.full((9, 9, 9), 700, np.float32)), 700, atol=1e-2)
    with pytest.raises(ValueError, match="no recipe"):
        segment(np.zeros((3, 3, 3), np.float32), "xct3")


def test_f6_the_real_volume_has_a_thickness_and_a_separation_that_make_its_number() -> None:
    """1 / Tb.N lies near Tb.Th + Tb.Sp, as in any array of plates; the peer's 1.32 against 0.156 + 0.770 does not."""
    bone, spacing = read_trab1240()
    cut = bone[:50, :50, :50]
    found = measure_bone(outline_bone(None, cut, spacing, "cube")).indices
    assert set(found) == {"BV/TV", "Tb.N", "Tb.Th", "Tb.Sp"}
    assert found["BV/TV"] == pytest.approx(cut.mean())
    assert 1 / found["Tb.N"] == pytest.approx(found["Tb.Th"] + found["Tb.Sp"], rel=0.15)


CUT_AWAY = {"a side": np.s_[:, :, 50:], "a corner": np.s_[:, 60:, 60:]}


@pytest.mark.parametrize("cut", CUT_AWAY.values(), ids=CUT_AWAY)
@pytest.mark.parametrize("has_rods", [True, False])
def test_a_bone_that_the_picture_cuts_through_is_refused(cut: tuple[slice, slice, slice], *, has_rods: bool) -> None:
    density = draw_bone(6)
    if not has_rods:
        density[draw_tube(6, 62, 50, 150)[1]] = 0
    assert not outline_bone(density, None, SPACING, "radius").compartments.touches
    with pytest.raises(ValueError, match="the picture ends in the bone; wanted the whole cross-section"):
        outline_bone(np.ascontiguousarray(density[cut]), None, SPACING, "radius")


@pytest.mark.parametrize("cut", [np.s_[:, 14:136, 14:136], np.s_[:, 15:, :]])
def test_a_whole_bone_that_was_cut_out_tightly_is_measured_and_said_to_touch_the_border(
    cut: tuple[slice, slice, slice],
) -> None:
    parts = outline_bone(np.ascontiguousarray(draw_bone(6)[cut]), None, SPACING, "radius").compartments
    assert parts.total[3].sum() == pytest.approx(np.pi * 62**2, rel=0.02)
    assert "if it goes on beyond, its areas are too small" in say_border(parts)[0]


def test_bone_without_marrow_side_is_refused() -> None:
    whole = np.ones((4, 4, 4), np.bool_)
    bone = Bone(None, ~whole, ~whole, Compartments(whole, whole, ~whole), SPACING)
    with pytest.raises(ValueError, match="no bone was found in the trabecular compartment"):
        measure_bone(bone)


def test_a_whole_scan_that_did_not_move_is_told() -> None:
    found = judge_volume(draw_bone(12, 150), SPACING, XCT2)
    assert (found.slices, found.wanted, found.is_whole, found.has_moved) == (12, 168, False, False)


def test_a_shifted_stack_and_a_repeated_and_an_empty_slice_are_told() -> None:
    volume = draw_bone(12, 150)
    volume[6:] = np.roll(volume[6:], 4, axis=2)
    volume[3] = volume[2]
    volume[9] = 0
    found = judge_volume(volume, SPACING, XCT2)
    assert 6 in found.shifted_at
    assert found.largest_shift_mm > 0.1
    assert (found.repeated, found.empty) == ((3,), (9,))
    with pytest.raises(ValueError, match="wanted two or more"):
        judge_volume(volume[:1], SPACING, XCT2)


@pytest.mark.parametrize(("rows", "columns"), [(2, 0), (0, 4), (-8, 0), (0, 16), (30, -30), (0, 50)])
def test_an_arm_that_moved_is_told_however_far_it_moved(rows: int, columns: int) -> None:
    still = np.pad(draw_bone(8, 150), ((0, 0), (40, 40), (40, 40)))
    assert not judge_volume(still, SPACING, XCT2).has_moved
    moved = still.copy()
    moved[5:] = np.roll(still[5:], (rows, columns), axis=(1, 2))
    found = judge_volume(moved, SPACING, XCT2)
    assert found.shifted_at == (5,)
    assert found.largest_shift_mm == pytest.approx(np.hypot(rows, columns) * SPACING[1], rel=0.02, abs=0.02)


def test_a_bone_that_leans_has_not_moved_and_an_empty_slice_lies_nowhere() -> None:
    leaning = np.stack(
        [np.roll(one, 2 * z, axis=0) for z, one in enumerate(np.pad(draw_bone(8, 150), ((0, 0), (0, 20), (0, 20))))]
    )
    leaning[4] = 0
    found = judge_volume(leaning, SPACING, XCT2)
    assert (found.shifted_at, found.empty) == ((), (4,))
    assert found.largest_shift_mm < 0.05


def test_slices_that_show_nothing_but_noise_have_not_moved() -> None:
    noise = np.random.default_rng(1).normal(0, 40, (4, 160, 160)).astype(np.float32)
    assert not judge_volume(noise, SPACING, XCT2).has_moved


def test_the_pictures_show_every_part(measured: Morphometry) -> None:
    seen = picture_segmentation(measured)
    assert seen.dtype == np.uint8
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) >= 4
    thick = picture_thickness(measured)
    assert thick.shape[1:] == seen.shape[1:]
    assert (thick[-1, 0] != thick[-1, -1]).any()
    assert thickness_scale_mm(measured) > measured.indices["Tb.Th"]


def test_voxels_too_coarse_for_trabeculae_give_areas_and_densities_and_say_why() -> None:
    coarse = draw_bone(12, 150)[::2, ::2, ::2]
    found = measure_bone(outline_bone(np.ascontiguousarray(coarse), None, (0.122,) * 3, "radius"))
    assert set(found.left_out) == {"BV/TV", "Tb.N", "Tb.Th", "Tb.Sp", "Ct.Po"}
    assert "voxels of 0.122 mm do not show trabeculae and pores; wanted 0.1 mm" in found.left_out["Tb.Th"]
    assert set(found.indices) == set(UNITS) - set(found.left_out)
    assert not found.thickness.any()
    assert found.pores is None


def test_voxels_of_a_tenth_of_a_millimetre_are_measured() -> None:
    found = measure_bone(outline_bone(draw_bone(5, 150), None, (0.1,) * 3, "radius"))
    assert (found.left_out, list(found.indices)) == ({}, list(UNITS))


def test_a_segmentation_has_the_shape_it_has_at_any_size_of_voxel() -> None:
    plates = draw_plates(4, 8, n=4, side=24)
    found = measure_bone(outline_bone(None, plates, (1.0,) * 3, "cube"))
    assert found.left_out == {}
    assert found.indices["Tb.Th"] == pytest.approx(4.0)


def test_a_cortex_of_few_voxels_has_no_thickness() -> None:
    whole, marrow = draw_tube(6, 24, 22, 60)
    density = np.where(whole & ~marrow, 900, 0).astype(np.float32)
    found = measure_bone(outline_bone(density, None, (0.244,) * 3, "radius"))
    assert "wanted 4 or more" in found.left_out["Ct.Th"]
    assert "Ct.Ar" in found.indices


@pytest.mark.parametrize("diameter", [0.2, 0.24])
def test_rods_seen_by_a_first_generation_scanner_keep_their_bone(diameter: float) -> None:
    """A Laplacian or a window in units of the Nyquist frequency would leave a tenth to a half of it."""
    seen, true = scan_rods(diameter, 0.0813)
    found = segment(seen, XCT1).trabecular
    assert found.mean() == pytest.approx(true, rel=0.06)
    assert measure_thickness(found, np.ones_like(found)).mean * 0.0813 == pytest.approx(diameter, rel=0.06)


def test_what_blur_adds_to_the_marrow_side_of_the_cortex_has_no_trabecular_thickness() -> None:
    """One more voxel of bone inside a cortex of 12: it is as thick as the cortex, and no trabecula."""
    whole, marrow = draw_tube(30, 40, 28, 95)
    _, inner = draw_tube(30, 40, 27, 95)
    rods = np.zeros_like(whole)
    rods[:, 46:50, :] = rods[:, :, 46:50] = True
    bone = (whole & ~inner) | (rods & marrow)
    found = measure_bone(Bone(None, bone, bone, Compartments(whole, marrow, whole & ~marrow), SPACING))
    assert found.indices["Tb.Th"] == pytest.approx(4 * VOXEL, rel=0.15)
    with_rim = measure_thickness(bone, marrow).mean * VOXEL
    assert with_rim > 1.4 * found.indices["Tb.Th"]

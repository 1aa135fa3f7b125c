"""Compartments, cortex, indices, quality and pictures of drawn bones."""

import numpy as np
import pytest

from modelling.engine.features.contour import Compartments
from modelling.engine.features.cortical import find_pores, outline_length, porosity
from modelling.engine.features.morphometry import UNITS, Bone, Morphometry, measure_bone, outline_bone
from modelling.engine.features.pictures import picture_segmentation, picture_thickness, thickness_scale_mm
from modelling.engine.features.segmentation import XCT1, XCT2, choose_recipe, segment, sharpen
from modelling.engine.features.volume_quality import judge_volume
from tests.modelling.engine.features.hrpqct.volumes import (
    draw_bone,
    draw_disc,
    draw_tube,
    drill,
    read_trab1240,
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


def test_the_pictures_show_every_part(measured: Morphometry) -> None:
    seen = picture_segmentation(measured)
    assert seen.dtype == np.uint8
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) >= 4
    thick = picture_thickness(measured)
    assert thick.shape[1:] == seen.shape[1:]
    assert (thick[-1, 0] != thick[-1, -1]).any()
    assert thickness_scale_mm(measured) > measured.indices["Tb.Th"]

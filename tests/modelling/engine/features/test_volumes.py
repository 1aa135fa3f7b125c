"""A drawn HR-pQCT volume as the portal measures it: names of the catalogue, pictures, what is odd."""

from functools import cache

import numpy as np
import pytest

from modelling.engine.features.catalogue import QUANTITIES, Measured, list_quantities
from modelling.engine.features.drawing import paint_colours
from modelling.engine.features.measure import measure
from modelling.engine.features.volume_quality import VolumeQuality
from modelling.engine.features.volumes import measure_volume, say_quality

VOXEL = 0.0607
SPACING = (VOXEL, VOXEL, VOXEL)


def draw_bone() -> np.ndarray:
    """Return (24, 200, 200): a round bone of 80 voxels radius, a cortex of 14 and plates of 4 every 12 within.

    The plates are less dense than the cortex, as thin trabeculae are seen by a scanner.
    """
    y, x = np.mgrid[:200, :200] - 99.5
    distance = np.hypot(y, x)
    plates = (np.arange(200) % 12 < 4)[None, :] & (distance < 66)
    picture = np.where((distance < 80) & (distance >= 66), 900.0, np.where(plates, 600.0, 0.0))
    return np.repeat(picture[None], 24, axis=0).astype(np.float32)


@cache
def measured() -> Measured:
    told = {"modality": "hrpqct", "side": "L", "spacing_mm": list(SPACING), "unit": "mg HA/cm3", "region": "radius"}
    return measure(draw_bone(), told)


def test_a_drawn_volume_gives_every_index_by_its_name_in_the_catalogue() -> None:
    found = {one.name: one.value for one in measured().values}
    assert set(found) == {one.name for one in list_quantities("hrpqct")}
    # The circle of 80 voxels; the smoothing before the outline moves it by less than a voxel.
    assert found["hrpqct.tt_ar"] == pytest.approx(np.pi * (80 * VOXEL) ** 2, rel=0.03)
    assert found["hrpqct.tb_th"] == pytest.approx(4 * VOXEL, rel=0.25)
    assert QUANTITIES["hrpqct.tb_th"].unit == "mm"


def test_a_volume_comes_with_its_segmentation_and_its_local_thickness() -> None:
    pictures = measured().coloured
    assert set(pictures) == {"segmentation", "thickness"}
    assert pictures["thickness"].words.endswith(" mm")
    marked, plain = (np.asarray(paint_colours(pictures["thickness"], is_simulated=one)) for one in (True, False))
    assert (marked[:20, :90] != plain[:20, :90]).any(axis=2).sum() > 100


def test_a_volume_that_is_not_whole_or_moved_is_said_to_be_odd() -> None:
    assert "the volume has 24 slices; a whole scan has 168" in measured().notes
    moved = VolumeQuality(168, 168, (3,), (4, 5), 0.32, (80, 81))
    assert say_quality(moved) == (
        "1 slices are empty and 2 repeat the one before",
        "the arm moved: 2 slices are shifted, by up to 0.32 mm",
    )


def test_a_volume_that_ends_in_the_bone_gives_no_index_and_says_why() -> None:
    told = {"modality": "hrpqct", "side": "L", "spacing_mm": list(SPACING), "unit": "mg HA/cm3", "region": "radius"}
    found = measure(np.ascontiguousarray(draw_bone()[:, :, 67:]), told)
    assert found.values == ()
    assert {one.why for one in found.left_out} == {"the picture ends in the bone; wanted the whole cross-section of it"}


def test_a_volume_without_calibration_is_refused_with_the_unit_that_was_found() -> None:
    with pytest.raises(ValueError, match="the values are in 'native'; wanted mg HA/cm3"):
        measure_volume(draw_bone(), SPACING, "radius", "native")

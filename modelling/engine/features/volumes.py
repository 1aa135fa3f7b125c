"""HR-pQCT in the portal's own words: the indices by their names in the catalogue, what is odd, and pictures."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.catalogue import HRPQCT, Measured, NotMeasured, Value, list_quantities
from modelling.engine.features.contour import RADIUS, TIBIA, Compartments
from modelling.engine.features.drawing import SEGMENTATION, THICKNESS, Coloured
from modelling.engine.features.morphometry import measure_bone, outline_bone
from modelling.engine.features.pictures import picture_segmentation, picture_thickness, thickness_scale_mm
from modelling.engine.features.segmentation import choose_recipe
from modelling.engine.features.volume_quality import VolumeQuality, judge_volume

CALIBRATED: Final = "mg HA/cm3"


def measure_volume(
    values: NDArray[np.floating], spacing_mm: tuple[float, float, float], region: str, unit: str
) -> Measured:
    """Return the thirteen indices of a volume.

    values: (z, y, x) mg HA/cm3. spacing_mm: (z, y, x). region: as the header names it; the tibia has its own recipe.
    Raises ValueError where the values are not calibrated, the voxels are no cubes, no bone is found or it is cut off.
    """
    if unit != CALIBRATED:
        raise ValueError(f"the values are in '{unit}'; wanted {CALIBRATED}: the header holds no calibration")
    density = np.asarray(values, np.float32)
    found = measure_bone(outline_bone(density, None, spacing_mm, TIBIA if region == TIBIA else RADIUS))
    names = {one.symbol: one.name for one in list_quantities(HRPQCT)}
    indices = tuple(Value(names[symbol], float(value)) for symbol, value in found.indices.items())
    there = {one.name for one in indices}
    left_out = tuple(
        NotMeasured(one.name, found.left_out.get(one.symbol, "no cortex was found in the volume"))
        for one in list_quantities(HRPQCT)
        if one.name not in there
    )
    coloured = {SEGMENTATION: Coloured(picture_segmentation(found), "")}
    if "Tb.Th" in found.indices:
        words = f"0 to {thickness_scale_mm(found):.2f} mm"
        coloured[THICKNESS] = Coloured(picture_thickness(found), words)
    quality = judge_volume(density, spacing_mm, choose_recipe(spacing_mm))
    notes = (*say_border(found.bone.compartments), *say_quality(quality))
    return Measured(indices, left_out, notes, coloured=coloured)


def say_border(parts: Compartments) -> tuple[str, ...]:
    """Return what is odd about where a bone lies in its picture, in words."""
    words = "the bone touches the border of the picture: if it goes on beyond, its areas are too small"
    return (words,) if parts.touches else ()


def say_quality(quality: VolumeQuality) -> tuple[str, ...]:
    """Return what is odd about a volume, in words."""
    notes = []
    if quality.slices < quality.wanted:
        notes.append(f"the volume has {quality.slices} slices; a whole scan has {quality.wanted}")
    if quality.empty or quality.repeated:
        notes.append(f"{len(quality.empty)} slices are empty and {len(quality.repeated)} repeat the one before")
    if quality.has_moved:
        notes.append(
            f"the arm moved: {len(quality.shifted_at)} slices are shifted, by up to {quality.largest_shift_mm:.2f} mm"
        )
    return tuple(notes)

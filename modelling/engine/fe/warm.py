"""Compiles every loop of the volumes once, beside the source: `python -m modelling.engine.fe.warm`.

Whoever owns the source runs it: a worker before its first volume, the maker of an image. Children in their sandbox then
find the loops ready (modelling.engine.jit) instead of compiling them anew for each volume.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.bone import CALIBRATED, segment_bone
from modelling.engine.fe.recipe import Recipe
from modelling.engine.fe.strength import MechanicalTest, measure_strength
from modelling.engine.features.volumes import measure_volume

_VOXEL_MM = 0.061
_SIZE, _SLICES = 100, 8


def draw_bone() -> NDArray[np.float32]:
    """Return (z, y, x) mg HA/cm3: a round bone with a cortex and plates within, just large enough to be one."""
    y, x = np.mgrid[:_SIZE, :_SIZE] - (_SIZE - 1) / 2
    distance = np.hypot(y, x)
    plates = (np.arange(_SIZE) % 12 < 4)[None, :] & (distance < 40)
    picture = np.where((distance < 47) & (distance >= 38), 900.0, np.where(plates, 600.0, 0.0))
    return np.repeat(picture[None], _SLICES, axis=0).astype(np.float32)


def main() -> int:
    """Measure and test one small bone; return the exit status."""
    spacing = (_VOXEL_MM,) * 3
    drawn = draw_bone()
    measure_volume(drawn, spacing, "", CALIBRATED)
    bone, _ = segment_bone(drawn, spacing, "", CALIBRATED)
    measure_strength(bone, spacing, MechanicalTest(Recipe(8748.0).make_material()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

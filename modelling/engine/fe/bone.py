"""From a calibrated HR-pQCT volume to the bone that is tested: the recipe of the morphometry, and nothing else (pure).

Trabecular bone counts within the marrow side of the cortex, cortical bone in the cortex, each above the level of its
compartment (modelling.engine.features.segmentation); what lies outside the outline of the largest bone is left out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.material import Spacing
from modelling.engine.fe.recipe import describe_segmentation
from modelling.engine.features.contour import RADIUS, TIBIA
from modelling.engine.features.morphometry import outline_bone

CALIBRATED = "mg HA/cm3"


def segment_bone(
    values: NDArray[np.floating[Any]], spacing_mm: Spacing, region: str, unit: str
) -> tuple[NDArray[np.bool_], dict[str, Any]]:
    """Return the bone of a volume and how it was found, in plain values to be stored with the result.

    values: (z, y, x) mg HA/cm3. spacing_mm: (z, y, x). region: as the header names it; the tibia has its own outline.
    Raises ValueError where the values are not calibrated, the voxels are no cubes, or no bone is found.
    """
    if unit != CALIBRATED:
        raise ValueError(f"the values are in '{unit}'; wanted {CALIBRATED}: the header holds no calibration")
    site = TIBIA if region == TIBIA else RADIUS
    found = outline_bone(np.asarray(values, np.float32), None, spacing_mm, site)
    parts = found.compartments
    bone = (found.trabecular_bone & parts.trabecular) | (found.cortical_bone & parts.cortical)
    return bone, describe_segmentation(spacing_mm, site)

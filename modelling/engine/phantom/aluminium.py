"""An aluminium step wedge that lies on the detector beside the wrist. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.step_wedge import Wedge
from modelling.engine.phantom.attenuation import (
    ALUMINIUM_DENSITY,
    SPECTRUM_ALUMINIUM,
    SPECTRUM_KEV,
    SPECTRUM_PHOTONS,
)

Floats = NDArray[np.floating]

WEDGE: Final = Wedge(tuple(2.0 * step for step in range(1, 9)), 4.0)
"""From 2 mm, less than soft tissue of a wrist, to 16 mm, more than its densest bone."""
WIDTH_MM: Final = 9.0
ROOM_MM: Final = 16.0
"""By how much either side of the film is wider to take the wedge."""
ASIDE_MM: Final = 2.0
"""From the collimator's edge."""


def transmit(thickness_mm: NDArray[np.floating]) -> Floats:
    """Return I/I0 behind aluminium (mm, any shape) on the energy-integrating detector of the film."""
    weights = SPECTRUM_PHOTONS * SPECTRUM_KEV
    depth = np.asarray(thickness_mm, np.float64)[..., None] / 10.0 * ALUMINIUM_DENSITY
    return np.asarray(np.exp(-SPECTRUM_ALUMINIUM * depth) @ weights / weights.sum())


def lay_wedge(transmitted: Floats, pixel_mm: float, top: int, covered: int, *, on_left: bool) -> None:
    """Lay WEDGE on I/I0 (rows, columns), its thinnest step at row `top`, beside the `covered` columns of one side."""
    length, width = WEDGE.length_mm / pixel_mm, round(WIDTH_MM / pixel_mm)
    aside = covered + round(ASIDE_MM / pixel_mm)
    left = aside if on_left else transmitted.shape[1] - aside - width
    for step, share in enumerate(transmit(np.array(WEDGE.steps_mm))):
        rows = slice(top + round(step * length), top + round((step + 1) * length))
        transmitted[rows, left : left + width] *= share

"""How a film's grey values relate to the dose at the detector, from its header (pure; DICOM PS3.3, C.8.11.3).

Pixel Intensity Relationship is LIN (proportional to the dose), LOG (to its logarithm) or DISP (made to look at); its
sign is 1 where lower values mean less dose, -1 where they mean more.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

LIN, LOG, DISP = "LIN", "LOG", "DISP"

ATTENUATION = "relative attenuation"
DISPLAYED = "displayed grey"
LOG_STEP = 1e-4
"""Attenuation of one grey value of a logarithmic film. Makers differ by a factor, which a model's own scaling takes
out; no dose is worked out from it."""

OPEN_FIELD = 99.9
"""Percentile of the dose that counts as the open field beside the arm."""

Film = NDArray[np.float32]


@dataclass(frozen=True)
class Intensity:
    """What the header says; DISP where it says nothing."""

    relationship: str = DISP
    sign: int = 1


def read_intensity(path: Path) -> Intensity:
    """Return how the grey values of a DICOM file relate to the dose; its pixels are not read."""
    header = pydicom.dcmread(
        path, stop_before_pixels=True, specific_tags=["PixelIntensityRelationship", "PixelIntensityRelationshipSign"]
    )
    relationship = str(header.get("PixelIntensityRelationship") or DISP)
    return Intensity(
        relationship if relationship in {LIN, LOG} else DISP, int(header.get("PixelIntensityRelationshipSign") or 1)
    )


def make_attenuation(grey: Film, intensity: Intensity) -> tuple[Film, str]:
    """Return a film as relative attenuation, -ln(I / I0) without unit, and what the values then are.

    grey: (z, y, x) stored values. I0, the open field, is taken from the film itself. Where the grey was made to be
    looked at, no dose can be had back: it is only brought to 0 (dark) .. 1 (bright), and says so.
    Beer-Lambert: I = I0 exp(-sum of mu times length).
    """
    if intensity.relationship == LIN:
        dose = grey if intensity.sign > 0 else grey.max() - grey
        open_field = max(float(np.percentile(dose, OPEN_FIELD)), 1.0)
        return (-np.log(np.clip(dose, 1.0, None) / open_field)).astype(np.float32), ATTENUATION
    if intensity.relationship == LOG:
        # Sign -1: the higher the value, the less arrived, so the open field is where values are lowest.
        rising = -grey if intensity.sign > 0 else grey
        lowest = float(np.percentile(rising, 100 - OPEN_FIELD))
        return ((rising - lowest) * LOG_STEP).astype(np.float32), ATTENUATION
    dark, bright = (float(one) for one in np.percentile(grey, (100 - OPEN_FIELD, OPEN_FIELD)))
    return ((grey - dark) / max(bright - dark, 1.0)).astype(np.float32), DISPLAYED

"""One picture or stack of pictures, whatever file it came from (pure)."""

import hashlib
import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[Any]

FILM, DXA, PQCT, HRPQCT = "film", "dxa", "pqct", "hrpqct"
KINDS = (FILM, DXA, PQCT, HRPQCT)

STORED, AREAL, DENSITY, HOUNSFIELD, NATIVE = "stored value", "g/cm2", "mg HA/cm3", "HU", "native"
UNITS = (STORED, AREAL, DENSITY, HOUNSFIELD, NATIVE)
"""`stored value`: a film's grey values, no unit. `native`: a scanner's own numbers without a calibration."""

SPACING_IS = ("patient", "detector", "none")
"""Where a pixel is as large as the spacing says; `none`: the file gives no size, so nothing is measured in mm."""


@dataclass(frozen=True)
class Volume:
    """Values with their axes, spacing and unit.

    values: (z, y, x) integer or float32; a two-dimensional picture has z = 1.
    spacing_mm: (z, y, x) distance of neighbours in mm; (1, 1, 1) where spacing_is is `none`.
    """

    values: Values
    spacing_mm: tuple[float, float, float]
    unit: str
    kind: str
    spacing_is: str = "patient"

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or 0 in self.values.shape:
            raise ValueError(f"a volume has three axes (z, y, x) and no empty one, not {self.values.shape}")
        if self.kind not in KINDS or self.unit not in UNITS or self.spacing_is not in SPACING_IS:
            raise ValueError(f"'{self.kind}' in '{self.unit}' with '{self.spacing_is}' spacing is no volume of ours")
        if not all(math.isfinite(step) and step > 0 for step in self.spacing_mm):
            raise ValueError(f"the spacing {self.spacing_mm} is not three lengths in mm")

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return float(self.values.min()), float(self.values.max())


def hash_pixels(values: Values) -> str:
    """Return the SHA-256 of a volume's values: little-endian, in (z, y, x) order, slab by slab."""
    digest = hashlib.sha256()
    for slab in values:
        little = np.ascontiguousarray(slab, dtype=slab.dtype.newbyteorder("<"))
        digest.update(little.data)
    return digest.hexdigest()

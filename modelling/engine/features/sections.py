"""Mechanics of one cross-section of a bone: moments, stress-strain index, density-graded rigidity (pure numpy).

Each pixel is a square of its own: its moment about its own centre, h4 / 12, counts, so that a section drawn on whole
pixels has exactly the moment of the textbook. These are rigidities of one slice by beam theory; they are never the
strength of a piece of bone, as finite elements compute it in HR-pQCT.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.regions import Mask

Slice = NDArray[np.floating]
Floats = NDArray[np.float64]

AREA_MG: Final = 550.0
"""mg HA/cm3: at or above it is cortex, for areas and moments."""
TISSUE_MG: Final = 1200.0
"""mg HA/cm3 of bone tissue without pores, by which SSI weighs."""
SHAFT_FROM: Final = 0.40
"""Share of the cross-section that is cortex: from here on it is a shaft."""
MODULUS_MPA, MODULUS_EXPONENT = 10_000.0, 1.7
"""E = 10 GPa (density / 1000 mg HA/cm3)^1.7, the power law of the open finite element workflows (parosol-py)."""
POISSON: Final = 0.3


@dataclass(frozen=True)
class Section:
    """One cross-section of a radius. values: (y, x) mg HA/cm3. bone: (y, x), marrow filled in. pixel_mm: its edge."""

    values: Slice
    bone: Mask
    pixel_mm: float

    @property
    def cortex(self) -> Mask:
        """Where the bone is cortex, for areas and moments."""
        return np.asarray(self.bone & (self.values >= AREA_MG))

    @property
    def is_shaft(self) -> bool:
        """True where the marrow has given way to cortex."""
        return bool(self.cortex.sum() >= SHAFT_FROM * self.bone.sum())


@dataclass(frozen=True)
class Moments:
    """Second moments about the centroid: x side to side, y back to front; largest and least over all directions.

    mm4 of area; N mm2 where weighted by a modulus in MPa.
    """

    about_x: float
    about_y: float
    largest: float
    least: float

    @property
    def polar(self) -> float:
        """I_p = I_x + I_y."""
        return self.about_x + self.about_y


@dataclass(frozen=True)
class Rigidity:
    """What resists: EA in N, EI about the stiffest and the weakest axis and GJ in N mm2."""

    axial: float
    bending_max: float
    bending_min: float
    torsional: float


def moments(section: Section) -> Moments:
    """Return the second moments of the cortex about its centroid, mm4. Raises ValueError without a cortex."""
    return _moments(_need_cortex(section).astype(np.float64), section.pixel_mm)


def _need_cortex(section: Section) -> Mask:
    cortex = section.cortex
    if not cortex.any():
        raise ValueError(f"nothing of the bone reaches {AREA_MG:.0f} mg HA/cm3, so its cortex has no moment")
    return cortex


def _moments(weights: Floats, pixel_mm: float) -> Moments:
    """Return the moments of weighted pixels (y, x) about their weighted centroid."""
    rows, columns = np.nonzero(weights)
    weight = weights[rows, columns]
    y = (rows - np.average(rows, weights=weight)) * pixel_mm
    x = (columns - np.average(columns, weights=weight)) * pixel_mm
    area, own = pixel_mm**2, float(weight.sum()) * pixel_mm**4 / 12.0
    about_x = float((weight * y**2).sum()) * area + own
    about_y = float((weight * x**2).sum()) * area + own
    mixed = float((weight * x * y).sum()) * area
    half, reach = (about_x + about_y) / 2, float(np.hypot((about_x - about_y) / 2, mixed))
    return Moments(about_x, about_y, half + reach, half - reach)


def stress_strain_index(section: Section) -> float:
    """Return SSI = sum of r2 h2 density / 1200, over r_max, mm3. Raises ValueError without a cortex.

    r_max reaches to the centre of the farthest pixel, as Stratec's software has it.
    """
    cortex = _need_cortex(section)
    rows, columns = np.nonzero(cortex)
    radii = np.hypot(rows - rows.mean(), columns - columns.mean()) * section.pixel_mm
    share = section.values[cortex].astype(np.float64) / TISSUE_MG
    return float((radii**2 * share).sum()) * section.pixel_mm**2 / float(radii.max())


def modulus(density_mg: Slice) -> Floats:
    """Return Young's modulus in MPa of tissue of a density in mg HA/cm3; 0 where there is no mineral."""
    return np.asarray(MODULUS_MPA * (np.maximum(density_mg, 0.0).astype(np.float64) / 1e3) ** MODULUS_EXPONENT)


def rigidity(section: Section) -> Rigidity:
    """Return what the whole section resists with, each pixel by its own modulus, about the modulus' own centroid.

    Torsion takes the section for a round one: of others it is an upper bound (Saint-Venant).
    Raises ValueError where no pixel of the bone holds mineral.
    """
    weights = np.where(section.bone, modulus(section.values), 0.0)
    if not weights.any():
        raise ValueError("no pixel of the bone holds mineral, so the section has no rigidity")
    found = _moments(weights, section.pixel_mm)
    return Rigidity(
        axial=float(weights.sum()) * section.pixel_mm**2,
        bending_max=found.largest,
        bending_min=found.least,
        torsional=found.polar / (2 * (1 + POISSON)),
    )

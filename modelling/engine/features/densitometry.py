"""pQCT of the radius: areas, densities and strength indices of one cross-section (pure numpy).

Formulae: fiji/pQCT, CorticalAnalysis (BSD-2-Clause), after Stratec's manual: ToA = n h2, ToD its mean, CoA the area at
or above the area threshold, CoD the mean at or above the density threshold. SSI and the moment about the centroid of
the cortex. BSI as form `pqc` has it: ToA x (ToD / 1000)2.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.catalogue import DISTAL, PQCT, SHAFT, Measured, NotMeasured, Value, list_quantities
from modelling.engine.features.regions import Mask, fill_holes, list_largest, peel

Slice = NDArray[np.floating]

OUTER_MG: Final = 280.0
"""mg HA/cm3: bone against soft tissue at the outline."""
AREA_MG: Final = 550.0
"""mg HA/cm3: at or above it is cortex, for areas and moments."""
CORTEX_MG: Final = 690.0
"""mg HA/cm3: at or above it is cortex, for its density."""
TISSUE_MG: Final = 1200.0
"""mg HA/cm3 of bone tissue without pores, by which SSI weighs."""
TRABECULAR_SHARE: Final = 0.45
"""The inner share of the 4 % cross-section that counts as trabecular."""
SHAFT_FROM: Final = 0.40
"""Share of the cross-section that is cortex: from here on it is a shaft."""
LEAST_BONE_MM2: Final = 30.0


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


def measure_pqct(values: Slice, spacing_mm: tuple[float, float, float], side: str) -> Measured:
    """Return the indices of the radius at 4 % and at 33 % of the forearm.

    values: (slice, y, x) mg HA/cm3, row 0 at the back of the hand, seen from the hand. spacing_mm: (z, y, x).
    side: L or R, the forearm that was imaged. One slice of each site at most; which is which is told by the share of
    cortex. A quantity whose slice is missing is left out with the reason.
    Raises ValueError where no two bones are found, or two slices are of one site.
    """
    if abs(spacing_mm[1] - spacing_mm[2]) > 1e-3 * spacing_mm[2]:
        raise ValueError(f"the pixels are {spacing_mm[1]} by {spacing_mm[2]} mm; wanted square ones")
    pairs = [find_bones(one, spacing_mm[2]) for one in values]
    of_site: dict[str, tuple[Slice, list[Mask]]] = {}
    for one, bones in zip(values, pairs, strict=True):
        site = SHAFT if Section(one, bones[0], spacing_mm[2]).is_shaft else DISTAL
        if site in of_site:
            raise ValueError(f"two slices look like the {site} % site; wanted one at 4 % and one at 33 %")
        of_site[site] = (one, bones)
    thumb_is_right, notes = _tell_thumb(of_site, side)
    found: list[Value] = []
    for site, (one, bones) in of_site.items():
        section = Section(one, choose_radius(bones, thumb_is_right=thumb_is_right), spacing_mm[2])
        found += measure_distal(section) if site == DISTAL else measure_shaft(section)
    there = {one.name for one in found}
    left_out = [
        NotMeasured(one.name, "no slice of this site is in the series")
        for one in list_quantities(PQCT)
        if one.name not in there
    ]
    return Measured(tuple(found), tuple(left_out), notes)


def find_bones(values: Slice, pixel_mm: float) -> list[Mask]:
    """Return the two largest bones of a slice (y, x), marrow filled in, the larger first.

    Raises ValueError where there are not two of at least LEAST_BONE_MM2.
    """
    pieces = [fill_holes(one) for one in list_largest(np.asarray(values >= OUTER_MG), 2)]
    areas = sorted((float(one.sum()) * pixel_mm**2 for one in pieces), reverse=True)
    if len(pieces) < 2 or areas[1] < LEAST_BONE_MM2:
        said = " and ".join(f"{area:.0f} mm2" for area in areas) or "none"
        raise ValueError(
            f"bones of {said} were found in a slice; wanted radius and ulna, {LEAST_BONE_MM2:.0f} mm2 each"
        )
    return sorted(pieces, key=lambda one: -int(one.sum()))


def choose_radius(bones: list[Mask], *, thumb_is_right: bool) -> Mask:
    """Return the bone that lies on the thumb's side."""
    columns = [float(np.nonzero(one)[1].mean()) for one in bones]
    return bones[int(np.argmax(columns) if thumb_is_right else np.argmin(columns))]


def _tell_thumb(of_site: dict[str, tuple[Slice, list[Mask]]], side: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether the thumb is on the right, and what is odd: near the wrist the radius is the larger bone."""
    by_side = side == "R"
    if DISTAL not in of_site:
        return by_side, ()
    larger, smaller = (float(np.nonzero(one)[1].mean()) for one in of_site[DISTAL][1])
    by_area = larger > smaller
    if by_area == by_side:
        return by_side, ()
    return by_area, (f"the larger bone lies where the ulna of side {side} would be; it was taken for the radius",)


def measure_distal(section: Section) -> list[Value]:
    """Return the indices of the 4 % cross-section."""
    area, density = total_area(section), total_density(section)
    inner = peel(section.bone, TRABECULAR_SHARE)
    return [
        Value(f"pqct.total_density@{DISTAL}", density),
        Value(f"pqct.trabecular_density@{DISTAL}", float(section.values[inner].mean())),
        Value(f"pqct.total_area@{DISTAL}", area),
        Value(f"pqct.trabecular_area@{DISTAL}", float(inner.sum()) * section.pixel_mm**2),
        Value(f"pqct.bsi@{DISTAL}", strength_in_compression(area, density)),
    ]


def measure_shaft(section: Section) -> list[Value]:
    """Return the indices of the 33 % cross-section. Raises ValueError where nothing of it is cortex."""
    dense = section.bone & (section.values >= CORTEX_MG)
    if not dense.any():
        raise ValueError(f"no pixel of the shaft reaches {CORTEX_MG:.0f} mg HA/cm3, so it has no cortex")
    return [
        Value(f"pqct.total_area@{SHAFT}", total_area(section)),
        Value(f"pqct.cortical_density@{SHAFT}", float(section.values[dense].mean())),
        Value(f"pqct.cortical_area@{SHAFT}", cortical_area(section)),
        Value(f"pqct.cortical_thickness@{SHAFT}", ring_thickness(total_area(section), cortical_area(section))),
        Value(f"pqct.ssi@{SHAFT}", stress_strain_index(section)),
    ]


def total_area(section: Section) -> float:
    """Return ToA, mm2."""
    return float(section.bone.sum()) * section.pixel_mm**2


def total_density(section: Section) -> float:
    """Return ToD, mg HA/cm3."""
    return float(section.values[section.bone].mean())


def cortical_area(section: Section) -> float:
    """Return CoA, mm2."""
    return float(section.cortex.sum()) * section.pixel_mm**2


def ring_thickness(total_mm2: float, cortical_mm2: float) -> float:
    """Return the wall of a circular ring of these areas, mm: (sqrt(ToA) - sqrt(ToA - CoA)) / sqrt(pi).

    Raises ValueError unless 0 <= CoA <= ToA.
    """
    if not 0 <= cortical_mm2 <= total_mm2:
        raise ValueError(f"a cortex of {cortical_mm2} mm2 does not fit into {total_mm2} mm2")
    return float((np.sqrt(total_mm2) - np.sqrt(total_mm2 - cortical_mm2)) / np.sqrt(np.pi))


def _radii_mm(section: Section) -> NDArray[np.float64]:
    """Return the distance of each pixel of the cortex from its centroid, mm, in the order of the mask."""
    rows, columns = np.nonzero(section.cortex)
    if not rows.size:
        raise ValueError(f"nothing of the bone reaches {AREA_MG:.0f} mg HA/cm3, so its cortex has no moment")
    return np.asarray(np.hypot(rows - rows.mean(), columns - columns.mean()) * section.pixel_mm)


def polar_moment(section: Section) -> float:
    """Return I_p = sum of r2 h2 over the cortex about its centroid, mm4. Raises ValueError without a cortex."""
    return float((_radii_mm(section) ** 2).sum()) * section.pixel_mm**2


def stress_strain_index(section: Section) -> float:
    """Return SSI = sum of r2 h2 density / 1200, over r_max, mm3. Raises ValueError without a cortex."""
    radii = _radii_mm(section)
    share = section.values[section.cortex].astype(np.float64) / TISSUE_MG
    return float((radii**2 * share).sum()) * section.pixel_mm**2 / float(radii.max())


def strength_in_compression(total_mm2: float, density_mg: float) -> float:
    """Return BSI = ToA x (ToD / 1000)2, mg2/mm4."""
    return total_mm2 * (density_mg / 1e3) ** 2

"""pQCT of the radius: contents, densities, areas and strength indices of cross-sections (pure numpy).

Formulae after Stratec's manual: ToA = n h2, ToD its mean, CoA the area at or above the area threshold, CoD the mean at
or above the density threshold; content is density x area, the mineral of 1 mm of bone. BSI as form `pqc` has it:
ToA x (ToD / 1000)2. Where along the forearm a slice lies is told by the data (`sites`), never assumed.
"""

from typing import Final

import numpy as np

from modelling.engine.features.catalogue import DISTAL, PQCT, SHAFT, Measured, NotMeasured, Value, list_quantities
from modelling.engine.features.drawing import BLUE, ORANGE, Drawing, outline, put_side_by_side
from modelling.engine.features.regions import Mask, fill_holes, list_largest, peel
from modelling.engine.features.sections import Section, Slice, moments, rigidity, stress_strain_index
from modelling.engine.features.sites import NOWHERE, Place, tell_sites

OUTER_MG: Final = 280.0
"""mg HA/cm3: bone against soft tissue at the outline."""
CORTEX_MG: Final = 690.0
"""mg HA/cm3: at or above it is cortex, for its density."""
TRABECULAR_SHARE: Final = 0.45
"""The inner share of the 4 % cross-section that counts as trabecular."""
LEAST_BONE_MM2: Final = 30.0
_NO_SLICE: Final = "no slice of this site is in the series"
CALIBRATED: Final = "mg HA/cm3"


def measure_pqct(
    values: Slice, spacing_mm: tuple[float, float, float], side: str, place: Place = NOWHERE, unit: str = CALIBRATED
) -> Measured:
    """Return the indices of the radius at each site of the series.

    values: (slice, y, x) mg HA/cm3, row 0 at the back of the hand, seen from the hand. spacing_mm: (z, y, x).
    side: L or R, the forearm that was imaged. place: what is known of where the slices lie. A quantity whose slice
    is missing, lies nobody knows where or does not hold the whole radius is left out with the reason.
    Raises ValueError where the values are not calibrated, no two bones are found, two slices
    are of one site, or nothing tells where any of them lies.
    """
    if unit != CALIBRATED:
        raise ValueError(f"the values are in '{unit}'; wanted {CALIBRATED}: the scanner's calibration is missing")
    if abs(spacing_mm[1] - spacing_mm[2]) > 1e-3 * spacing_mm[2]:
        raise ValueError(f"the pixels are {spacing_mm[1]} by {spacing_mm[2]} mm; wanted square ones")
    bones = [find_bones(one, spacing_mm[2]) for one in values]
    is_shaft = [Section(one, pair[0], spacing_mm[2]).is_shaft for one, pair in zip(values, bones, strict=True)]
    told = tell_sites(is_shaft, place)
    distal = bones[told.sites.index(DISTAL)] if DISTAL in told.sites else None
    # Near the wrist the radius is told from the ulna by its size, so there both must be whole.
    is_cut = distal is not None and any(_reaches_border(one) for one in distal)
    thumb_is_right, odd = _tell_thumb(None if is_cut else distal, side)
    found: list[Value] = []
    drawings: list[Drawing] = []
    cut: dict[str, str] = {}
    for one, pair, site in zip(values, bones, told.sites, strict=True):
        section = Section(one, choose_radius(pair, thumb_is_right=thumb_is_right), spacing_mm[2])
        drawings.append(draw_section(section))
        if _reaches_border(section.bone) or (site == DISTAL and is_cut):
            cut[site] = "the picture ends in a bone; wanted the whole cross-section of it"
        elif site == DISTAL:
            found += measure_distal(section)
        elif site:
            found += measure_shaft(section, site)
    if not found:
        raise ValueError(next(iter(cut.values()), told.why))
    there = {one.name for one in found}
    shaft = next((site for site in told.sites if site not in ("", DISTAL)), SHAFT)
    left_out = [
        NotMeasured(one.name, cut.get(one.site) or (told.why if one.site != DISTAL else "") or _NO_SLICE)
        for one in list_quantities(PQCT, (DISTAL, shaft))
        if one.name not in there
    ]
    return Measured(tuple(found), tuple(left_out), (*told.notes, *odd), put_side_by_side(drawings))


def _reaches_border(bone: Mask) -> bool:
    """Tell whether a bone (y, x) reaches a side of its picture: nobody cuts a pQCT out so tightly, so it goes on."""
    return bool(bone[[0, -1]].any() or bone[:, [0, -1]].any())


def draw_section(section: Section) -> Drawing:
    """Return a slice with the outline of the radius, and its cortex or its trabecular part."""
    inner = section.cortex if section.is_shaft else peel(section.bone, TRABECULAR_SHARE)
    lines = (*outline(section.bone, BLUE), *outline(inner, ORANGE))
    return Drawing(section.values, (section.pixel_mm, section.pixel_mm), lines)


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


def _tell_thumb(distal: list[Mask] | None, side: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether the thumb is on the right, and what is odd: near the wrist the radius is the larger bone."""
    by_side = side == "R"
    if distal is None:
        return by_side, ()
    larger, smaller = (float(np.nonzero(one)[1].mean()) for one in distal)
    by_area = larger > smaller
    if by_area == by_side:
        return by_side, ()
    return by_area, (f"the larger bone lies where the ulna of side {side} would be; it was taken for the radius",)


def measure_distal(section: Section) -> list[Value]:
    """Return the indices of the 4 % cross-section."""
    inner = peel(section.bone, TRABECULAR_SHARE)
    named = {
        **_total(section),
        "trabecular_content": content_of(section, inner),
        "trabecular_density": density_of(section, inner),
        "trabecular_area": area_of(section, inner),
        "bsi": strength_in_compression(total_area(section), total_density(section)),
        **_rigidity(section),
    }
    return _name(named, DISTAL)


def measure_shaft(section: Section, site: str) -> list[Value]:
    """Return the indices of the cross-section of a shaft. Raises ValueError where nothing of it is cortex."""
    dense = np.asarray(section.bone & (section.values >= CORTEX_MG))
    if not dense.any():
        raise ValueError(f"no pixel of the shaft reaches {CORTEX_MG:.0f} mg HA/cm3, so it has no cortex")
    about = moments(section)
    named = {
        **_total(section),
        "cortical_content": content_of(section, dense),
        "cortical_density": density_of(section, dense),
        "cortical_area": cortical_area(section),
        "cortical_thickness": ring_thickness(total_area(section), cortical_area(section)),
        "ssi": stress_strain_index(section),
        "moment_x": about.about_x,
        "moment_y": about.about_y,
        "moment_polar": about.polar,
        "moment_max": about.largest,
        "moment_min": about.least,
        **_rigidity(section),
    }
    return _name(named, site)


def _name(named: dict[str, float], site: str) -> list[Value]:
    return [Value(f"{PQCT}.{what}@{site}", value) for what, value in named.items()]


def _total(section: Section) -> dict[str, float]:
    return {
        "total_content": total_content(section),
        "total_density": total_density(section),
        "total_area": total_area(section),
    }


def _rigidity(section: Section) -> dict[str, float]:
    found = rigidity(section)
    return {
        "rigidity_axial": found.axial / 1e3,
        "rigidity_bending_max": found.bending_max / 1e6,
        "rigidity_bending_min": found.bending_min / 1e6,
        "rigidity_torsional": found.torsional / 1e6,
    }


def area_of(section: Section, part: Mask) -> float:
    """Return the area of a part (y, x), mm2."""
    return float(part.sum()) * section.pixel_mm**2


def density_of(section: Section, part: Mask) -> float:
    """Return the mean density of a part (y, x), mg HA/cm3. Raises ValueError where the part is empty."""
    if not part.any():
        raise ValueError("the part is empty, so it has no density")
    return float(section.values[part].mean(dtype=np.float64))


def content_of(section: Section, part: Mask) -> float:
    """Return the mineral in 1 mm of a part (y, x), mg/mm: density x area / 1000."""
    return density_of(section, part) * area_of(section, part) / 1e3


def total_area(section: Section) -> float:
    """Return ToA, mm2."""
    return area_of(section, section.bone)


def total_density(section: Section) -> float:
    """Return ToD, mg HA/cm3."""
    return density_of(section, section.bone)


def total_content(section: Section) -> float:
    """Return the mineral in 1 mm of the whole bone, mg/mm."""
    return content_of(section, section.bone)


def cortical_area(section: Section) -> float:
    """Return CoA, mm2."""
    return area_of(section, section.cortex)


def ring_thickness(total_mm2: float, cortical_mm2: float) -> float:
    """Return the wall of a circular ring of these areas, mm: (sqrt(ToA) - sqrt(ToA - CoA)) / sqrt(pi).

    Raises ValueError unless 0 <= CoA <= ToA.
    """
    if not 0 <= cortical_mm2 <= total_mm2:
        raise ValueError(f"a cortex of {cortical_mm2} mm2 does not fit into {total_mm2} mm2")
    return float((np.sqrt(total_mm2) - np.sqrt(total_mm2 - cortical_mm2)) / np.sqrt(np.pi))


def strength_in_compression(total_mm2: float, density_mg: float) -> float:
    """Return BSI = ToA x (ToD / 1000)2, mg2/mm4."""
    return total_mm2 * (density_mg / 1e3) ** 2

"""Film of the wrist: width and cortices of the radius at two levels (pure).

A long bone is a tube: the X-ray's path through it is longest along the inner wall, so a profile across the bone peaks
there. The bones are followed by those peaks; at the two levels that are measured a blurred tube is fitted to the
profile (`tube_fit`), so that neither focal spot nor detector makes the cortices thinner. Index and thickness by Barnett
and Nordin, Clin Radiol 11:166 (1960): (W - M) / W and W - M, at two levels 20 mm apart that begin where the cortices
become parallel (Tingart et al., J Bone Joint Surg Br 85:611 (2003), for the humerus).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.catalogue import FILM, Measured, NotMeasured, Value, list_quantities
from modelling.engine.features.cortices import WINDOW_MM, Level, draw_levels, measure_levels, refine_levels
from modelling.engine.features.drawing import Drawing, Line
from modelling.engine.features.step_wedge import Wedge
from modelling.engine.features.trabecular_field import ATTENUATION, OF_FIELD, find_field, measure_field
from modelling.engine.features.wedge import ALUMINIUM, find_wedge

Floats = NDArray[np.float64]

STEP_MM: Final = 2.5
"""How far apart profiles are taken."""
NEEDS_NO_SCALE: Final = ("film.cortical_index", ATTENUATION)
"""What is measured where nobody knows how large a pixel is."""
APART_MM: Final = 20.0
PARALLEL: Final = 0.15
"""Two levels are parallel where their widths differ by no more than this share."""
MIRRORED: Final = 0.8
"""Near the wrist the marrow of the radius is wider than that of the ulna; below this share the film is mirrored."""
RIDGE_MM: Final = 7.0
"""A cortex is narrower than this, the soft tissue and the gap between the bones are wider."""
TOGETHER_MM: Final = 40.0
"""Neighbouring cortices of one forearm are nearer to each other than this."""
RELATIVE_ATTENUATION: Final = "relative attenuation"
_SQUARE: Final = 1e-3
"""Share by which the sides of a pixel may differ."""
_ASSUMED_MM = 0.15
"""Where a film gives no size of a pixel, structures are looked for as if it were this; no length is then reported."""


def measure_film(
    values: NDArray[np.floating],
    spacing_mm: tuple[float, float, float],
    side: str,
    spacing_is: str,
    unit: str = RELATIVE_ATTENUATION,
    wedge: Wedge | None = None,
) -> Measured:
    """Return width, cortices, attenuation and texture of the distal radius.

    values: (1, rows, columns), relative attenuation or any grey that is brighter where less arrives; fingers above, a
    right hand's thumb on the left. spacing_is: `none` where nobody knows how large a pixel is: lengths are left out.
    unit: of the values; an attenuation is measured in RELATIVE_ATTENUATION alone. wedge: that lies on the film, if any:
    what it tells of the bone does not hang on the unit.
    Raises ValueError where pixels are not square, or the two bones cannot be followed. What one of the two places does
    not give is left out with the reason: cortices too thin for the film's blur, a field over the border.
    """
    if values.shape[0] != 1:
        raise ValueError(f"a film is one picture, not {values.shape[0]}")
    if abs(spacing_mm[1] - spacing_mm[2]) > _SQUARE * spacing_mm[2]:
        raise ValueError(f"the pixels are {spacing_mm[1]:g} by {spacing_mm[2]:g} mm; wanted square ones")
    picture = np.asarray(values[0] if side == "R" else values[0][:, ::-1], np.float64)
    pixel = _ASSUMED_MM if spacing_is == "none" else spacing_mm[1]
    levels = follow_radius(picture, pixel)
    is_turned = side == "L"
    mirrored: tuple[str, ...] = ()
    if is_mirrored(levels):
        is_turned = not is_turned
        mirrored = (f"the wider bone lies where the ulna of side {side} would be; it was taken for the radius",)
        picture = picture[:, ::-1]
        levels = follow_radius(picture, pixel)
    upper, lower, notes = choose_levels(levels, pixel)
    shaft, is_scaled = (upper.width + lower.width) / 2, spacing_is != "none"
    cortices = _measure_cortices(picture, levels, (upper, lower), pixel)
    field = _measure_field(picture, levels, shaft, pixel, is_scaled=is_scaled)
    aluminium = _measure_aluminium(picture, shaft, pixel, wedge if is_scaled else None)
    parts = (cortices, field, aluminium)
    found = [value for part in parts for value in part.values]
    if spacing_is == "none":
        found = [one for one in found if one.name in NEEDS_NO_SCALE]
    reasons = {ATTENUATION: f"the values are in '{unit}'; wanted {RELATIVE_ATTENUATION}"}
    if unit == RELATIVE_ATTENUATION:
        reasons = {}
    found = [one for one in found if one.name not in reasons]
    drawing = Drawing(picture, spacing_mm[1:], tuple(line for part in parts for line in part.lines))
    there = {one.name for one in found}
    left_out = tuple(
        NotMeasured(
            one.name,
            reasons.get(one.name)
            or (aluminium if one.name == ALUMINIUM else field if one.name in OF_FIELD else cortices).why
            or "the file does not say how large a pixel is",
        )
        for one in list_quantities(FILM)
        if one.name not in there
    )
    if spacing_is == "detector":
        notes = (*notes, "lengths are those at the detector, larger than the bone's by the magnification")
    return Measured(tuple(found), left_out, (*mirrored, *notes), drawing.mirrored() if is_turned else drawing)


@dataclass(frozen=True)
class _Part:
    """What one part of a film gave: values and where they were taken, or why there are none."""

    values: tuple[Value, ...] = ()
    lines: tuple[Line, ...] = ()
    why: str = ""


def _measure_cortices(picture: Floats, levels: list[Level], chosen: tuple[Level, Level], pixel: float) -> _Part:
    try:
        refined = refine_levels(picture, levels, chosen, pixel)
    except ValueError as error:
        return _Part(why=str(error))
    return _Part(tuple(measure_levels(refined, pixel)), tuple(draw_levels(refined, pixel)))


def _measure_field(picture: Floats, levels: list[Level], width: float, pixel: float, *, is_scaled: bool) -> _Part:
    try:
        field = find_field(picture, levels, width, pixel)
        return _Part(tuple(measure_field(field, pixel, is_scaled=is_scaled)), (field.outline,))
    except ValueError as error:
        return _Part(why=str(error))


def _measure_aluminium(picture: Floats, width: float, pixel: float, wedge: Wedge | None) -> _Part:
    if wedge is None:
        return _Part(why="no step wedge is named for the X-ray unit it was taken with, or it gives no size of a pixel")
    try:
        found = find_wedge(picture, pixel, wedge)
        # The soft tissue under the bone is taken on as a line, which it is in aluminium on a film of any curve.
        aluminium = found.read_mm(picture)
        field = find_field(aluminium, follow_radius(aluminium, pixel), width, pixel)
        found.refuse_beyond(field.values, "the bone")
        found.refuse_beyond(np.array([field.beside]), "the soft tissue beside the bone")
    except ValueError as error:
        return _Part(why=str(error))
    return _Part((Value(ALUMINIUM, float(field.values.mean()) - field.beside),), (found.outline,))


def is_mirrored(levels: Sequence[Level]) -> bool:
    """True if near the wrist the bone on the little finger's side is clearly the wider one, as only the radius is."""
    near = levels[-3:]
    radius, ulna = (
        float(np.median([abs(np.diff(pair)[0]) for pair in pairs]))
        for pairs in ([one.inner for one in near], [one.ulna for one in near])
    )
    return radius < MIRRORED * ulna


def follow_radius(picture: Floats, pixel_mm: float) -> list[Level]:
    """Return the radius level by level, from the forearm towards the hand, as far as both bones are seen apart.

    picture: (rows, columns), thumb on the left. Raises ValueError where fewer than two levels are found.
    """
    window = max(1, round(WINDOW_MM / pixel_mm))
    step = max(1, round(STEP_MM / pixel_mm))
    levels: list[Level] = []
    for start in range(picture.shape[0] - window, -1, -step):
        try:
            one = find_level(picture[start : start + window].mean(axis=0), start + (window - 1) / 2, pixel_mm)
        except ValueError:
            if levels:
                break
            continue
        if levels and _jumps(levels[-1], one, pixel_mm):
            break
        levels.append(one)
    if len(levels) < 2:
        raise ValueError(f"the four cortices of radius and ulna were seen at {len(levels)} levels; wanted at least 2")
    return levels


def _jumps(before: Level, after: Level, pixel_mm: float) -> bool:
    steps = [abs(a - b) for a, b in zip(before.outer, after.outer, strict=True)]
    return max(steps) * pixel_mm > 1.2 * STEP_MM


def find_level(profile: Floats, row: float, pixel_mm: float) -> Level:
    """Return the radius in one profile across radius and ulna. Raises ValueError where its cortices are not seen."""
    smooth = _smooth(profile, max(0.5, 0.1 / pixel_mm))
    first, second, third, fourth = _choose_cortices(_list_ridges(smooth, pixel_mm), pixel_mm)
    if smooth[second : third + 1].min() >= smooth[first : second + 1].min():
        raise ValueError("the gap between the bones is not darker than the marrow of the radius")
    ends = [_find_wall(smooth, peak, towards, pixel_mm) for peak, towards in ((first, -1), (second, 1))]
    centre = (ends[0][1] + ends[1][1]) / 2
    outer = []
    for (peak, half, _), sign in zip(ends, (-1, 1), strict=True):
        inner_radius, half_radius = abs(peak - centre), abs(half - centre)
        outer.append(centre + sign * float(np.sqrt(max(4 * half_radius**2 - inner_radius**2, 0.0) / 3)))
    beside = (ends[0][2], ends[1][2])
    return Level(row, (outer[0], outer[1]), (ends[0][0], ends[1][0]), beside, (third, fourth))


def _choose_cortices(ridges: list[int], pixel_mm: float) -> list[int]:
    """Return the four strongest ridges of one forearm, by column: a bright border of the picture lies farther off.

    ridges: columns, the strongest first. Raises ValueError where no four lie together.
    """
    columns = np.sort(ridges)
    groups = np.split(columns, np.nonzero(np.diff(columns) > TOGETHER_MM / pixel_mm)[0] + 1)
    strongest = [[one for one in ridges if one in group][:4] for group in groups]
    of_four = [group for group in strongest if len(group) == 4]
    if not of_four:
        raise ValueError(f"{max(map(len, strongest))} cortices were seen in a profile; wanted 4")
    _, chosen = min((ridges.index(group[3]), group) for group in of_four)
    return sorted(chosen)


def _smooth(profile: Floats, sigma: float) -> Floats:
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(profile, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def _list_ridges(profile: Floats, pixel_mm: float) -> list[int]:
    """Return the columns of narrow bright ridges, the strongest first: what stands out of an opening."""
    reach = max(2, round(RIDGE_MM / pixel_mm / 2))
    wide = np.pad(profile, reach, mode="edge")
    lowest = np.lib.stride_tricks.sliding_window_view(wide, 2 * reach + 1).min(axis=1)
    wide = np.pad(lowest, reach, mode="edge")
    ridge = profile - np.lib.stride_tricks.sliding_window_view(wide, 2 * reach + 1).max(axis=1)
    apart = max(2, round(2.0 / pixel_mm))
    wide = np.pad(ridge, apart, mode="constant", constant_values=-np.inf)
    is_peak = ridge >= np.lib.stride_tricks.sliding_window_view(wide, 2 * apart + 1).max(axis=1)
    # At the border of the film there is no telling a ridge from the edge of the exposed field.
    is_peak[:reach], is_peak[-reach:] = False, False
    peaks = [int(one) for one in np.nonzero(is_peak & (ridge > 0))[0]]
    return sorted(peaks, key=lambda one: -ridge[one])


def _find_wall(profile: Floats, peak: int, towards: int, pixel_mm: float) -> tuple[float, float, float]:
    """Return the inner wall, the column of half its height outside of it, and the grey beside the bone.

    towards: -1 or 1, where outside is. The soft tissue beside is a line, taken on under the bone.
    """
    n = round(6.0 / pixel_mm)
    columns = peak + towards * np.arange(n + 1)
    if columns.min() < 1 or columns.max() >= profile.size - 1:
        raise ValueError("a cortex lies at the border of the film")
    outwards = profile[columns]
    steepest = int(np.argmin(np.diff(outwards[: round(4.5 / pixel_mm)])))
    start, stop = steepest + round(0.7 / pixel_mm), steepest + round(2.0 / pixel_mm)
    places = np.arange(start, min(stop, n) + 1)
    line = np.polyfit(places, outwards[places], 1)
    above = outwards - np.polyval(line, np.arange(n + 1))
    below = np.nonzero(above <= above[0] / 2)[0]
    if above[0] <= 0 or not below.size:
        raise ValueError("a cortex does not stand out of the soft tissue beside it")
    k = int(below[0])
    half = k - 1 + (above[k - 1] - above[0] / 2) / (above[k - 1] - above[k])
    beside = float(np.polyval(line, half))
    return _vertex(profile, peak), peak + towards * half, beside


def _vertex(profile: Floats, peak: int) -> float:
    """Return where the parabola through a peak and its neighbours is highest."""
    low, mid, high = profile[peak - 1 : peak + 2]
    bend = low - 2 * mid + high
    return float(peak if bend >= 0 else peak + np.clip(0.5 * (low - high) / bend, -1, 1))


def choose_levels(levels: list[Level], pixel_mm: float) -> tuple[Level, Level, tuple[str, ...]]:
    """Return two levels 20 mm apart, nearest to the hand, between which the cortices are parallel, and what is odd.

    A film that ends before they become parallel is measured at its end, and that is said.
    Raises ValueError where the radius is followed over less than 20 mm.
    """
    step = round(APART_MM / STEP_MM)
    for near in range(len(levels) - 1, step - 1, -1):
        upper, lower = levels[near], levels[near - step]
        if abs(upper.width - lower.width) <= PARALLEL * lower.width:
            return upper, lower, ()
    if len(levels) <= step:
        seen = (levels[0].row - levels[-1].row) * pixel_mm
        raise ValueError(f"the radius was followed over {seen:.0f} mm; wanted {APART_MM:.0f} mm")
    return levels[step], levels[0], ("the film ends before the cortices are parallel; it was measured at its end",)

"""Film of the wrist: width and cortices of the radius at two levels (pure).

A long bone is a tube: the X-ray's path through it is longest along the inner wall, so a profile across the bone peaks
there. The bones are followed by those peaks; at the two levels that are measured a blurred tube is fitted to the
profile (`tube_fit`), so that neither focal spot nor detector makes the cortices thinner. Index and thickness by Barnett
and Nordin, Clin Radiol 11:166 (1960): (W - M) / W and W - M, at two levels 20 mm apart that begin where the cortices
become parallel (Tingart et al., J Bone Joint Surg Br 85:611 (2003), for the humerus).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.catalogue import FILM, Measured, NotMeasured, Value, list_quantities
from modelling.engine.features.drawing import BLUE, ORANGE, Drawing, Line
from modelling.engine.features.trabecular_field import OF_FIELD, find_field, measure_field
from modelling.engine.features.tube_fit import Tube, fit_tube

Floats = NDArray[np.float64]

WINDOW_MM, STEP_MM = 5.0, 2.5
"""Rows averaged into one profile, and how far apart profiles are taken."""
APART_MM: Final = 20.0
PARALLEL: Final = 0.15
"""Two levels are parallel where their widths differ by no more than this share."""
BESIDE_MM: Final = 3.0
"""Soft tissue beside the bone that the fit of a tube takes in."""
MIRRORED: Final = 0.8
"""Near the wrist the marrow of the radius is wider than that of the ulna; below this share the film is mirrored."""
RIDGE_MM: Final = 7.0
"""A cortex is narrower than this, the soft tissue and the gap between the bones are wider."""
_ASSUMED_MM = 0.15
"""Where a film gives no size of a pixel, structures are looked for as if it were this; no length is then reported."""


@dataclass(frozen=True)
class Level:
    """The radius at one level, all in pixels: columns of its outer edges and inner walls, and the grey beside it."""

    row: float
    outer: tuple[float, float]
    inner: tuple[float, float]
    beside: tuple[float, float]
    ulna: tuple[int, int] = (0, 0)
    """Columns of the ulna's inner walls."""

    @property
    def width(self) -> float:
        """W, from edge to edge."""
        return self.outer[1] - self.outer[0]

    @property
    def marrow(self) -> float:
        """M, from inner wall to inner wall."""
        return self.inner[1] - self.inner[0]


def measure_film(
    values: NDArray[np.floating], spacing_mm: tuple[float, float, float], side: str, spacing_is: str
) -> Measured:
    """Return width, cortices, attenuation and texture of the distal radius.

    values: (1, rows, columns), relative attenuation or any grey that is brighter where less arrives; fingers above, a
    right hand's thumb on the left. spacing_is: `none` where nobody knows how large a pixel is: lengths are left out.
    Raises ValueError where the two bones cannot be followed.
    """
    if values.shape[0] != 1:
        raise ValueError(f"a film is one picture, not {values.shape[0]}")
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
    refined = refine_levels(picture, levels, (upper, lower), pixel)
    found = measure_levels(refined, pixel)
    why = "the file does not say how large a pixel is"
    if spacing_is == "none":
        found = [one for one in found if one.name == "film.cortical_index"]
    field_why, lines = "", draw_levels(refined, pixel)
    try:
        field = find_field(picture, levels, (upper.width + lower.width) / 2, pixel)
        lines.append(field.outline)
        found += measure_field(field, pixel, is_scaled=spacing_is != "none")
    except ValueError as error:
        field_why = str(error)
    drawing = Drawing(picture, spacing_mm[1:], tuple(lines))
    there = {one.name for one in found}
    left_out = tuple(
        NotMeasured(one.name, field_why if field_why and one.name in OF_FIELD else why)
        for one in list_quantities(FILM)
        if one.name not in there
    )
    return Measured(tuple(found), left_out, (*mirrored, *notes), drawing.mirrored() if is_turned else drawing)


def draw_levels(levels: Sequence[Level], pixel_mm: float) -> list[Line]:
    """Return upright lines where the edges and inner walls were found, as long as the rows that were averaged."""
    half = WINDOW_MM / pixel_mm / 2
    edges = [(one.row, column, BLUE) for one in levels for column in one.outer]
    walls = [(one.row, column, ORANGE) for one in levels for column in one.inner]
    return [Line(((row - half, column), (row + half, column)), colour) for row, column, colour in edges + walls]


def measure_levels(levels: Sequence[Level], pixel_mm: float) -> list[Value]:
    """Return the means over levels of index, widths and cortices."""
    widths = np.array([one.width for one in levels]) * pixel_mm
    marrows = np.array([one.marrow for one in levels]) * pixel_mm
    areas = np.array([tube_area(width, marrow) for width, marrow in zip(widths, marrows, strict=True)])
    named = {
        "cortical_index": ((widths - marrows) / widths).mean(),
        "cortical_thickness": (widths - marrows).mean(),
        "radius_width": widths.mean(),
        "marrow_width": marrows.mean(),
        "cortical_area": areas.mean(),
        "area_per_width": (areas / widths).mean(),
    }
    return [Value(f"{FILM}.{what}", float(value)) for what, value in named.items()]


def tube_area(width_mm: float, marrow_mm: float) -> float:
    """Return the wall's area of a round tube, mm2: pi T W (1 - T / W), T half of width less marrow.

    Rosholm et al., Osteoporos Int 12:961 (2001).
    """
    wall = (width_mm - marrow_mm) / 2
    return float(np.pi * wall * width_mm * (1 - wall / width_mm))


def refine_levels(
    picture: Floats, levels: Sequence[Level], chosen: tuple[Level, Level], pixel_mm: float
) -> list[Level]:
    """Return the chosen levels with the edges of the blurred tubes that fit their profiles.

    Blur and wall can stand in for each other in a noisy profile; one film has one blur, so it is the median of what
    every other level between the chosen ones says. Raises ValueError where nothing like a tube fits.
    """
    upper, lower = (one.row for one in chosen)
    between = [one for one in levels if upper <= one.row <= lower]
    blur = float(np.median([_fit(picture, one, pixel_mm, None)[0].blur for one in between[::2]]))
    refined = []
    for level in chosen:
        tube, start = _fit(picture, level, pixel_mm, blur)
        outer, inner = ((one[0] + start, one[1] + start) for one in (tube.outer, tube.inner))
        refined.append(replace(level, outer=outer, inner=inner))
    return refined


def _fit(picture: Floats, level: Level, pixel_mm: float, blur: float | None) -> tuple[Tube, int]:
    """Return the tube at a level, and the column its own columns count from."""
    half = max(1, round(WINDOW_MM / pixel_mm)) // 2
    row = round(level.row)
    profile = picture[max(0, row - half) : row + half + 1].mean(axis=0)
    beside = round(BESIDE_MM / pixel_mm)
    edge = round(level.outer[1])
    gap = edge + int(np.argmin(profile[edge : max(level.ulna) + 1]))
    start = max(0, round(level.outer[0]) - beside)
    stop = min(gap, edge + beside, profile.size - 1)
    outer, inner = ((one[0] - start, one[1] - start) for one in (level.outer, level.inner))
    return fit_tube(profile[start : stop + 1], outer, inner, pixel_mm, blur), start


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
    peaks = _list_ridges(smooth, pixel_mm)
    if len(peaks) < 4:
        raise ValueError(f"{len(peaks)} cortices were seen in a profile; wanted 4")
    first, second, third, fourth = sorted(peaks[:4])
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

"""Forearm DXA: regions of the radius by their definition, laid on the picture (pure numpy).

Ultradistal: 15 mm from 3 mm below the middle of the joint surface. 33 %: 20 mm about a third of the forearm, counted
from the tip of the ulnar styloid, which stands about 4 mm beyond that middle. Mid: what lies between them. A density
is content over area. Which side of the valley between the bones a pixel lies on decides to which bone it belongs.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.catalogue import DXA, Measured, NotMeasured, Value, list_quantities
from modelling.engine.features.drawing import BLUE, ORANGE, YELLOW, Drawing, Line, outline
from modelling.engine.features.registration import align, lay_on

Picture = NDArray[np.float64]
Mask = NDArray[np.bool_]

BONE: Final = 0.035
"""g/cm2: more than this is bone; soft tissue reads near 0."""
UD_FROM_MM, UD_LENGTH_MM = 3.0, 15.0
THIRD_LENGTH_MM: Final = 20.0
STYLOID_MM: Final = 4.0
"""How far the tip of the ulnar styloid stands beyond the middle of the radius' joint surface."""
AREAL: Final = "g/cm2"
ARTEFACT: Final = 2.0
"""g/cm2: the densest shaft of a forearm stays well below."""
ASKEW_DEGREES: Final = 5.0
MOTION_MM: Final = 1.0
SHAFT_FROM_MM: Final = 30.0
"""Up the arm from here the outline of the radius is nearly straight."""
_COLOURS: Final = {"ud": YELLOW, "mid": BLUE, "33": ORANGE}
_LEAST_ARTEFACT = 4
_MOTION_SHARE = 0.10
_ROWS_SMOOTHED = 5
_LEAST_ROWS = 20


@dataclass(frozen=True)
class Radius:
    """The radius in a picture: its pixels (rows, columns), and the row of the middle of its joint surface."""

    pixels: Mask
    end_row: float


@dataclass(frozen=True)
class Region:
    """One region: density g/cm2, content g, area cm2."""

    bmd: float
    bmc: float
    area: float


@dataclass(frozen=True)
class Baseline:
    """The picture a follow-up is laid on. values: (1, rows, columns) g/cm2, the same side. spacing_mm: (z, y, x)."""

    values: NDArray[np.floating]
    spacing_mm: tuple[float, float, float]


def measure_dxa(
    values: NDArray[np.floating],
    spacing_mm: tuple[float, float, float],
    side: str,
    forearm_mm: float | None,
    unit: str = AREAL,
    baseline: Baseline | None = None,
) -> Measured:
    """Return densities, contents and areas of the radius.

    values: (1, rows, columns) g/cm2, the hand above; a right hand's thumb is on the left. spacing_mm: (z, y, x).
    forearm_mm: from the styloid to the olecranon; None: nobody wrote it down, and what hangs on it is left out.
    baseline: of the same forearm; its regions are then read in this picture, laid on it.
    Raises ValueError where the values are not calibrated, or the radius cannot be found.
    """
    if values.shape[0] != 1:
        raise ValueError(f"a DXA is one picture, not {values.shape[0]}")
    if unit != AREAL:
        raise ValueError(f"the values are in '{unit}'; wanted {AREAL}: the picture is not calibrated")
    picture = normalise_side(values, side)
    notes = [*look_for_artefacts(picture)]
    radius = None
    if baseline is not None:
        try:
            radius, picture, said = _find_on_baseline(
                picture, spacing_mm, normalise_side(baseline.values, side), baseline
            )
            notes.append(said)
        except ValueError as error:
            notes.append(f"not laid on its baseline: {error}")
    radius = radius or find_radius(picture, spacing_mm[1])
    notes += look_at_position(radius, spacing_mm)
    found, why = measure_regions(picture, radius, spacing_mm, forearm_mm)
    there = {one.name for one in found}
    left_out = tuple(NotMeasured(one.name, why) for one in list_quantities(DXA) if one.name not in there)
    drawing = draw_regions(picture, radius, spacing_mm, forearm_mm)
    return Measured(tuple(found), left_out, tuple(notes), drawing if side == "R" else drawing.mirrored())


def draw_regions(
    picture: Picture, radius: Radius, spacing_mm: tuple[float, float, float], forearm_mm: float | None
) -> Drawing:
    """Return the picture with the outlines of its regions."""
    lines: list[Line] = []
    for name, (start, length) in list_spans(forearm_mm).items():
        lines += outline(_inside(radius, spacing_mm, start, length), _COLOURS[name])
    return Drawing(picture, spacing_mm[1:], tuple(lines))


def normalise_side(values: NDArray[np.floating], side: str) -> Picture:
    """Return the picture (rows, columns) of (1, rows, columns) with the thumb on the left."""
    return np.asarray(values[0] if side == "R" else values[0][:, ::-1], np.float64)


def _find_on_baseline(
    picture: Picture, spacing_mm: tuple[float, float, float], first: Picture, baseline: Baseline
) -> tuple[Radius, Picture, str]:
    """Return the baseline's radius, the picture laid on it, and how far it was moved."""
    if not np.allclose(spacing_mm[1:], baseline.spacing_mm[1:], rtol=1e-3):
        raise ValueError(f"its pixels are {baseline.spacing_mm[1:]} mm, those of the follow-up {spacing_mm[1:]} mm")
    moved = align(first, picture)
    up, aside = moved.rows * spacing_mm[1], moved.columns * spacing_mm[2]
    said = f"laid on its baseline: moved by {up:.1f} and {aside:.1f} mm, turned by {moved.degrees:.1f} degrees"
    return find_radius(first, spacing_mm[1]), lay_on(picture, moved), said


def measure_regions(
    picture: Picture, radius: Radius, spacing_mm: tuple[float, float, float], forearm_mm: float | None
) -> tuple[list[Value], str]:
    """Return the values of the regions that can be placed, and why others cannot."""
    spans = list_spans(forearm_mm)
    found: dict[str, Region] = {}
    why = "the length of the forearm is not written down"
    for name, (start, length) in spans.items():
        try:
            found[name] = measure_region(picture, radius, spacing_mm, start, length)
        except ValueError as error:
            if name == "ud":
                raise
            why = str(error)
    if len(found) == len(spans) == 3:
        bmc, area = sum(one.bmc for one in found.values()), sum(one.area for one in found.values())
        found["total"] = Region(bmc / area, bmc, area)
    values = [
        Value(f"{DXA}.{what}_{name}", value)
        for name, one in found.items()
        for what, value in (("abmd", one.bmd), ("bmc", one.bmc), ("area", one.area))
    ]
    return values, why


def list_spans(forearm_mm: float | None) -> dict[str, tuple[float, float]]:
    """Return name -> (start, length) of each region, mm up the arm from the middle of the joint surface."""
    spans = {"ud": (UD_FROM_MM, UD_LENGTH_MM)}
    if forearm_mm is not None:
        start, ud_end = forearm_mm / 3 - STYLOID_MM - THIRD_LENGTH_MM / 2, UD_FROM_MM + UD_LENGTH_MM
        spans |= {"mid": (ud_end, start - ud_end), "33": (start, THIRD_LENGTH_MM)}
    return spans


def look_for_artefacts(picture: Picture) -> list[str]:
    """Return what is odd about the values: more mineral in a pixel than any forearm holds."""
    n = int((picture > ARTEFACT).sum())
    return (
        [f"{n} pixels hold more than {ARTEFACT:g} g/cm2: metal or another dense object"] if n >= _LEAST_ARTEFACT else []
    )


def look_at_position(radius: Radius, spacing_mm: tuple[float, float, float]) -> list[str]:
    """Return what is odd about how the forearm lies: askew, cut by the border, or moved while it was scanned."""
    pixels, notes = radius.pixels, []
    if pixels[:, 0].any() or pixels[:, -1].any():
        notes.append("the bone reaches the side border of the picture")
    shaft = np.arange(round(radius.end_row + SHAFT_FROM_MM / spacing_mm[1]), pixels.shape[0])
    shaft = shaft[pixels[shaft].any(axis=1)]
    if shaft.size < _LEAST_ROWS:
        return notes
    left = np.argmax(pixels[shaft], axis=1) * spacing_mm[2]
    right = (pixels.shape[1] - 1 - np.argmax(pixels[shaft][:, ::-1], axis=1)) * spacing_mm[2]
    slope = np.polyfit(shaft * spacing_mm[1], (left + right) / 2, 1)[0]
    degrees = float(np.degrees(np.arctan(slope)))
    if abs(degrees) > ASKEW_DEGREES:
        notes.append(f"the forearm lies {abs(degrees):.0f} degrees off the picture's axis; wanted {ASKEW_DEGREES:.0f}")
    jumps = np.abs(np.diff(left + right, n=2)) / 2
    if float(np.mean(jumps > MOTION_MM)) > _MOTION_SHARE:
        notes.append(f"the outline jumps by more than {MOTION_MM:g} mm from row to row: the arm moved")
    return notes


def find_radius(picture: Picture, row_mm: float) -> Radius:
    """Return the radius of a picture (rows, columns), g/cm2, whose thumb is on the left.

    Raises ValueError where there is no bone beside bone over enough rows.
    """
    smooth = _smooth_rows(picture)
    bone = smooth > BONE
    rows = np.nonzero(bone.any(axis=1))[0]
    if rows.size < _LEAST_ROWS:
        raise ValueError(f"bone was found in {rows.size} rows; wanted the forearm, at least {_LEAST_ROWS}")
    left = bone & _left_of_valley(smooth, bone)
    if not left.any():
        raise ValueError("no valley between two bones was found; wanted radius and ulna")
    return Radius(left & (picture > BONE / 2), _find_end(smooth, left, row_mm))


def _smooth_rows(picture: Picture) -> Picture:
    wide = np.pad(picture, ((_ROWS_SMOOTHED // 2,) * 2, (0, 0)), mode="edge")
    return np.asarray(np.mean([wide[k : k + picture.shape[0]] for k in range(_ROWS_SMOOTHED)], axis=0))


def _left_of_valley(smooth: Picture, bone: Mask) -> Mask:
    """Return where a pixel lies left of the least density between the two bones, row by row."""
    found = np.zeros_like(bone)
    for row in np.nonzero(bone.sum(axis=1) > 2)[0]:
        columns = np.nonzero(bone[row])[0]
        width = columns[-1] - columns[0]
        low, high = columns[0] + round(0.35 * width), columns[0] + round(0.75 * width) + 1
        between = smooth[row, low:high]
        lowest = np.nonzero(between <= between.min() + 1e-9)[0]
        found[row, : low + int(lowest[lowest.size // 2])] = True
    return found


def _find_end(smooth: Picture, left: Mask, row_mm: float) -> float:
    """Return the row of the middle of the joint surface: where, from below, the columns of the radius end."""
    shaft = np.nonzero(left[left.shape[0] // 2 :].any(axis=0))[0]
    if not shaft.size:
        raise ValueError("the radius has no shaft in this picture")
    widths = left.sum(axis=1)
    widest = int(np.argmax(np.where(np.arange(widths.size) < left.shape[0] // 2, widths, 0)))
    columns = np.nonzero(left[widest])[0]
    quarter = columns.size // 4
    look_back = max(3, round(8.0 / row_mm))
    ends = [
        _end_of_column(smooth[:, column], left.shape[0] // 2, look_back)
        for column in columns[quarter : columns.size - quarter]
    ]
    return float(np.median(ends))


def _end_of_column(density: Picture, start: int, look_back: int) -> float:
    """Return the row at which a column, followed upwards from `start`, first falls to half of what it was before."""
    for row in range(start, look_back - 1, -1):
        before = float(np.median(density[row : row + look_back]))
        if density[row - 1] < 0.5 * before:
            return float(row)
    return float(look_back)


def measure_region(
    picture: Picture, radius: Radius, spacing_mm: tuple[float, float, float], start_mm: float, length_mm: float
) -> Region:
    """Return one region of the radius, `start_mm` up the arm from the middle of its joint surface.

    picture: (rows, columns) g/cm2; not a number where a follow-up shows nothing.
    Raises ValueError where the picture does not reach so far.
    """
    ends = (picture.shape[0] - 1 - radius.end_row) * spacing_mm[1]
    inside = _inside(radius, spacing_mm, start_mm, length_mm)
    if length_mm <= 0 or not inside.any() or ends + spacing_mm[1] < start_mm + length_mm:
        raise ValueError(f"the picture ends {ends:.0f} mm up the arm; wanted {start_mm + length_mm:.0f} mm")
    if np.isnan(picture[inside]).any():
        raise ValueError("the follow-up does not show the whole region of its baseline")
    area = float(inside.sum()) * spacing_mm[1] * spacing_mm[2] / 100.0
    content = float(picture[inside].sum()) * spacing_mm[1] * spacing_mm[2] / 100.0
    return Region(bmd=content / area, bmc=content, area=area)


def _inside(radius: Radius, spacing_mm: tuple[float, float, float], start_mm: float, length_mm: float) -> Mask:
    """Return the pixels of the radius whose row lies in a span up the arm."""
    places = (np.arange(radius.pixels.shape[0]) - radius.end_row) * spacing_mm[1]
    return radius.pixels & ((places >= start_mm) & (places < start_mm + length_mm))[:, None]

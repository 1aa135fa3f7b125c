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

Picture = NDArray[np.float64]
Mask = NDArray[np.bool_]

BONE: Final = 0.035
"""g/cm2: more than this is bone; soft tissue reads near 0."""
UD_FROM_MM, UD_LENGTH_MM = 3.0, 15.0
THIRD_LENGTH_MM: Final = 20.0
STYLOID_MM: Final = 4.0
"""How far the tip of the ulnar styloid stands beyond the middle of the radius' joint surface."""
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


def measure_dxa(
    values: NDArray[np.floating], spacing_mm: tuple[float, float, float], side: str, forearm_mm: float | None
) -> Measured:
    """Return densities, contents and areas of the radius.

    values: (1, rows, columns) g/cm2, the hand above; a right hand's thumb is on the left. spacing_mm: (z, y, x).
    forearm_mm: from the styloid to the olecranon; None: nobody wrote it down, and what hangs on it is left out.
    Raises ValueError where the radius cannot be found.
    """
    if values.shape[0] != 1:
        raise ValueError(f"a DXA is one picture, not {values.shape[0]}")
    picture = np.asarray(values[0] if side == "R" else values[0][:, ::-1], np.float64)
    radius = find_radius(picture, spacing_mm[1])
    ud = measure_region(picture, radius, spacing_mm, UD_FROM_MM, UD_LENGTH_MM)
    found = [Value("dxa.abmd_ud", ud.bmd), Value("dxa.bmc_ud", ud.bmc), Value("dxa.area_ud", ud.area)]
    why = "the length of the forearm is not written down"
    if forearm_mm is not None:
        try:
            found += _measure_third(picture, radius, spacing_mm, forearm_mm, ud)
        except ValueError as error:
            why = str(error)
    there = {one.name for one in found}
    return Measured(
        tuple(found), tuple(NotMeasured(one.name, why) for one in list_quantities(DXA) if one.name not in there)
    )


def _measure_third(
    picture: Picture, radius: Radius, spacing_mm: tuple[float, float, float], forearm_mm: float, ud: Region
) -> list[Value]:
    start = forearm_mm / 3 - STYLOID_MM - THIRD_LENGTH_MM / 2
    third = measure_region(picture, radius, spacing_mm, start, THIRD_LENGTH_MM)
    ud_end = UD_FROM_MM + UD_LENGTH_MM
    mid = measure_region(picture, radius, spacing_mm, ud_end, start - ud_end)
    whole = (ud.bmc + mid.bmc + third.bmc) / (ud.area + mid.area + third.area)
    return [
        Value("dxa.abmd_mid", mid.bmd),
        Value("dxa.abmd_33", third.bmd),
        Value("dxa.abmd_total", whole),
        Value("dxa.bmc_33", third.bmc),
        Value("dxa.area_33", third.area),
    ]


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

    Raises ValueError where the picture does not reach so far.
    """
    places = (np.arange(picture.shape[0]) - radius.end_row) * spacing_mm[1]
    inside = radius.pixels & ((places >= start_mm) & (places < start_mm + length_mm))[:, None]
    if length_mm <= 0 or not inside.any() or places[-1] + spacing_mm[1] < start_mm + length_mm:
        raise ValueError(f"the picture ends {places[-1]:.0f} mm up the arm; wanted {start_mm + length_mm:.0f} mm")
    area = float(inside.sum()) * spacing_mm[1] * spacing_mm[2] / 100.0
    content = float(picture[inside].sum()) * spacing_mm[1] * spacing_mm[2] / 100.0
    return Region(bmd=content / area, bmc=content, area=area)

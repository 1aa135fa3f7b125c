"""Aluminium step wedge on a film: found by its steps, and the film's grey read off it in mm of aluminium (pure).

Tube voltage, dose, detector and processing change what grey a bone has; a wedge that lies beside it is changed alike,
so its thickness of aluminium can be told whatever curve the film has. Radiographic absorptiometry: Cosman et al.,
Osteoporos Int 2:34 (1991).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from modelling.engine.features.drawing import YELLOW, Line
from modelling.engine.features.step_wedge import Wedge

Floats = NDArray[np.float64]

ALUMINIUM: Final = "film.aluminium_equivalent"
SEARCH_MM: Final = 0.5
"""Pixel at which a wedge is looked for."""
WIDTH_MM: Final = 4.0
"""So much of a wedge's width is read; it is at least that wide."""
ALIKE: Final = 0.85
"""Least correlation of a film's grey with the thickness of the steps, for a place to be looked at closely."""
CERTAIN: Final = 0.98
"""Where the steps explain so much of the grey no other place is looked at."""
FLAT: Final = 0.25
"""Share of the change to the next step by which the grey may change within one; on a plain slope it is half."""
INNER: Final = 0.6
"""Share of a step's length that is read: the rest is blurred."""
_LENGTHS = np.linspace(0.94, 1.06, 13)
"""How much longer the steps may look than they are: a film magnifies what lies above the detector."""
_PIXELS: Final = 4
"""Pixels along a step, at the least."""
_CANDIDATES, _FITS = 24, 100
"""How many places are looked at closely, and in each how many ways to lay the steps."""


@dataclass(frozen=True)
class Calibration:
    """A wedge as it lies on a film. greys: of its steps, rising. outline: around it."""

    wedge: Wedge
    greys: Floats
    outline: Line

    def read_mm(self, greys: Floats) -> Floats:
        """Return the aluminium that gives such greys, mm, by a monotone curve through the steps; none beyond them."""
        curve = PchipInterpolator(self.greys, self.wedge.steps_mm)
        return np.asarray(curve(np.clip(greys, self.greys[0], self.greys[-1])), np.float64)

    def refuse_beyond(self, thickness_mm: Floats, what: str) -> None:
        """Raise ValueError where what was read, but for a hundredth, reaches the thinnest or the thickest step."""
        low, high = np.percentile(thickness_mm, (1, 99))
        if low <= self.wedge.steps_mm[0] or high >= self.wedge.steps_mm[-1]:
            which = "darker than the thinnest" if low <= self.wedge.steps_mm[0] else "brighter than the thickest"
            raise ValueError(f"{what} is {which} step of the wedge")


@dataclass(frozen=True)
class _Place:
    """Where a wedge may lie in a picture turned so that it rises downwards: its first row, its middle column."""

    turns: int
    row: float
    column: float
    alike: float


def find_wedge(picture: Floats, pixel_mm: float, wedge: Wedge) -> Calibration:
    """Return the wedge on a film (rows, columns) that is brighter where less arrives; it lies along rows or columns.

    Raises ValueError where none is seen, or the film is too coarse to see one.
    """
    if pixel_mm * _PIXELS > wedge.length_mm:
        coarsest = wedge.length_mm / _PIXELS
        raise ValueError(f"a pixel is {pixel_mm:.2f} mm; a step wedge of {wedge} wants at most {coarsest:.2f} mm")
    best: tuple[float, Calibration] | None = None
    for place in sorted(_list_places(picture, pixel_mm, wedge), key=lambda one: -one.alike)[:_CANDIDATES]:
        found = _look_closely(np.rot90(picture, place.turns), place, pixel_mm, wedge)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
            if best[0] >= CERTAIN:
                break
    if best is None:
        raise ValueError(f"no step wedge of {wedge} is seen on the film")
    return best[1]


def _list_places(picture: Floats, pixel_mm: float, wedge: Wedge) -> Iterator[_Place]:
    """Yield the places where the grey goes with the thickness of the steps, best of each neighbourhood."""
    factor = max(1, round(SEARCH_MM / pixel_mm))
    coarse_mm = factor * pixel_mm
    length, width = round(wedge.length_mm / coarse_mm), max(1, round(WIDTH_MM / coarse_mm))
    for turns in range(4):
        coarse = _average(np.rot90(picture, turns), factor)
        if coarse.shape[0] < length * len(wedge.steps_mm) or coarse.shape[1] < width:
            continue
        alike = _correlate(coarse, wedge.steps_mm, length, width)
        while (value := alike.max()) >= ALIKE:
            row, column = (int(one) for one in np.unravel_index(int(alike.argmax()), alike.shape))
            yield _Place(turns, row * factor, (column + width / 2) * factor, float(value))
            alike[max(0, row - length) : row + length, max(0, column - width) : column + width] = -1.0


def _average(picture: Floats, factor: int) -> Floats:
    rows, columns = (length // factor for length in picture.shape)
    blocks = picture[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _correlate(picture: Floats, steps_mm: Sequence[float], length: int, width: int) -> Floats:
    """Return, by upper left corner, how the grey correlates with a staircase of these steps going down."""
    n = len(steps_mm)
    # Sums over one step, from running sums; flat places have no correlation.
    step = _sum_boxes(picture - picture.mean(), length, width)
    squares = _sum_boxes((picture - picture.mean()) ** 2, length, width)
    last = step.shape[0] - (n - 1) * length
    sums = np.stack([step[k * length : k * length + last] for k in range(n)])
    total = sum(squares[k * length : k * length + last] for k in range(n)) / (n * length * width)
    means = sums / (length * width)
    thickness = np.asarray(steps_mm) - np.mean(steps_mm)
    spread = np.sqrt(np.maximum(total - means.mean(axis=0) ** 2, 1e-12) * np.mean(thickness**2))
    return np.asarray(np.tensordot(thickness, means, axes=1) / n / spread)


def _sum_boxes(picture: Floats, rows: int, columns: int) -> Floats:
    whole = np.pad(picture.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return np.asarray(
        whole[rows:, columns:] - whole[:-rows, columns:] - whole[rows:, :-columns] + whole[:-rows, :-columns]
    )


def _look_closely(picture: Floats, place: _Place, pixel_mm: float, wedge: Wedge) -> tuple[float, Calibration] | None:
    """Return how much of the grey the steps explain, and the calibration; None where they are no flat steps."""
    half = WIDTH_MM / pixel_mm / 2
    left, right = max(0, round(place.column - half)), round(place.column + half)
    profile = picture[:, left:right].mean(axis=1)
    step, n = wedge.length_mm / pixel_mm, len(wedge.steps_mm)
    # The open field beside the thin end may have been taken for a step, so a whole step to either side is tried.
    reach = round(1.3 * step)
    starts, lengths = place.row + np.arange(-reach, reach + 1.0), step * _LENGTHS
    explained = _fit(profile, starts, lengths, n)
    for best in np.argsort(-explained, axis=None)[:_FITS]:
        of_length, of_start = np.unravel_index(best, explained.shape)
        start, length = float(starts[of_start]), float(lengths[of_length])
        if explained[of_length, of_start] < ALIKE:
            break
        greys, changes = _read_steps(profile, start, length, n)
        if not _are_steps(greys, changes) or _goes_on(profile, start, start + n * length, length, greys):
            continue
        end = start + length * n
        corners = [(start, left), (start, right), (end, right), (end, left), (start, left)]
        points = tuple(_turn_back(row - 0.5, column - 0.5, place.turns, picture.shape) for row, column in corners)
        return float(explained[of_length, of_start]), Calibration(wedge, greys, Line(points, YELLOW))
    return None


def _are_steps(greys: Floats, changes: Floats) -> bool:
    """True if greys rise from step to step, and hardly within one."""
    rises = np.diff(greys)
    least = np.minimum(np.append(rises, np.inf), np.append(np.inf, rises))
    return bool(rises.min() > 0 and (np.abs(changes) <= FLAT * least).all())


def _goes_on(profile: Floats, start: float, end: float, length: float, greys: Floats) -> bool:
    """True if the steps do not end where they were laid: the first looks as what is before it, or it rises behind."""
    inner, outer = (1 - INNER) / 2 * length, (1 + INNER) / 2 * length
    before = profile[max(0, round(start - outer)) : max(0, round(start - inner))]
    behind = profile[round(end + inner) : round(end + outer)]
    is_open_field = before.size > 0 and abs(before.mean() - greys[0]) <= FLAT * (greys[1] - greys[0])
    return bool(is_open_field or (behind.size > 0 and behind.mean() > greys[-1]))


def _fit(profile: Floats, starts: Floats, lengths: Floats, n: int) -> Floats:
    """Return the share of a profile's variance that n steps explain, (lengths, starts); 0 where they stick out."""
    edges = np.rint(starts[None, :, None] + lengths[:, None, None] * np.arange(n + 1)).astype(np.int64)
    is_inside = (edges[..., 0] >= 0) & (edges[..., -1] <= profile.size)
    edges = edges.clip(0, profile.size)
    sums, squares = (np.append(0.0, np.cumsum(part)) for part in (profile, profile**2))
    counts = np.maximum(np.diff(edges), 1)
    steps = np.diff(sums[edges])
    of_all = steps.sum(axis=-1) ** 2 / counts.sum(axis=-1)
    total = squares[edges[..., -1]] - squares[edges[..., 0]] - of_all
    between = (steps**2 / counts).sum(axis=-1) - of_all
    return np.asarray(np.where(is_inside & (total > 1e-9), between / np.maximum(total, 1e-9), 0.0))


def _read_steps(profile: Floats, start: float, length: float, n: int) -> tuple[Floats, Floats]:
    """Return the mean grey of each step's inner part, and by how much its second half is brighter than its first."""
    greys, changes = np.empty(n), np.empty(n)
    for k in range(n):
        first, last = (round(start + (k + 0.5 + sign * INNER / 2) * length) for sign in (-1, 1))
        inner = profile[first:last]
        greys[k] = inner.mean()
        changes[k] = inner[inner.size // 2 :].mean() - inner[: inner.size // 2].mean()
    return greys, changes


def _turn_back(row: float, column: float, turns: int, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return where a point of the turned picture, whose shape is given, lies in the one before `np.rot90`."""
    rows, columns = shape
    for _ in range(turns):
        row, column = column, rows - 1 - row
        rows, columns = columns, rows
    return row, column

"""The cortices of the radius at two levels of a film: fitted edges, and what follows from them (pure).

A level is what was seen of the radius in one profile; a blurred tube is fitted to it (`tube_fit`). Where the wall is
hardly thicker than the blur, one stands in for the other, and nothing of the fit is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.catalogue import FILM, Value
from modelling.engine.features.drawing import BLUE, ORANGE, Line
from modelling.engine.features.tube_fit import Tube, fit_tube

Floats = NDArray[np.float64]

WINDOW_MM: Final = 5.0
"""Rows averaged into one profile."""
BESIDE_MM: Final = 3.0
"""Soft tissue beside the bone that the fit of a tube takes in."""
LEAST_BLURS: Final = 2.5
"""Sigmas of the blur that a wall must be thick. Down to it both cortices of drawn tubes come out within 0.12 mm;
below, up to 1.7 mm too thin (docs/measurements.md)."""


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
    _check_walls(refined, blur, pixel_mm)
    return refined


def _check_walls(levels: Sequence[Level], blur: float, pixel_mm: float) -> None:
    """Raise ValueError where a wall cannot be told from its blur (sigma, pixels)."""
    wall = min((one.width - one.marrow) / 2 for one in levels)
    if wall < LEAST_BLURS * blur:
        raise ValueError(
            f"the cortices are about {wall * pixel_mm:.1f} mm thick and the film is blurred by "
            f"{blur * pixel_mm:.2f} mm (sigma); wanted a wall of {LEAST_BLURS:g} blurs or more"
        )


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

"""What was found in an image, as lines on it: drawn where it was found, for people to check (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cohort.deid.thumbnail import LONGEST_SIDE, draw_thumbnail
from modelling.engine.features.quantities import DXA, FILM, HRPQCT, PQCT

Mask = NDArray[np.bool_]

BLUE, ORANGE, YELLOW = "#4cc3ff", "#ff9f1c", "#ffe14d"

SEGMENTATION, THICKNESS = "segmentation", "thickness"
KINDS: Final = (SEGMENTATION, THICKNESS)

LEGENDS: Final = {
    (
        FILM,
        SEGMENTATION,
    ): "Blue: outer edges of the radius at both levels; orange: inner walls; yellow: trabecular field, and the "
    "step wedge where there is one.",
    (DXA, SEGMENTATION): "Yellow: ultradistal; blue: mid; orange: 33 % region of the radius.",
    (PQCT, SEGMENTATION): "Blue: outline of the radius; orange: cortex, or the inner 45 % near the wrist.",
    (
        HRPQCT,
        SEGMENTATION,
    ): "Middle slice. Blue: cortex; pale: trabecular bone; dark: marrow; red: pores of the cortex.",
    (
        HRPQCT,
        THICKNESS,
    ): "Middle slice: local thickness of trabecular bone; the bar runs from 0 to what is written on it.",
}
"""What the colours mean, by modality and kind of picture."""


@dataclass(frozen=True)
class Line:
    """A line through points (row, column) in pixels of the image; pixel k reaches from k - 1/2 to k + 1/2."""

    points: tuple[tuple[float, float], ...]
    colour: str


@dataclass(frozen=True)
class Drawing:
    """An image (rows, columns), the size of its pixels in mm (y, x), and the lines on it."""

    values: NDArray[np.floating]
    spacing_mm: tuple[float, float]
    lines: tuple[Line, ...]

    def mirrored(self) -> "Drawing":
        """Return the drawing with left and right changed."""
        width = self.values.shape[1]
        turned = [
            replace(one, points=tuple((row, width - 1 - column) for row, column in one.points)) for one in self.lines
        ]
        return Drawing(self.values[:, ::-1], self.spacing_mm, tuple(turned))


@dataclass(frozen=True)
class Coloured:
    """A picture (rows, columns, 3) in colours of its own, and the words under it."""

    picture: NDArray[np.uint8]
    words: str


def box(top: float, left: float, bottom: float, right: float, colour: str) -> Line:
    """Return the outline of a rectangle."""
    return Line(((top, left), (top, right), (bottom, right), (bottom, left), (top, left)), colour)


def outline(mask: Mask, colour: str) -> list[Line]:
    """Return the faces between a mask (rows, columns) and what is around it."""
    wide = np.pad(mask, 1)
    down = np.argwhere(wide[1:, :] != wide[:-1, :]) - 0.5
    across = np.argwhere(wide[:, 1:] != wide[:, :-1]) - 0.5
    level = [Line(((row, column - 1.0), (row, column)), colour) for row, column in down.tolist()]
    upright = [Line(((row - 1.0, column), (row, column)), colour) for row, column in across.tolist()]
    return level + upright


def put_side_by_side(drawings: Sequence[Drawing]) -> Drawing:
    """Return drawings of the same height and spacing in one row. Raises ValueError for none."""
    if not drawings:
        raise ValueError("no drawing to put beside another")
    lines: list[Line] = []
    start = 0
    for one in drawings:
        lines += [
            replace(line, points=tuple((row, column + start) for row, column in line.points)) for line in one.lines
        ]
        start += one.values.shape[1]
    return Drawing(np.concatenate([one.values for one in drawings], axis=1), drawings[0].spacing_mm, tuple(lines))


def paint(drawing: Drawing, *, spacing_is: str, is_simulated: bool) -> Image.Image:
    """Return the drawing in colour, with a scale where the size of a pixel is known, and the mark where it is due."""
    values = np.nan_to_num(drawing.values)
    # A small picture is enlarged first, or its lines would be as broad as its bones.
    times = max(1, -(-LONGEST_SIDE // max(values.shape)))
    large = values.repeat(times, axis=0).repeat(times, axis=1)
    step = (drawing.spacing_mm[0] / times, drawing.spacing_mm[1] / times)
    picture = draw_thumbnail(large, step, spacing_is, is_simulated).convert("RGB")
    pen = ImageDraw.Draw(picture)
    down, across = picture.height / values.shape[0], picture.width / values.shape[1]
    for line in drawing.lines:
        pen.line([((column + 0.5) * across, (row + 0.5) * down) for row, column in line.points], fill=line.colour)
    return picture


def paint_colours(coloured: Coloured, *, is_simulated: bool) -> Image.Image:
    """Return a picture with its words and, where it is due, the mark."""
    times = max(1, -(-LONGEST_SIDE // max(coloured.picture.shape[:2])))
    painted = Image.fromarray(coloured.picture.repeat(times, axis=0).repeat(times, axis=1))
    pen = ImageDraw.Draw(painted)
    words = {(6, 4): "SIMULATED" if is_simulated else "", (6, painted.height - 30): coloured.words}
    for place, text in words.items():
        pen.text(place, text, fill="#ffffff", stroke_width=2, stroke_fill="#000000")
    return painted

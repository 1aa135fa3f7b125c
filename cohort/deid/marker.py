"""The letter that says which side a film shows: found in the picture and read, also where it stands mirrored (pure).

A radiographer lays a letter of lead beside the arm, or the console writes one: brighter than what surrounds it, evenly
so, and alone. What hangs together at a level of brightness and has a letter's size is compared with every capital
letter and digit; only what is much more like L or R than like anything else is read. A letter that reads backwards
says that the whole picture was turned over.
"""

import functools
import math
import string
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from cohort.formats.volume import Values

Shape = NDArray[np.float32]

SIZE = (24, 18)
"""Rows and columns every candidate and every template is brought to."""
LEVELS = (0.5, 0.65, 0.8, 0.9)
"""Of the way from the middle grey to the brightest: a letter hangs together at one of them."""
LEAST_PIXELS, LEAST_MM, MOST_MM, MOST_SHARE = 9, 3.0, 30.0, 0.15
"""Height of a letter: in pixels and mm at least; in mm, and as a share of the picture, at most."""
SLENDER = (0.35, 1.2)
"""Width over height."""
FILLED = (0.15, 0.8)
"""Share of its rectangle that a letter covers."""
LEAST_SCORE, LEAST_LEAD = 0.75, 0.05
"""Correlation with the letter, and how much less any other letter may have."""
LETTERS = string.ascii_uppercase + string.digits
READ = {"L": ("L", False), "R": ("R", False), "L mirrored": ("L", True), "R mirrored": ("R", True)}


@dataclass(frozen=True)
class Marker:
    """The letter that was read: L or R, whether it stands mirrored, and where (pixels of the picture)."""

    letter: str
    is_mirrored: bool
    x: int
    y: int
    width: int
    height: int
    score: float


@dataclass(frozen=True)
class _Candidate:
    rows: slice
    columns: slice
    shape: NDArray[np.bool_]

    @property
    def height(self) -> int:
        return int(self.rows.stop - self.rows.start)

    @property
    def width(self) -> int:
        return int(self.columns.stop - self.columns.start)


def read_marker(picture: Values, pixel_mm: float | None) -> Marker | None:
    """Return the one letter L or R of a film; None where there is none, or letters that contradict each other.

    picture: (y, x), bright where much is absorbed. pixel_mm: edge of a pixel, None where it is not known.
    """
    found: list[Marker] = []
    for one in _list_candidates(picture, pixel_mm):
        name, score = _compare(one.shape)
        if name in READ:
            letter, is_mirrored = READ[name]
            place = (one.columns.start, one.rows.start, one.width, one.height)
            found.append(Marker(letter, is_mirrored, *place, score))
    if len({(one.letter, one.is_mirrored) for one in found}) != 1:
        return None
    return max(found, key=lambda one: one.score)


def _list_candidates(picture: Values, pixel_mm: float | None) -> Iterator[_Candidate]:
    """Yield what could be a letter: of its size, not at the edge, and with no neighbour to make a word with."""
    grey = ndimage.gaussian_filter(np.asarray(picture, np.float32), 0.7)
    middle, top = float(np.median(grey)), float(np.percentile(grey, 99.99))
    if not math.isfinite(top - middle) or top <= middle:
        return
    least, most = _heights(picture.shape[0], pixel_mm)
    for level in LEVELS:
        places, _ = ndimage.label(grey > middle + level * (top - middle), np.ones((3, 3)))
        boxes = ndimage.find_objects(places)
        sized = [
            _Candidate(rows, columns, places[rows, columns] == number)
            for number, (rows, columns) in enumerate(boxes, 1)
            if least / 2 <= rows.stop - rows.start <= most
        ]
        for one in sized:
            if one.height >= least and _is_letter(one, picture.shape) and not _is_in_word(one, sized):
                yield one


def _heights(rows: int, pixel_mm: float | None) -> tuple[float, float]:
    if pixel_mm is None:
        return LEAST_PIXELS, MOST_SHARE * rows
    return max(LEAST_PIXELS, LEAST_MM / pixel_mm), min(MOST_SHARE * rows, MOST_MM / pixel_mm)


def _is_letter(one: _Candidate, size: tuple[int, ...]) -> bool:
    is_inside = one.rows.start > 0 and one.columns.start > 0 and one.rows.stop < size[0] and one.columns.stop < size[1]
    is_slender = SLENDER[0] <= one.width / one.height <= SLENDER[1]
    return is_inside and is_slender and FILLED[0] <= float(one.shape.mean()) <= FILLED[1]


def _is_in_word(one: _Candidate, others: list[_Candidate]) -> bool:
    """True where something as high stands beside it, as close as letters of a word stand."""
    for other in others:
        if other is one or not 0.6 <= other.height / one.height <= 1.6:
            continue
        overlap = min(one.rows.stop, other.rows.stop) - max(one.rows.start, other.rows.start)
        gap = max(one.columns.start, other.columns.start) - min(one.columns.stop, other.columns.stop)
        if overlap > 0.6 * min(one.height, other.height) and gap < 0.8 * one.height:
            return True
    return False


def _compare(shape: NDArray[np.bool_]) -> tuple[str, float]:
    """Return the letter a shape is most like and how much; an empty name where two letters are as likely."""
    names, templates = _make_templates()
    likeness = templates @ _bring_to_size(Image.fromarray(shape.astype(np.uint8) * 255)).ravel()
    best: dict[str, float] = {}
    for name, score in zip(names, likeness.tolist(), strict=True):
        best[name] = max(score, best.get(name, -1.0))
    first, second = sorted(best, key=lambda name: -best[name])[:2]
    is_clear = best[first] >= LEAST_SCORE and best[first] - best[second] >= LEAST_LEAD
    return (first, best[first]) if is_clear else ("", best[first])


@functools.cache
def _make_templates() -> tuple[tuple[str, ...], Shape]:
    """Return names and shapes (n, rows x columns), each of mean 0 and length 1, of all letters in several weights."""
    names: list[str] = []
    shapes: list[Shape] = []
    for weight in (0, 2, 5, 8):
        for letter in LETTERS:
            drawn = _draw(letter, weight)
            names.append(letter)
            shapes.append(_bring_to_size(drawn).ravel())
            if letter in "LR":
                names.append(f"{letter} mirrored")
                shapes.append(_bring_to_size(drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).ravel())
    return tuple(names), np.stack(shapes)


def _draw(letter: str, weight: int) -> Image.Image:
    """Return a letter, white on black, cut to its edges. weight: pixels added around a stroke, of 96 in height."""
    picture = Image.new("L", (240, 240))
    ImageDraw.Draw(picture).text((60, 40), letter, fill=255, font=ImageFont.load_default(128), stroke_width=weight)
    return picture.crop(picture.getbbox())


def _bring_to_size(picture: Image.Image) -> Shape:
    small = np.asarray(picture.resize(SIZE[::-1], Image.Resampling.BOX), np.float32)
    soft: Shape = ndimage.gaussian_filter(small, 0.8)
    soft -= soft.mean()
    length = float(np.linalg.norm(soft))
    return soft / length if length > 0 else soft

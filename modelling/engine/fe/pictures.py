"""Where a bone would fail: three views of the effective strain at the failure load, drawn over the bone (pure).

From above (along the axis), from the front and from the side, as in an engineer's drawing: what stands above or beside
another view is the same bone at the same scale. Scale, colour bar and the mark are pixels, so that a copy keeps them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from modelling.engine.fe.mesh import Mesh
from modelling.engine.features.pictures import colour

Rgb = NDArray[np.uint8]
Floats32 = NDArray[np.float32]

_WIDEST: Final = 1200
_NARROWEST: Final = 560
"""Pixels of the three views side by side."""
_LEAST_WIDTH: Final = 420
"""Of the whole picture: the words at the foot need so much."""
_GAP: Final = 16
_FOOT: Final = 58
_BARS_MM: Final = (10, 5, 2, 1, 0.5, 0.2)
"""Lengths of the scale; the longest that takes no more than a third of the picture is drawn."""
_DARKEST, _LIGHTEST = 40, 150
"""Greys of the thinnest and the thickest bone."""
_FROM: Final = 0.35
"""Share of the ramp of colours where the bar begins: what is darker could be taken for bone."""
_INK: Final = "#ffffff"


@dataclass(frozen=True)
class Weakest:
    """What is coloured. strain: (E,) effective strain of each element at the failure load; from `least` on in colour,
    the same from `most` on.
    """

    strain: Floats32
    least: float
    most: float


def find_weakest(strain_at_failure: NDArray[np.floating], critical_strain: float) -> Weakest:
    """Return what is strained to the limit at the failure load, with the ends of its scale.

    The upper end is what one in a hundred of those elements exceeds, in tenths of a per cent, above the lower.
    """
    strain = np.asarray(strain_at_failure, np.float32)
    beyond = strain[strain >= critical_strain]
    top = float(np.percentile(beyond, 99)) if beyond.size else critical_strain
    return Weakest(strain, critical_strain, max(np.ceil(top * 1000) / 1000, critical_strain + 0.001))


def draw_failure(mesh: Mesh, weakest: Weakest, *, is_simulated: bool) -> Image.Image:
    """Return the three views of a mesh, what would fail in colour."""
    field = np.zeros(mesh.shape, np.float32)
    field.ravel()[mesh.voxel] = np.maximum(weakest.strain, np.finfo(np.float32).tiny)
    z, y, x = mesh.spacing_mm
    step = _choose_step(mesh)
    above = _view(field, 0, (y, x), step, weakest)
    front = _view(field, 1, (z, x), step, weakest)
    side = _view(field, 2, (z, y), step, weakest)
    width = max(front.shape[1] + _GAP + side.shape[1] + 2 * _GAP, _LEAST_WIDTH)
    height = above.shape[0] + front.shape[0] + 4 * _GAP + _FOOT
    canvas = Image.new("RGB", (width, height))
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    places = [(_GAP, 2 * _GAP), (_GAP, above.shape[0] + 3 * _GAP), (front.shape[1] + 2 * _GAP,) * 2]
    places[2] = (places[2][0], places[1][1])
    for view, place, words in zip((above, front, side), places, ("along the axis", "front", "side"), strict=True):
        canvas.paste(Image.fromarray(view), place)
        _write(pen, font, (place[0], place[1] - 15), f"SIMULATED  {words}" if is_simulated else words)
    _draw_foot(canvas, pen, font, weakest, step)
    return canvas


def _choose_step(mesh: Mesh) -> float:
    """Return the size of a pixel in mm: the finest edge in whole parts, or coarser where the picture would be vast."""
    wide = (mesh.shape[2] * mesh.spacing_mm[2]) + mesh.shape[1] * mesh.spacing_mm[1]
    finest = min(mesh.spacing_mm)
    times = max(1, round(_NARROWEST * finest / wide))
    return max(finest / times, wide / _WIDEST)


def _view(field: Floats32, axis: int, edges: tuple[float, float], step: float, weakest: Weakest) -> Rgb:
    """Return the view (rows, columns, 3) along an axis: bone grey, the more the lighter; the highest strain on top."""
    depth = np.count_nonzero(field, axis=axis)
    highest = field.max(axis=axis)
    grey = _DARKEST + (_LIGHTEST - _DARKEST) * depth / max(int(depth.max()), 1)
    picture = np.where((depth > 0)[..., None], grey[..., None], 0.0).repeat(3, axis=2).astype(np.uint8)
    failing = highest >= weakest.least
    picture[failing] = _colour_of(highest[failing], weakest)
    rows, columns = (
        np.minimum((np.arange(max(1, round(n * edge / step))) * step / edge).astype(np.int64), n - 1)
        for n, edge in zip(highest.shape, edges, strict=True)
    )
    return np.ascontiguousarray(picture[rows][:, columns])


def _colour_of(strain: NDArray[np.floating], weakest: Weakest) -> Rgb:
    share = np.clip((strain - weakest.least) / (weakest.most - weakest.least), 0.0, 1.0)
    return colour(_FROM + (1.0 - _FROM) * share)


def _draw_foot(
    canvas: Image.Image,
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    weakest: Weakest,
    step: float,
) -> None:
    """Draw the scale and the bar of colours along the foot."""
    bar_mm = next((one for one in _BARS_MM if one / step <= canvas.width / 3), _BARS_MM[-1])
    top, length = canvas.height - _FOOT, round(bar_mm / step)
    pen.rectangle((_GAP, top + 34, _GAP + length, top + 37), fill=_INK)
    _write(pen, font, (_GAP, top + 40), f"{bar_mm:g} mm")
    left = _GAP + max(length, 60) + 2 * _GAP
    right = canvas.width - _GAP
    bar = _colour_of(np.linspace(weakest.least, weakest.most, right - left), weakest)
    canvas.paste(Image.fromarray(np.repeat(bar[None], 12, axis=0)), (left, top + 24))
    _write(pen, font, (left, top + 6), "effective strain at the failure load")
    ends = (f"{100 * weakest.least:.2f} %", f"{100 * weakest.most:.1f} % and more")
    _write(pen, font, (left, top + 40), ends[0])
    _write(pen, font, (right - round(pen.textlength(ends[1], font=font)), top + 40), ends[1])


def _write(
    pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, at: tuple[int, int], words: str
) -> None:
    pen.text(at, words, fill=_INK, font=font, stroke_width=2, stroke_fill="#000000")

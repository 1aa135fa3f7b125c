"""A small picture of a series, with a scale in it: what is shown where the file was dropped (pure).

Eight bits, at most 480 pixels; the mark SIMULATED and the scale are pixels of it, so a crop or a copy keeps them.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cohort.formats.volume import Values

LONGEST_SIDE = 480
SHORTEST_SIDE = 200
_BAR_MM = 10
_LOW, _HIGH = 0.5, 99.5
_INK, _EDGE = 255, 0


def draw_thumbnail(
    picture: Values, spacing_mm: tuple[float, float], spacing_is: str, is_simulated: bool
) -> Image.Image:
    """Return the picture in grey.

    picture: (y, x). spacing_mm: (y, x), looked at unless spacing_is is `none`.
    """
    grey = Image.fromarray(window(picture))
    tall, wide = (1.0, 1.0) if spacing_is == "none" else spacing_mm
    height, width = picture.shape[0] * tall, picture.shape[1] * wide
    longest = min(LONGEST_SIDE, max(SHORTEST_SIDE, *picture.shape))
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = grey.resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(grey)
    font = ImageFont.load_default(13)
    if spacing_is != "none":
        _draw_scale(draw, font, grey.size, scale * _BAR_MM, spacing_is)
    if is_simulated:
        _write(draw, font, (6, 4), "SIMULATED")
    return grey


def window(picture: Values) -> NDArray[np.uint8]:
    """Return the picture in 256 greys, from the 0.5th to the 99.5th percentile of its values."""
    low, high = (float(one) for one in np.percentile(picture, (_LOW, _HIGH)))
    if not math.isfinite(high - low) or high <= low:
        low, high = float(picture.min()), float(picture.max())
    if high <= low:
        return np.full(picture.shape, 128, np.uint8)
    shown = (picture.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.rint(np.clip(shown, 0, 1) * 255), np.uint8)


def write_png(picture: Image.Image, path: Path) -> None:
    """Write the picture without date, name or any other text chunk: the same picture, the same bytes."""
    picture.save(path, "PNG", optimize=False)


def _draw_scale(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    size: tuple[int, int],
    bar: float,
    spacing_is: str,
) -> None:
    words = f"{_BAR_MM} mm" if spacing_is == "patient" else f"{_BAR_MM} mm at the detector"
    x, y = 8, size[1] - 10
    end = x + max(1, round(bar))
    draw.rectangle((x - 1, y - 1, end + 1, y + 3), fill=_EDGE)
    draw.rectangle((x, y, end, y + 2), fill=_INK)
    _write(draw, font, (x, y - 20), words)


def _write(
    draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, at: tuple[int, int], words: str
) -> None:
    draw.text(at, words, fill=_INK, font=font, stroke_width=2, stroke_fill=_EDGE)

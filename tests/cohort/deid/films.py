"""Films with letters in them, for tests of what is looked at in a picture: drawn in a font the reader never saw."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint16]
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
PIXEL_MM = 0.15


def make_arm(rows: int = 640, columns: int = 480, seed: int = 3) -> Picture:
    """Return a film of two shafts in soft tissue with noise, and no letter."""
    across = np.arange(columns) / columns
    grey = 3000 + 4000 * np.exp(-(((across - 0.5) / 0.22) ** 4))
    for middle in (0.42, 0.60):
        grey = grey + 9000 * (np.abs(across - middle) < 0.05)
    noise = np.random.default_rng(seed).normal(0, 150, (rows, columns))
    return np.clip(grey[None] + noise, 0, 65535).astype(np.uint16)


def write_on(
    picture: Picture, text: str, at: tuple[int, int], size: int, font: str = "DejaVuSans", grey: int = 30_000
) -> Picture:
    """Return a film with a text of this grey; at: (x, y) of its upper left corner."""
    mask = Image.new("L", picture.shape[::-1])
    ImageDraw.Draw(mask).text(at, text, fill=255, font=ImageFont.truetype(FONTS / f"{font}.ttf", size))
    share = np.asarray(mask, np.float32) / 255
    return (picture * (1 - share) + grey * share).astype(picture.dtype)

"""Letters burned into a picture, found by a detection network: a name that no header speaks of (pure).

The network is the text detector of PP-OCR version 4 (PaddlePaddle authors, Apache-2.0; Li et al., PP-OCRv3,
arXiv:2206.03001, whose detector it refines), run by onnxruntime as data/NOTICE says. It marks pixels of text lines;
fingers and bone ends look like text to it too. So only what is much longer than high counts, and has the strokes of
several letters along it: a word. The letter that tells the side, initials beside it and the unit of a ruler stay.
"""

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from cohort.formats.volume import Values

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WEIGHTS = Path(__file__).parent / "data" / "text_detection.onnx"

LONGEST_SIDE = 1600
"""Larger pictures are looked at in this size: a name is at least a hundredth of a picture high."""
STEP = 32
"""The network halves five times, so its sides are multiples of this."""
IS_TEXT, IS_SURE = 0.3, 0.6
"""Likelihood of a pixel, and the mean of a line's pixels, from which it counts."""
LENGTH_OVER_HEIGHT = 3.5
"""Of a line as the network marks it, with its edges drawn in: four letters and more."""
LEAST_HEIGHT = 2.5
"""Of a line as the network marks it, in pixels it looks at."""
LEAST_EDGES = 8
"""Edges of strokes that a line through four letters meets at the least: two for each."""


Shape = NDArray[np.float32]


@dataclass(frozen=True)
class TextBox:
    """Where letters stand, in pixels of the picture."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class _Line:
    """A bar: its middle (y, x), the direction it runs in, length and height, in pixels that the network looks at."""

    middle: NDArray[np.float64]
    axis: NDArray[np.float64]
    length: float
    height: float


def find_text(picture: Values) -> list[TextBox]:
    """Return the lines of text in a picture, from the top.

    picture: (y, x), any unit; looked at in 256 greys, once as it is and never turned.
    """
    seen = _bring_to_size(_in_greys(picture))
    likely = _look(seen)
    down, across = picture.shape[0] / seen.shape[0], picture.shape[1] / seen.shape[1]
    places, _ = ndimage.label(likely > IS_TEXT)
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(places), 1):
        inside = places[rows, columns] == number
        if float(likely[rows, columns][inside].mean()) < IS_SURE:
            continue
        line = _measure_line(inside, (rows.start, columns.start))
        if line.height < LEAST_HEIGHT or line.length < LENGTH_OVER_HEIGHT * line.height:
            continue
        if _count_edges(seen, line) >= LEAST_EDGES:
            height, width = (rows.stop - rows.start) * down, (columns.stop - columns.start) * across
            place = round(columns.start * across), round(rows.start * down)
            found.append(TextBox(*place, round(width), round(height)))
    return sorted(found, key=lambda one: (one.y, one.x))


def _in_greys(picture: Values) -> NDArray[np.uint8]:
    low, high = (float(one) for one in np.percentile(picture, (0.5, 99.5)))
    if high <= low:
        low, high = float(picture.min()), float(picture.max())
    shown = (picture.astype(np.float32) - low) / max(high - low, 1e-6)
    return np.asarray(np.rint(np.clip(shown, 0, 1) * 255), np.uint8)


def _bring_to_size(grey: NDArray[np.uint8]) -> Shape:
    share = min(1.0, LONGEST_SIDE / max(grey.shape))
    rows, columns = (max(STEP, round(one * share / STEP) * STEP) for one in grey.shape)
    return np.asarray(Image.fromarray(grey).resize((columns, rows), Image.Resampling.BILINEAR), np.float32)


def _look(seen: Shape) -> Shape:
    """Return for each pixel how likely it belongs to text."""
    # Each colour from -1 to 1, as the network was taught.
    plane = seen / 127.5 - 1.0
    network = _load()
    given = {network.get_inputs()[0].name: np.repeat(plane[None, None], 3, axis=1)}
    likely: Shape = network.run(None, given)[0][0, 0]
    return likely


@functools.cache
def _load() -> "InferenceSession":
    # Fetched where it is first wanted: most uploads are slices of a scanner, and no letter is looked for in them.
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    # One thread: other uploads run beside it. Its own arena: without it every layer asks the system for its memory
    # anew, which costs a third of the time and saves none (170 MB at the most either way, film of 640 x 480).
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: InferenceSession = onnxruntime.InferenceSession(WEIGHTS, options, providers=["CPUExecutionProvider"])
    return session


def _measure_line(inside: NDArray[np.bool_], corner: tuple[int, int]) -> _Line:
    """Return the line that has the extent of a region, however it lies: from the spread of its pixels."""
    places = np.argwhere(inside) + corner
    # A uniform bar of length a has the variance a squared / 12; a pixel has an edge of its own.
    spread = np.cov(places, rowvar=False) if len(places) > 1 else np.zeros((2, 2))
    variances, axes = np.linalg.eigh(spread + np.eye(2) / 12)
    height, length = (float(one) for one in np.sqrt(12 * variances))
    return _Line(places.mean(axis=0), axes[:, 1], length, height)


def _count_edges(seen: Shape, line: _Line) -> int:
    """Return how often the grey along a line of text goes from ink to ground and back, where it does most often."""
    along = np.arange(-line.length / 2, line.length / 2)
    aside = np.array([-line.axis[1], line.axis[0]])
    most = 0
    for shift in (-0.25, 0.0, 0.25):
        middle = line.middle + shift * line.height * aside
        grey = ndimage.map_coordinates(seen, (middle + along[:, None] * line.axis).T, order=1, mode="nearest")
        low, high = np.percentile(grey, (10, 90))
        # A third of the way each: what only trembles around one grey is no stroke.
        sure = grey[(grey < low + (high - low) / 3) | (grey > high - (high - low) / 3)]
        most = max(most, int(np.count_nonzero(np.diff(sure > (low + high) / 2))))
    return most

"""Brings stored images to the size a net sees, physical values kept: no window, no stretching to 0 and 1.

Of each image the same field in mm is cut out around its brightest part, and brought to the same number of pixels, so
a large bone stays large. Nothing here is learned, so nothing leaks. Slices of a pQCT stack become channels.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.training.snapshot import ImageFile, Snapshot

FIELD_MM = {"film": 64.0, "dxa": 72.0, "pqct": 72.0}
"""Side of the square that is cut out: a distal forearm with its soft tissue."""

MOST_SLICES = 8


def count_channels(snapshot: Snapshot, modality: str) -> int:
    """Return how many slices a net of this modality sees: what most stacks hold, at most MOST_SLICES."""
    if modality != "pqct":
        return 1
    depths = [np.load(one.path, mmap_mode="r").shape[0] for one in snapshot.images[modality].values()]
    return min(MOST_SLICES, int(np.argmax(np.bincount(depths))))


def get_unit(snapshot: Snapshot, modality: str) -> str:
    """Return the unit of a modality's values, empty where there is no image. Raises ValueError if there are several."""
    units = sorted({one.unit for one in snapshot.images.get(modality, {}).values()})
    if len(units) > 1:
        raise ValueError(
            f"images of the modality '{modality}' are in '{units[0]}' and in '{units[1]}'; wanted one unit"
        )
    return units[0] if units else ""


def load_images(snapshot: Snapshot, modality: str, channels: int, size: int) -> tuple[Tensor, Tensor]:
    """Return the images of a modality and who has one.

    Returns (n, channels, size, size) float32 in the stored unit, 0 where absent, and (n,) bool.
    """
    images = torch.zeros(snapshot.n, channels, size, size)
    has = torch.zeros(snapshot.n, dtype=torch.bool)
    of_modality = snapshot.images.get(modality, {})
    for row, token in enumerate(snapshot.tokens):
        if token in of_modality:
            images[row] = fit_image(of_modality[token], modality, channels, size)
            has[row] = True
    return images, has


def fit_image(file: ImageFile, modality: str, channels: int, size: int) -> Tensor:
    """Return one image as the net sees it, (channels, size, size)."""
    values = pick_slices(file.read(), channels)
    cut = cut_field(values, file.spacing_mm, FIELD_MM[modality])
    fitted = F.interpolate(
        torch.from_numpy(cut)[None], size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return fitted[0]


def pick_slices(values: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Return as many slices, evenly taken from the first to the last; a stack of fewer repeats its neighbours."""
    places = np.round(np.linspace(0, values.shape[0] - 1, channels)).astype(int)
    return np.asarray(values[places], np.float32)


def cut_field(
    values: NDArray[np.float32], spacing_mm: tuple[float, float, float], field_mm: float
) -> NDArray[np.float32]:
    """Return a square field of `field_mm` around the centre of the brightest tenth, (z, rows, columns).

    Where the field reaches beyond the image, its darkest value goes on.
    """
    rows, columns = (max(2, round(field_mm / step)) for step in spacing_mm[1:])
    flat = values.mean(axis=0)
    bright = np.clip(flat - np.quantile(flat, 0.9), 0, None)
    if bright.sum() > 0:
        grid = np.indices(flat.shape)
        middle = [float((axis * bright).sum() / bright.sum()) for axis in grid]
    else:
        middle = [(length - 1) / 2 for length in flat.shape]
    starts = [round(where - wanted / 2) for where, wanted in zip(middle, (rows, columns), strict=True)]
    out = np.full((values.shape[0], rows, columns), values.min(), np.float32)
    source, target = [], []
    for start, wanted, length in zip(starts, (rows, columns), flat.shape, strict=True):
        low, high = max(0, start), min(length, start + wanted)
        source.append(slice(low, high))
        target.append(slice(low - start, high - start))
    out[:, target[0], target[1]] = values[:, source[0], source[1]]
    return out

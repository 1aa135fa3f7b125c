"""Pieces of bone in a slice: joined pixels, filled rings, and how deep a pixel lies (pure)."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def list_largest(mask: Mask, n: int) -> list[Mask]:
    """Return the n largest pieces of a mask (y, x), the largest first; fewer if there are fewer.

    Pixels that share an edge are of one piece.
    """
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")[:n]
    return [np.asarray(labels == number + 1) for number in order]


def fill_holes(mask: Mask) -> Mask:
    """Return a mask (y, x) with everything filled that no path of outside pixels reaches from the border."""
    return np.asarray(ndimage.binary_fill_holes(mask), np.bool_)


def measure_depth(mask: Mask) -> Floats:
    """Return the distance of each pixel of a mask (y, x) from the nearest pixel outside, in pixels; 0 outside."""
    # What lies beyond the border of the picture is outside, too.
    return np.asarray(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1], np.float64)


def peel(mask: Mask, share: float) -> Mask:
    """Return the innermost pixels of a mask (y, x), `share` (0 to 1) of its area: rings are taken off from outside.

    Raises ValueError for an empty mask or a share outside 0 to 1.
    """
    if not mask.any() or not 0 < share <= 1:
        raise ValueError(f"a share of {share} of {int(mask.sum())} pixels cannot be peeled; wanted 0 to 1 of some")
    depth = measure_depth(mask)[mask]
    kept = np.zeros(depth.size, np.bool_)
    kept[np.argsort(-depth, kind="stable")[: round(share * depth.size)]] = True
    inner = np.zeros_like(mask)
    inner[mask] = kept
    return inner

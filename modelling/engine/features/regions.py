"""Pieces of bone in a slice: joined pixels, filled rings, and how deep a pixel lies (pure numpy)."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def label_pieces(mask: Mask) -> NDArray[np.int32]:
    """Return the number of the piece each pixel belongs to; 0 where the mask is false.

    mask: (y, x). Pixels that share an edge are of one piece; pieces are numbered from 1 as they are met.
    """
    labels = np.zeros(mask.shape, np.int32)
    n_pieces = 0
    for row, column in zip(*np.nonzero(mask), strict=True):
        if labels[row, column]:
            continue
        n_pieces += 1
        _flood(mask, labels, (int(row), int(column)), n_pieces)
    return labels


def _flood(mask: Mask, labels: NDArray[np.int32], start: tuple[int, int], number: int) -> None:
    labels[start] = number
    waiting = deque([start])
    n_rows, n_columns = mask.shape
    while waiting:
        row, column = waiting.popleft()
        for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= y < n_rows and 0 <= x < n_columns and mask[y, x] and not labels[y, x]:
                labels[y, x] = number
                waiting.append((y, x))


def list_largest(mask: Mask, n: int) -> list[Mask]:
    """Return the n largest pieces of a mask (y, x), the largest first; fewer if there are fewer."""
    labels = label_pieces(mask)
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")[:n]
    return [labels == number + 1 for number in order]


def fill_holes(mask: Mask) -> Mask:
    """Return a mask (y, x) with everything filled that no path of outside pixels reaches from the border."""
    outside = np.pad(~mask, 1, constant_values=True)
    labels = label_pieces(outside)
    return np.asarray((labels != labels[0, 0])[1:-1, 1:-1])


def measure_depth(mask: Mask) -> Floats:
    """Return the distance of each pixel of a mask (y, x) from the nearest pixel outside, in pixels; 0 outside."""
    padded = np.pad(mask, 1)
    inner = np.argwhere(padded)
    near = np.zeros_like(padded)
    near[1:-1, 1:-1] = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    near[0, 1:-1], near[-1, 1:-1] = padded[1, 1:-1], padded[-2, 1:-1]
    near[1:-1, 0], near[1:-1, -1] = padded[1:-1, 1], padded[1:-1, -2]
    border = np.argwhere(near & ~padded)
    depth = np.zeros(padded.shape)
    for part in np.array_split(inner, max(1, inner.shape[0] // 512)):
        squares = ((part[:, None, :] - border[None, :, :]) ** 2).sum(axis=2)
        depth[part[:, 0], part[:, 1]] = np.sqrt(squares.min(axis=1))
    return depth[1:-1, 1:-1]


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

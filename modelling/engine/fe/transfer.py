"""The way between a level and the coarser one: compiled loops over coarse elements.

A coarse element holds fine nodes at 27 places: its corners and the middles between them. Values at all 27 follow from
the 8 corners by halving edges, then faces, then the whole; the transpose goes the same way back.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.jit import compiled

Array = NDArray[Any]
Hanging = tuple[Array, Array, Array, Array]
"""start (E + 1,), node and place: coarse element e holds the fine nodes node[start[e]:start[e + 1]], each at a place
9 z + 3 y + x in half edges; conn (E, 8) int32 nodes of the coarse elements."""


def list_held_nodes(owner: NDArray[np.int32], code: NDArray[np.uint8], conn: NDArray[np.int32]) -> Hanging:
    """Return the fine nodes of each coarse element. owner, code: (N,) as in `Coarsening`; conn: (E, 8)."""
    order = np.argsort(owner, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(conn)))])
    return start, order.astype(np.int32), code[order], conn


@compiled(fused=True)
def prolong_add(hanging: Hanging, coarse: Array, fine: Array, slabs: Array, first: int, step: int) -> None:
    """Add the coarse field at their places to the fine nodes of the coarse elements in slabs first, first + step ..."""
    start, node, place, conn = hanging
    value = np.zeros((3, 3, 3, 3), fine.dtype)
    flat = value.reshape(81)
    half = fine.dtype.type(0.5)
    for slab in range(first, slabs.shape[0] - 1, step):
        for e in range(slabs[slab], slabs[slab + 1]):
            for k in range(8):
                to, j = 54 * (k >> 2) + 18 * ((k >> 1) & 1) + 6 * (k & 1), 3 * np.uint64(conn[e, k])
                flat[to], flat[to + 1], flat[to + 2] = coarse[j], coarse[j + np.uint64(1)], coarse[j + np.uint64(2)]
            for z in range(0, 3, 2):
                for y in range(0, 3, 2):
                    for c in range(3):
                        value[z, y, 1, c] = half * (value[z, y, 0, c] + value[z, y, 2, c])
                for i in range(54 * (z >> 1), 54 * (z >> 1) + 9):
                    flat[i + 9] = half * (flat[i] + flat[i + 18])
            for i in range(27):
                flat[i + 27] = half * (flat[i] + flat[i + 54])
            for i in range(start[e], start[e + 1]):
                j, at = 3 * np.uint64(node[i]), 3 * np.uint64(place[i])
                fine[j] += flat[at]
                fine[j + np.uint64(1)] += flat[at + np.uint64(1)]
                fine[j + np.uint64(2)] += flat[at + np.uint64(2)]


@compiled(fused=True)
def restrict_add(hanging: Hanging, fine: Array, coarse: Array, slabs: Array, first: int, step: int) -> None:
    """Add to the coarse field the transpose of `prolong_add`, for coarse elements in slabs first, first + step ..."""
    start, node, place, conn = hanging
    value = np.zeros((3, 3, 3, 3), fine.dtype)
    flat = value.reshape(81)
    half = fine.dtype.type(0.5)
    for slab in range(first, slabs.shape[0] - 1, step):
        for e in range(slabs[slab], slabs[slab + 1]):
            for i in range(81):
                flat[i] = 0
            for i in range(start[e], start[e + 1]):
                j, at = 3 * np.uint64(node[i]), 3 * np.uint64(place[i])
                # More than one node may lie at one place: the finer level, too, parts what a gap parts.
                flat[at] += fine[j]
                flat[at + np.uint64(1)] += fine[j + np.uint64(1)]
                flat[at + np.uint64(2)] += fine[j + np.uint64(2)]
            for i in range(27):
                flat[i] += half * flat[i + 27]
                flat[i + 54] += half * flat[i + 27]
            for z in range(0, 3, 2):
                for i in range(54 * (z >> 1), 54 * (z >> 1) + 9):
                    flat[i] += half * flat[i + 9]
                    flat[i + 18] += half * flat[i + 9]
                for y in range(0, 3, 2):
                    for c in range(3):
                        value[z, y, 0, c] += half * value[z, y, 1, c]
                        value[z, y, 2, c] += half * value[z, y, 1, c]
            for k in range(8):
                to, j = 54 * (k >> 2) + 18 * ((k >> 1) & 1) + 6 * (k & 1), 3 * np.uint64(conn[e, k])
                coarse[j] += flat[to]
                coarse[j + np.uint64(1)] += flat[to + 1]
                coarse[j + np.uint64(2)] += flat[to + 2]

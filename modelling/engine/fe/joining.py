"""Compiled loops that make a coarser level: which elements hang together, which nodes are one, which are held."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.jit import compiled

Array = NDArray[Any]


@compiled(fused=True)
def _find(root: Array, i: int) -> int:
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


@compiled(fused=True)
def _join(root: Array, i: int, j: int) -> None:
    """Let i and j be of one set, named by its lowest member, so that the result knows no order."""
    i, j = _find(root, i), _find(root, j)
    if i < j:
        root[j] = i
    else:
        root[i] = j


@compiled(fused=True)
def list_elements_of_nodes(conn: Array, n_nodes: int) -> tuple[Array, Array]:
    """Return (start, elements): the elements at node n are elements[start[n]:start[n + 1]], rising."""
    start = np.zeros(n_nodes + 1, np.int64)
    for e in range(conn.shape[0]):
        for k in range(8):
            start[conn[e, k] + 1] += 1
    for n in range(n_nodes):
        start[n + 1] += start[n]
    place, elements = start[:-1].copy(), np.empty(start[-1], np.int32)
    for e in range(conn.shape[0]):
        for k in range(8):
            n = conn[e, k]
            elements[place[n]] = e
            place[n] += 1
    return start, elements


@compiled(fused=True)
def join_elements(start: Array, elements: Array, block: Array) -> Array:
    """Return (E,) the lowest element of each group: elements of one 2x2x2 block that hang together by nodes."""
    root = np.arange(block.shape[0]).astype(np.int32)
    for n in range(start.shape[0] - 1):
        for i in range(start[n], start[n + 1]):
            for j in range(i + 1, start[n + 1]):
                if block[elements[i]] == block[elements[j]]:
                    _join(root, elements[i], elements[j])
    for e in range(root.shape[0]):
        root[e] = _find(root, e)
    return root


@compiled(fused=True)
def join_corners(start: Array, elements: Array, parent: Array, cell: Array, grid: Array) -> Array:
    """Return (8 coarse E,) the lowest of the corners that are one coarse node.

    parent: (E,) coarse element of each; cell: (coarse E, 3) its place; grid: (N, 3) places of the fine nodes. Corners
    at one place are one node only where a fine node that lies between them belongs to both elements: bone on the two
    sides of a gap stays apart on every level.
    """
    root = np.arange(8 * cell.shape[0]).astype(np.int32)
    for n in range(start.shape[0] - 1):
        a = parent[elements[start[n]]]
        for i in range(start[n] + 1, start[n + 1]):
            b = parent[elements[i]]
            if a == b:
                continue
            for z in range(grid[n, 0] // 2, (grid[n, 0] + 1) // 2 + 1):
                for y in range(grid[n, 1] // 2, (grid[n, 1] + 1) // 2 + 1):
                    for x in range(grid[n, 2] // 2, (grid[n, 2] + 1) // 2 + 1):
                        at_a = 4 * (z - cell[a, 0]) + 2 * (y - cell[a, 1]) + x - cell[a, 2]
                        at_b = 4 * (z - cell[b, 0]) + 2 * (y - cell[b, 1]) + x - cell[b, 2]
                        _join(root, 8 * a + at_a, 8 * b + at_b)
    for i in range(root.shape[0]):
        root[i] = _find(root, i)
    return root


@compiled(fused=True)
def find_free(owner: Array, code: Array, weights: Array, conn: Array, free: Array, n_coarse: int) -> Array:
    """Return (3 coarse N,) bool: which coarse displacements are unknown.

    One is held where the nearest of the fine ones it reaches is held, so that a plane that is held on the fine grid is
    held on the coarse one too, whether or not it falls on a coarse plane.
    """
    held, moves = np.zeros(3 * n_coarse, np.float32), np.zeros(3 * n_coarse, np.float32)
    for n in range(owner.shape[0]):
        for k in range(8):
            for c in range(3):
                at = 3 * conn[owner[n], k] + c
                if free[3 * n + c]:
                    moves[at] = max(moves[at], weights[code[n], k])
                else:
                    held[at] = max(held[at], weights[code[n], k])
    return moves > held

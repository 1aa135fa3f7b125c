"""The loops of the solver for the CPU, compiled by numba; `operators` holds the same in torch as their reference.

Vectors are flat: node n has its components z, y, x at 3 n, 3 n + 1, 3 n + 2. Elements lie in slabs of whole layers;
slabs of one colour share no node, so they are worked on at the same time and every sum has one order, whatever the
number of threads: the same input gives the same bits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.jit import compiled

Array = NDArray[Any]
Hanging = tuple[Array, Array, Array, Array]

LANES = 32
"""Elements worked on side by side: their 24 rows of 32 floats stay in the nearest cache."""


@compiled()
def _transform(rows: Array) -> None:
    """Replace 8 rows by their Walsh-Hadamard sums: pattern p is the sum over corners k of (-1)^|p & k| row k."""
    for i in range(LANES):
        a0, a1 = rows[i] + rows[i + LANES], rows[i] - rows[i + LANES]
        a2, a3 = rows[i + 2 * LANES] + rows[i + 3 * LANES], rows[i + 2 * LANES] - rows[i + 3 * LANES]
        a4, a5 = rows[i + 4 * LANES] + rows[i + 5 * LANES], rows[i + 4 * LANES] - rows[i + 5 * LANES]
        a6, a7 = rows[i + 6 * LANES] + rows[i + 7 * LANES], rows[i + 6 * LANES] - rows[i + 7 * LANES]
        b0, b1, b2, b3 = a0 + a2, a1 + a3, a0 - a2, a1 - a3
        b4, b5, b6, b7 = a4 + a6, a5 + a7, a4 - a6, a5 - a7
        rows[i], rows[i + 4 * LANES] = b0 + b4, b0 - b4
        rows[i + LANES], rows[i + 5 * LANES] = b1 + b5, b1 - b5
        rows[i + 2 * LANES], rows[i + 6 * LANES] = b2 + b6, b2 - b6
        rows[i + 3 * LANES], rows[i + 7 * LANES] = b3 + b7, b3 - b7


@compiled()
def _multiply(uz: Array, uy: Array, ux: Array, blocks: Array, modulus: Array) -> None:
    """Multiply the transformed displacements by the eight symmetric blocks and the moduli, in place."""
    for s in range(8):
        k = blocks[s]
        zz, zy, zx, yy, yx, xx = k[0, 0], k[0, 1], k[0, 2], k[1, 1], k[1, 2], k[2, 2]
        pz = uz[(s ^ 4) * LANES : (s ^ 4) * LANES + LANES]
        py = uy[(s ^ 2) * LANES : (s ^ 2) * LANES + LANES]
        px = ux[(s ^ 1) * LANES : (s ^ 1) * LANES + LANES]
        for i in range(LANES):
            z, y, x, e = pz[i], py[i], px[i], modulus[i]
            pz[i] = e * (zz * z + zy * y + zx * x)
            py[i] = e * (zy * z + yy * y + yx * x)
            px[i] = e * (zx * z + yx * y + xx * x)


@compiled()
def apply_elements(conn: Array, modulus: Array, blocks: Array, first: int, last: int, x: Array, y: Array) -> None:
    """Add the forces K x of elements first..last-1 to y.

    conn: (E, 8) int32 nodes of each element; modulus: (E,) float32; blocks: (8, 3, 3) of
    `material.split_element_matrix`, of the vectors' type; x, y: (3 N,) float32 or float64.
    """
    uz = np.zeros(8 * LANES, x.dtype)
    uy = np.zeros(8 * LANES, x.dtype)
    ux = np.zeros(8 * LANES, x.dtype)
    moduli = np.zeros(LANES, x.dtype)
    for start in range(first, last, LANES):
        n = min(LANES, last - start)
        for i in range(n):
            moduli[i] = modulus[start + i]
            for k in range(8):
                j = 3 * np.uint64(conn[start + i, k])
                uz[k * LANES + i] = x[j]
                uy[k * LANES + i] = x[j + np.uint64(1)]
                ux[k * LANES + i] = x[j + np.uint64(2)]
        _transform(uz)
        _transform(uy)
        _transform(ux)
        _multiply(uz, uy, ux, blocks, moduli)
        _transform(uz)
        _transform(uy)
        _transform(ux)
        for i in range(n):
            for k in range(8):
                j = 3 * np.uint64(conn[start + i, k])
                y[j] += uz[k * LANES + i]
                y[j + np.uint64(1)] += uy[k * LANES + i]
                y[j + np.uint64(2)] += ux[k * LANES + i]


@compiled()
def prolong_add(hanging: Hanging, first: int, last: int, coarse: Array, fine: Array) -> None:
    """Add to fine nodes first..last-1 the value of the coarse field at their places.

    hanging: owner (N,) int32 coarse element that holds the node; code (N,) uint8 its place 9 z + 3 y + x in half edges
    of that element; weights (27, 8) share of each corner at each place; conn (coarse E, 8).
    """
    owner, code, weights, conn = hanging
    for n in range(first, last):
        z, y, x = fine[3 * n], fine[3 * n + 1], fine[3 * n + 2]
        for k in range(8):
            w = weights[code[n], k]
            if w != 0:
                j = 3 * np.uint64(conn[owner[n], k])
                z += w * coarse[j]
                y += w * coarse[j + np.uint64(1)]
                x += w * coarse[j + np.uint64(2)]
        fine[3 * n], fine[3 * n + 1], fine[3 * n + 2] = z, y, x


@compiled()
def restrict_add(hanging: Hanging, first: int, last: int, fine: Array, coarse: Array) -> None:
    """Add to the coarse field the transpose of `prolong_add` for fine nodes first..last-1."""
    owner, code, weights, conn = hanging
    for n in range(first, last):
        z, y, x = fine[3 * n], fine[3 * n + 1], fine[3 * n + 2]
        for k in range(8):
            w = weights[code[n], k]
            if w != 0:
                j = 3 * np.uint64(conn[owner[n], k])
                coarse[j] += w * z
                coarse[j + np.uint64(1)] += w * y
                coarse[j + np.uint64(2)] += w * x


@compiled()
def smooth_step(keep: Any, gain: Any, fields: tuple[Array, ...], first: int, last: int) -> None:
    """One Chebyshev step in one pass: step = keep step + gain inverse (right - force); x += step.

    fields: inverse, right, force, step, x, each (3 N,); places first..last-1 are done.
    """
    inverse, right, force, step, x = fields
    for i in range(first, last):
        step[i] = keep * step[i] + gain * inverse[i] * (right[i] - force[i])
        x[i] += step[i]


@compiled()
def _find(root: Array, i: int) -> int:
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


@compiled()
def _join(root: Array, i: int, j: int) -> None:
    """Let i and j be of one set, named by its lowest member, so that the result knows no order."""
    i, j = _find(root, i), _find(root, j)
    if i < j:
        root[j] = i
    else:
        root[i] = j


@compiled()
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


@compiled()
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


@compiled()
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


@compiled()
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

"""The loops of the solver for the CPU, compiled by numba; `operators` holds the same in torch as their reference.

Vectors are flat: node n has its components z, y, x at 3 n, 3 n + 1, 3 n + 2. Elements lie in slabs of whole layers;
slabs of one colour share no node, so they are worked on at the same time and every sum has one order, whatever the
number of threads: the same input gives the same bits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.lanes import add_four, load_four
from modelling.engine.jit import compiled

Array = NDArray[Any]

LANES = 32
"""Elements worked on side by side: their 24 rows of 32 floats stay in the nearest cache."""


@compiled(fused=True)
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


@compiled(fused=True)
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


@compiled(fused=True)
def _gather(conn: Array, first: int, n: int, x: Array, uz: Array, uy: Array, ux: Array) -> None:
    """Put the displacements of elements first..first+n-1 into lanes."""
    fours = n - n % 4
    for i in range(0, fours, 4):
        e = first + i
        for k in range(8):
            a, b = 3 * np.uint64(conn[e, k]), 3 * np.uint64(conn[e + 1, k])
            c, d = 3 * np.uint64(conn[e + 2, k]), 3 * np.uint64(conn[e + 3, k])
            load_four(x, (a, b, c, d), uz, uy, ux, np.uint64(k * LANES + i))
    for i in range(fours, n):
        for k in range(8):
            j = 3 * np.uint64(conn[first + i, k])
            uz[k * LANES + i], uy[k * LANES + i], ux[k * LANES + i] = x[j], x[j + np.uint64(1)], x[j + np.uint64(2)]


@compiled(fused=True)
def _scatter(conn: Array, first: int, n: int, y: Array, fz: Array, fy: Array, fx: Array) -> None:
    """Add the forces of elements first..first+n-1, from lanes."""
    fours = n - n % 4
    for i in range(0, fours, 4):
        e = first + i
        for k in range(8):
            a, b = 3 * np.uint64(conn[e, k]), 3 * np.uint64(conn[e + 1, k])
            c, d = 3 * np.uint64(conn[e + 2, k]), 3 * np.uint64(conn[e + 3, k])
            add_four(y, (a, b, c, d), fz, fy, fx, np.uint64(k * LANES + i))
    for i in range(fours, n):
        for k in range(8):
            j = 3 * np.uint64(conn[first + i, k])
            y[j] += fz[k * LANES + i]
            y[j + np.uint64(1)] += fy[k * LANES + i]
            y[j + np.uint64(2)] += fx[k * LANES + i]


@compiled(fused=True)
def apply_elements(given: tuple[Array, ...], x: Array, y: Array, slabs: Array, first: int, step: int) -> None:
    """Add the forces K x of the elements in slabs first, first + step, ... to y.

    given: conn (E, 8) int32 nodes of each element; modulus (E,) float32; blocks (8, 3, 3) of
    `material.split_element_matrix`, of the vectors' type. x, y: (3 N,) float32 or float64. slabs: (S + 1,) bounds.
    """
    conn, modulus, blocks = given
    uz = np.zeros(8 * LANES, x.dtype)
    uy = np.zeros(8 * LANES, x.dtype)
    ux = np.zeros(8 * LANES, x.dtype)
    moduli = np.zeros(LANES, x.dtype)
    for slab in range(first, slabs.shape[0] - 1, step):
        for start in range(slabs[slab], slabs[slab + 1], LANES):
            n = min(LANES, slabs[slab + 1] - start)
            for i in range(n):
                moduli[i] = modulus[start + i]
            _gather(conn, start, n, x, uz, uy, ux)
            _transform(uz)
            _transform(uy)
            _transform(ux)
            _multiply(uz, uy, ux, blocks, moduli)
            _transform(uz)
            _transform(uy)
            _transform(ux)
            _scatter(conn, start, n, y, uz, uy, ux)


@compiled(fused=True)
def smooth_step(keep: Any, gain: Any, fields: tuple[Array, ...], first: int, last: int) -> None:
    """One Chebyshev step in one pass: step = keep step + gain inverse (right - force); x += step; force = 0.

    fields: inverse, right, force, step, x, each (3 N,); places first..last-1 are done.
    """
    inverse, right, force, step, x = fields
    for i in range(first, last):
        step[i] = keep * step[i] + gain * inverse[i] * (right[i] - force[i])
        x[i] += step[i]
        force[i] = 0

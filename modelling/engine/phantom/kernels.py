"""The compiled loops of the fine phantom: one voxel after another, what bone is in it. Pure.

`filling.put_bone` is the same geometry in plain numpy with averaged contents; a test holds one against the other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.jit import compiled

Arrays = tuple[NDArray[Any], ...]
Plane = NDArray[np.float32]


@compiled()
def fill_slice(
    shape: Arrays, pattern: Arrays, planes: Arrays, numbers: tuple[np.float32, ...], mineral: Plane, marrow: Plane
) -> None:  # pragma: no cover - compiled
    """Write one cross-section of one bone: mineral in g/cm3, and the share of a voxel that is inside the wall.

    shape: outline, flat, wall, each (angle,): mm, the cosine of `anatomy.flatness`, mm. pattern: field and other,
    (y, x of the period). planes: angle, reach, end, each (y, x): place in the outline's list, mm from its axis, mm
    inside the bone's end. numbers: corner mm, level, keep, mm a voxel, mineral of cortex and of trabecula in g/cm3:
    |field| < level and other < keep is bone. mineral, marrow: (y, x) float32, written.
    """
    outline, flat, wall = shape
    field, other = pattern
    angle, reach, end = planes
    size, level, keep, step, cortex, trabecula = numbers
    for i in range(mineral.shape[0]):
        row = i % field.shape[0]
        for j in range(mineral.shape[1]):
            mineral[i, j] = 0.0
            marrow[i, j] = 0.0
            a = angle[i, j]
            side = (outline[a] - reach[i, j]) * flat[a]
            low = min(side, end[i, j])
            if low < -step:
                continue
            one, two = max(size - side, np.float32(0)), max(size - end[i, j], np.float32(0))
            depth = max(size, low) - np.sqrt(one * one + two * two)
            whole = min(max(depth / step + np.float32(0.5), np.float32(0)), np.float32(1))
            if whole <= 0:
                continue
            core = min(max((depth - wall[a]) / step + np.float32(0.5), np.float32(0)), np.float32(1))
            mineral[i, j] = cortex * (whole - core)
            marrow[i, j] = core
            if core > 0:
                column = j % field.shape[1]
                if abs(field[row, column]) < level and other[row, column] < keep:
                    mineral[i, j] += trabecula * core


@compiled()
def drill(
    shell: NDArray[np.uint8], canals: NDArray[np.float32], wanted: int, voxel: np.float32
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Drill canals into a shell until `wanted` voxels are gone; return (how many are gone, canals used).

    shell: (z, y, x) uint8, 1 in the whole of the cortex, becomes 2 in a canal. canals: (n, 7) float32, begin z, y, x,
    then end z, y, x, then radius, all in mm from the first voxel's centre.
    """
    gone = 0
    for n in range(canals.shape[0]):
        if gone >= wanted:
            return gone, n
        z0, y0, x0, z1, y1, x1, radius = canals[n]
        first, last = max(0, int(np.ceil(z0 / voxel))), min(shell.shape[0] - 1, int(np.floor(z1 / voxel)))
        around = int(np.ceil(radius / voxel)) + 1
        for k in range(first, last + 1):
            share = (k * voxel - z0) / max(z1 - z0, np.float32(1e-6))
            y, x = y0 + share * (y1 - y0), x0 + share * (x1 - x0)
            row, column = round(y / voxel), round(x / voxel)
            for i in range(max(0, row - around), min(shell.shape[1], row + around + 1)):
                for j in range(max(0, column - around), min(shell.shape[2], column + around + 1)):
                    off = (i * voxel - y) ** 2 + (j * voxel - x) ** 2
                    if off <= radius * radius and shell[k, i, j] == 1:
                        shell[k, i, j] = 2
                        gone += 1
    return gone, canals.shape[0]

"""The surface of a drawn object: the voxel faces between inside and outside, and which way each looks (numba kernels).

A voxel is inside when its centre is. The middle of a face between an inner and an outer voxel is then an unbiased
guess of where the surface crosses the line between the two centres, whichever way the surface is turned.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.jit import compiled, n_range

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SMOOTH = np.array([1, 6, 15, 20, 15, 6, 1], np.int64)
_SLOPE = np.array([-1, -4, -5, 0, 5, 4, 1], np.int64)
"""Binomial smoothing and slope over seven voxels: whole numbers, so that symmetry leaves exactly zero."""


FACES = np.array([(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)], np.int64)
"""Where the inner voxel lies from the outer one, for each bit of `Border.faces`."""


@dataclass(frozen=True)
class Border:
    """The outer voxels that share a face with an object.

    index: (z, y, x) int32, row of the two tables; -1 elsewhere. normal: (n, 3) unit vectors (z, y, x) that point away
    from the object; zero where it lies evenly on both sides. faces: (n,) uint8, one bit for each shared face.
    """

    index: NDArray[np.int32]
    normal: Floats32
    faces: NDArray[np.uint8]


def find_border(inside: Mask) -> Border:
    """Return the outer border of an object (z, y, x)."""
    inside = np.ascontiguousarray(inside)
    counts = _count_border(inside)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    index = np.full(inside.shape, -1, np.int32)
    normal = np.zeros((int(first[-1]), 3), np.float32)
    faces = np.zeros(int(first[-1]), np.uint8)
    _fill_border(inside, first, index, normal, faces)
    return Border(index, normal, faces)


@compiled()
def _faces_at(inside: Mask, z: int, y: int, x: int) -> int:
    n_z, n_y, n_x = inside.shape
    bits = 0
    if z > 0 and inside[z - 1, y, x]:
        bits |= 1
    if z < n_z - 1 and inside[z + 1, y, x]:
        bits |= 2
    if y > 0 and inside[z, y - 1, x]:
        bits |= 4
    if y < n_y - 1 and inside[z, y + 1, x]:
        bits |= 8
    if x > 0 and inside[z, y, x - 1]:
        bits |= 16
    if x < n_x - 1 and inside[z, y, x + 1]:
        bits |= 32
    return bits


@compiled(parallel=True)
def _count_border(inside: Mask) -> NDArray[np.int64]:
    n_z, n_y, n_x = inside.shape
    counts = np.zeros(n_z, np.int64)
    for z in n_range(n_z):
        n = 0
        for y in range(n_y):
            for x in range(n_x):
                if not inside[z, y, x] and _faces_at(inside, z, y, x):
                    n += 1
        counts[z] = n
    return counts


@compiled(parallel=True)
def _fill_border(
    inside: Mask, first: NDArray[np.int64], index: NDArray[np.int32], normal: Floats32, faces: NDArray[np.uint8]
) -> None:
    n_z, n_y, n_x = inside.shape
    for z in n_range(n_z):
        row = first[z]
        for y in range(n_y):
            for x in range(n_x):
                bits = 0 if inside[z, y, x] else _faces_at(inside, z, y, x)
                if bits:
                    index[z, y, x] = row
                    faces[row] = bits
                    _turn_away(inside, z, y, x, normal[row])
                    row += 1


@compiled()
def _mid(place: int, n: int) -> int:
    """Return the middle of the seven voxels that are nearest to a place and inside the volume."""
    inner = max(np.int64(place), np.int64(3))
    return min(inner, max(n - 4, 0))  # type: ignore[return-value]


@compiled()
def _turn_away(inside: Mask, z: int, y: int, x: int, normal: Floats32) -> None:
    """Set the normal, against the slope of the smoothed object; beside a face of the volume, of the nearest window."""
    n_z, n_y, n_x = inside.shape
    mid_z, mid_y, mid_x = _mid(z, n_z), _mid(y, n_y), _mid(x, n_x)
    slope_z, slope_y, slope_x = 0, 0, 0
    for k in range(7):
        for j in range(7):
            for i in range(7):
                at_z = min(max(mid_z + k - 3, 0), n_z - 1)
                at_y = min(max(mid_y + j - 3, 0), n_y - 1)
                at_x = min(max(mid_x + i - 3, 0), n_x - 1)
                if inside[at_z, at_y, at_x]:
                    slope_z += _SLOPE[k] * _SMOOTH[j] * _SMOOTH[i]
                    slope_y += _SMOOTH[k] * _SLOPE[j] * _SMOOTH[i]
                    slope_x += _SMOOTH[k] * _SMOOTH[j] * _SLOPE[i]
    length = np.sqrt(float(slope_z * slope_z + slope_y * slope_y + slope_x * slope_x))
    if length > 0:
        normal[0] = -slope_z / length
        normal[1] = -slope_y / length
        normal[2] = -slope_x / length

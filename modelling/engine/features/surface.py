"""The surface of a drawn object: the voxel faces between inside and outside, and which way each looks (numba kernels).

A voxel is inside when its centre is. The middle of a face between an inner and an outer voxel is then an unbiased
guess of where the surface crosses the line between the two centres, whichever way the surface is turned.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.jit import compiled, n_range

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SMOOTH = np.array([1, 6, 15, 20, 15, 6, 1], np.int64)
_SLOPE = np.array([-1, -4, -5, 0, 5, 4, 1], np.int64)
"""Binomial smoothing and slope over seven voxels: whole numbers, so that symmetry leaves exactly zero."""

_SIDES = np.array([(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)], np.int64)


@dataclass(frozen=True)
class Border:
    """The n voxel faces between an object and its outside, in the order (z, y, x) of their outer voxels.

    before: (z, y, x + 1) int32, how many faces come before those of an outer voxel; the last column ends the row.
    faces: (n, 7) float32, of each face: its middle (z, y, x) in voxels; its normal (z, y, x), of length one, away from
    the object; its weight, how squarely it looks along the normal, 0 where it looks against it.
    """

    before: NDArray[np.int32]
    faces: Floats32


def find_border(inside: Mask) -> Border:
    """Return the faces between an object (z, y, x) and its outside."""
    inside = np.ascontiguousarray(inside)
    begins = np.concatenate([[0], np.cumsum(_count_faces(inside))]).astype(np.int64)
    n, (n_z, n_y, n_x) = int(begins[-1]), inside.shape
    before = np.empty((n_z, n_y, n_x + 1), np.int32)
    faces = np.empty((n, 7), np.float32)
    _fill_faces(inside, begins, before, faces)
    return Border(before, faces)


@compiled()
def _is_inside(inside: Mask, z: int, y: int, x: int) -> bool:
    n_z, n_y, n_x = inside.shape
    return 0 <= z < n_z and 0 <= y < n_y and 0 <= x < n_x and bool(inside[z, y, x])


@compiled(parallel=True)
def _count_faces(inside: Mask) -> NDArray[np.int64]:
    """Return how many faces the outer voxels of each layer have."""
    n_z, n_y, n_x = inside.shape
    counts = np.zeros(n_z, np.int64)
    for z in n_range(n_z):
        n = 0
        for y in range(n_y):
            for x in range(n_x):
                if not inside[z, y, x]:
                    for side in _SIDES:
                        n += _is_inside(inside, z + side[0], y + side[1], x + side[2])
        counts[z] = n
    return counts


@compiled(parallel=True)
def _fill_faces(inside: Mask, begins: NDArray[np.int64], before: NDArray[np.int32], faces: Floats32) -> None:
    n_z, n_y, n_x = inside.shape
    for z in n_range(n_z):
        n = begins[z]
        away = np.zeros(3, np.float32)
        for y in range(n_y):
            for x in range(n_x):
                before[z, y, x] = n
                if inside[z, y, x]:
                    continue
                first = n
                for side in _SIDES:
                    if not _is_inside(inside, z + side[0], y + side[1], x + side[2]):
                        continue
                    if n == first:
                        _turn_away(inside, z, y, x, away)
                    faces[n, 0], faces[n, 1] = z + 0.5 * side[0], y + 0.5 * side[1]
                    faces[n, 2] = x + 0.5 * side[2]
                    faces[n, 6] = _look(side, away, faces[n, 3:6])
                    n += 1
            before[z, y, n_x] = n


@compiled()
def _look(side: NDArray[np.int64], away: Floats32, normal: Floats32) -> float:
    """Set the normal of a face and return its weight. A wall of one voxel has none: each face looks its own way."""
    if away[0] == 0 and away[1] == 0 and away[2] == 0:
        normal[:] = -side
        return 1.0
    normal[:] = away
    return max(-(side[0] * away[0] + side[1] * away[1] + side[2] * away[2]), 0.0)  # type: ignore[no-any-return]


@compiled()
def _mid(place: int, n: int) -> int:
    """Return the middle of the seven voxels that are nearest to a place and inside the volume."""
    inner = max(np.int64(place), np.int64(3))
    return min(inner, max(n - 4, 0))  # type: ignore[return-value]


@compiled()
def _turn_away(inside: Mask, z: int, y: int, x: int, normal: Floats32) -> None:
    """Set the normal, against the slope of the smoothed object; zero without a slope.

    Beside a face of the volume it is that of the nearest window.
    """
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
    length = max(np.sqrt(float(slope_z * slope_z + slope_y * slope_y + slope_x * slope_x)), 1.0)
    normal[0] = -slope_z / length
    normal[1] = -slope_y / length
    normal[2] = -slope_x / length

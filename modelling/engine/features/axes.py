"""The mid-axes of an object: ridges of the distance to its surface (numba kernels)."""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.distance import distance_to_seeds
from modelling.engine.jit import compiled, n_range

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEVEL = 0.2
_LEVEL_COARSE = 0.6
"""Slope of the distance over a voxel to each side below which a point is on the axis; beside it the slope is 1. On the
grid of voxels an even width has no middle: there both layers beside it, of slope one half, are the axis."""
_RISE = 0.95
"""A point is beside the axis where the distance rises so much, for each voxel of way, towards a neighbour."""


def find_axes(inside: Mask, fine: int) -> Mask:
    """Return the mid-axes of an object (z, y, x) on the fine grid; they have no thickness of their own.

    On the grid of half voxels the distance is that to the voxel faces, so the middle of an even width is a point of the
    grid; on the grid of voxels it is that to the outer centres. Where the ball about a point sticks out of the volume,
    the object may go on unseen and its middle be elsewhere: there is no axis.
    """
    if fine == 2:
        distance = distance_to_seeds(_spread_to_faces(~inside), 1)
        distance *= np.float32(0.5)
        return _mark(distance, fine, fine, 0.0)
    return _mark(distance_to_seeds(~inside, 1), fine, 1, 0.5)


@compiled(parallel=True)
def _spread_to_faces(outside: Mask) -> Mask:
    """Return the points of the half grid that lie in an outer voxel or on its faces."""
    n_z, n_y, n_x = outside.shape
    found = np.zeros((2 * n_z - 1, 2 * n_y - 1, 2 * n_x - 1), np.bool_)
    for k in n_range(found.shape[0]):
        for z in range(k // 2, (k + 1) // 2 + 1):
            for y in range(n_y):
                for x in range(n_x):
                    if outside[z, y, x]:
                        for j in range(max(2 * y - 1, 0), min(2 * y + 2, found.shape[1])):
                            for i in range(max(2 * x - 1, 0), min(2 * x + 2, found.shape[2])):
                                found[k, j, i] = True
    return found


@compiled(parallel=True)
def _mark(distance: Floats32, fine: int, arm: int, inset: float) -> Mask:
    """Mark the points of a ridge. arm: grid points to each side over which the slope is taken."""
    n_z, n_y, n_x = distance.shape
    found = np.zeros(distance.shape, np.bool_)
    level = ((_LEVEL if fine == 2 else _LEVEL_COARSE) * 2.0 * arm / fine) ** 2
    for z in n_range(n_z):
        for y in range(n_y):
            for x in range(n_x):
                here = distance[z, y, x]
                if here <= 0.0 or here == np.inf:
                    continue
                far = (here - inset) * fine - 0.5 * fine - 1e-3
                if min(z, y, x, n_z - 1 - z, n_y - 1 - y, n_x - 1 - x) < far:
                    continue
                slope = (
                    _rise(distance[max(z - arm, 0), y, x], distance[min(z + arm, n_z - 1), y, x])
                    + _rise(distance[z, max(y - arm, 0), x], distance[z, min(y + arm, n_y - 1), x])
                    + _rise(distance[z, y, max(x - arm, 0)], distance[z, y, min(x + arm, n_x - 1)])
                )
                if slope < level:
                    found[z, y, x] = not _rises(distance, z, y, x, here, fine)
    return found


@compiled()
def _rise(one: float, other: float) -> float:
    return (other - one) * (other - one)


@compiled()
def _rises(distance: Floats32, z: int, y: int, x: int, here: float, fine: int) -> bool:
    n_z, n_y, n_x = distance.shape
    for k in range(max(z - 1, 0), min(z + 2, n_z)):
        for j in range(max(y - 1, 0), min(y + 2, n_y)):
            for i in range(max(x - 1, 0), min(x + 2, n_x)):
                way = np.sqrt(float((k - z) ** 2 + (j - y) ** 2 + (i - x) ** 2)) / fine
                if way > 0 and distance[k, j, i] - here >= _RISE * way:
                    return True
    return False

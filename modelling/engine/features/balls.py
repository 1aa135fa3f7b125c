"""The largest balls that fit into an object, and which of them covers each voxel (numba kernels).

Lengths are in voxels. A ball's `reach` is the distance of its centre to the nearest outer voxel's centre: what it
covers. Its `radius` is where the surface lies (`surface.py`): what it measures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.jit import compiled, n_range
from modelling.engine.features.surface import FACES, Border

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SHELL = 1.25
"""Voxels beyond a ball's reach within which the surface around it is looked at."""
_OFF = 0.25
"""Voxels by which a radius may be more than the reach: a centre is that far beside the true middle."""
_TILT = 0.75
"""How far beside the face's normal a ball may touch it: as far as a plane rises this many voxels out of the ball."""
_LEAST = 0.999
"""Voxels: no inner voxel's centre is nearer to an outer one's; points between outer voxels are."""
_SLABS = 32


@dataclass(frozen=True)
class Balls:
    """Balls. centre: (n, 3) int32 on the fine grid. reach, radius: (n,) float32 in voxels. fine: its points a voxel."""

    centre: NDArray[np.int32]
    reach: Floats32
    radius: Floats32
    fine: int


def find_centres(distance: Floats32, fine: int, slack: float, least: float) -> NDArray[np.int32]:
    """Return the grid points (n, 3) whose ball no neighbour's ball holds.

    distance: fine grid, in voxels; 0 or infinite where no ball is. slack: voxels by which a ball may stick out of the
    neighbour's that replaces it. least: voxels, the smallest ball that is one.
    """
    step = np.sqrt(np.arange(4.0)) / fine - slack
    counts = _mark_centres(distance, step, least, np.zeros((0, 3), np.int32), np.zeros(0, np.int64))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    centre = np.empty((int(first[-1]), 3), np.int32)
    _mark_centres(distance, step, least, centre, first)
    return centre


@compiled(parallel=True)
def _mark_centres(
    distance: Floats32, step: NDArray[np.float64], least: float, centre: NDArray[np.int32], first: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count the centres of each layer; where `first` is given, write them as well."""
    n_z, n_y, n_x = distance.shape
    counts = np.zeros(n_z, np.int64)
    for z in n_range(n_z):
        n = 0
        for y in range(n_y):
            for x in range(n_x):
                here = distance[z, y, x]
                if here < least or here == np.inf or _is_held(distance, z, y, x, here, step):
                    continue
                if first.size:
                    centre[first[z] + n, 0], centre[first[z] + n, 1], centre[first[z] + n, 2] = z, y, x
                n += 1
        counts[z] = n
    return counts


@compiled()
def _is_held(distance: Floats32, z: int, y: int, x: int, here: float, step: NDArray[np.float64]) -> bool:
    n_z, n_y, n_x = distance.shape
    for k in range(max(z - 1, 0), min(z + 2, n_z)):
        for j in range(max(y - 1, 0), min(y + 2, n_y)):
            for i in range(max(x - 1, 0), min(x + 2, n_x)):
                there = distance[k, j, i]
                if there > here and there >= here + step[abs(k - z) + abs(j - y) + abs(i - x)]:
                    return True
    return False


@compiled(parallel=True)
def fit_radii(
    centre: NDArray[np.int32],
    reach: Floats32,
    fine: int,
    index: NDArray[np.int32],
    normal: Floats32,
    faces: NDArray[np.uint8],
) -> Floats32:
    """Return the radius of each ball: the mean distance, along their normals, of the voxel faces that it touches.

    It touches a face that looks away from its centre, nearly along the line from it. A mean over all sides, so a
    centre that lies a little beside the middle measures the same. Half a voxel less than the reach without any face.
    """
    found = np.empty(reach.size, np.float32)
    for n in n_range(reach.size):
        z, y, x = centre[n, 0] / fine, centre[n, 1] / fine, centre[n, 2] / fine
        total, count = _sum_heights(z, y, x, reach[n], index, normal, faces)
        found[n] = min(total / count, reach[n] + _OFF) if count > 0 else reach[n] - 0.5
    return found


@compiled()
def _sum_heights(
    z: float, y: float, x: float, far: float, index: NDArray[np.int32], normal: Floats32, faces: NDArray[np.uint8]
) -> tuple[float, float]:
    n_z, n_y, n_x = index.shape
    total, count = 0.0, 0.0
    wide = far + _SHELL
    most = (far + _TILT) ** 2 - far * far
    for k in range(max(int(np.ceil(z - wide)), 0), min(int(z + wide) + 1, n_z)):
        left_z = wide * wide - (k - z) ** 2
        half = np.sqrt(max(left_z, 0.0))
        for j in range(max(int(np.ceil(y - half)), 0), min(int(y + half) + 1, n_y)):
            half_x = np.sqrt(max(left_z - (j - y) ** 2, 0.0))
            hollow = far * far - (k - z) ** 2 - (j - y) ** 2
            hole = np.sqrt(hollow) - 1e-3 if hollow > 1e-6 else -1.0
            i = max(int(np.ceil(x - half_x)), 0)
            last = min(int(x + half_x), n_x - 1)
            while i <= last:
                if hole > abs(i - x):
                    i = int(np.ceil(x + hole))
                    continue
                row = index[k, j, i]
                if row >= 0:
                    for face in range(6):
                        if faces[row] >> face & 1:
                            dz = k + 0.5 * FACES[face, 0] - z
                            dy = j + 0.5 * FACES[face, 1] - y
                            dx = i + 0.5 * FACES[face, 2] - x
                            nz, ny, nx = normal[row, 0], normal[row, 1], normal[row, 2]
                            if nz == 0 and ny == 0 and nx == 0:
                                # A wall of one voxel: each of its faces looks its own way.
                                nz, ny, nx = -FACES[face, 0], -FACES[face, 1], -FACES[face, 2]
                            height = dz * nz + dy * ny + dx * nx
                            share = -(FACES[face, 0] * nz + FACES[face, 1] * ny + FACES[face, 2] * nx)
                            beside = dz * dz + dy * dy + dx * dx - height * height
                            if height >= 0 and beside <= most and share > 0:
                                total += share * height
                                count += share
                i += 1
    return total, count


def make_balls(distance: Floats32, border: Border | None, fine: int, slack: float) -> Balls:
    """Return the balls of an object by the distance of each point to the nearest outer centre.

    With a border, each radius is fitted to the surface. Without, it is half a voxel less than the reach.
    """
    centre = find_centres(distance, fine, slack, _LEAST)
    reach = distance[centre[:, 0], centre[:, 1], centre[:, 2]]
    if border is None:
        return Balls(centre, reach, reach - np.float32(0.5), fine)
    radius = fit_radii(centre, reach, fine, border.index, border.normal, border.faces)
    return Balls(centre, reach, radius, fine)


def paint(balls: Balls, shape: tuple[int, int, int]) -> Floats32:
    """Return for each voxel (z, y, x) the diameter of the largest ball over its centre, in voxels; 0 under none.

    Negative where that ball sticks out of the volume: what it would meet there was not seen.
    """
    whole = _is_whole(balls, shape)
    # Of balls of one size those that were seen whole come first.
    order = np.argsort(-(balls.radius.astype(np.float64) + 1e-7 * whole), kind="stable")
    signed = np.where(whole, balls.radius, -balls.radius).astype(np.float32)[order] * np.float32(2)
    return _paint(balls.centre[order], balls.reach[order], signed, balls.fine, *shape)


def _is_whole(balls: Balls, shape: tuple[int, int, int]) -> Mask:
    whole = np.ones(balls.radius.size, np.bool_)
    for axis in range(3):
        place = balls.centre[:, axis] / balls.fine
        whole &= (place - balls.radius >= -0.5 - 1e-4) & (place + balls.radius <= shape[axis] - 0.5 + 1e-4)
    return whole


@compiled(parallel=True)
def _paint(
    centre: NDArray[np.int32], reach: Floats32, value: Floats32, fine: int, n_z: int, n_y: int, n_x: int
) -> Floats32:
    """Paint the balls in the order given; each voxel keeps its first colour."""
    found = np.zeros((n_z, n_y, n_x), np.float32)
    # free[z, y, x]: a voxel at or after x of that row before which none is free.
    free = np.empty((n_z, n_y, n_x + 1), np.int16)
    for slab in n_range(_SLABS):
        begin, end = slab * n_z // _SLABS, (slab + 1) * n_z // _SLABS
        for k in range(begin, end):
            for j in range(n_y):
                for i in range(n_x + 1):
                    free[k, j, i] = i
        for n in range(reach.size):
            z, far = centre[n, 0] / fine, reach[n]
            if z + far <= begin or z - far > end - 1:
                continue
            place = (z, centre[n, 1] / fine, centre[n, 2] / fine)
            _paint_one(place, far, value[n], (begin, end), free, found)
    return found


@compiled()
def _paint_one(
    place: tuple[float, float, float],
    far: float,
    value: float,
    slab: tuple[int, int],
    free: NDArray[np.int16],
    found: Floats32,
) -> None:
    z, y, x = place
    begin, end = slab
    n_y, n_x = found.shape[1], found.shape[2]
    square = far * far - 1e-4
    for k in range(max(int(np.ceil(z - far)), begin), min(int(z + far) + 1, end)):
        left_z = square - (k - z) ** 2
        if left_z < 0:
            continue
        half = np.sqrt(left_z)
        for j in range(max(int(np.ceil(y - half)), 0), min(int(y + half) + 1, n_y)):
            left = left_z - (j - y) ** 2
            if left < 0:
                continue
            half_x = np.sqrt(left)
            row = free[k, j]
            last = min(int(x + half_x), n_x - 1)
            i = _next_free(row, max(int(np.ceil(x - half_x)), 0))
            while i <= last:
                found[k, j, i] = value
                row[i] = i + 1
                i = _next_free(row, i + 1)


@compiled()
def _next_free(row: NDArray[np.int16], i: int) -> int:
    while row[i] != i:
        row[i] = row[row[i]]
        i = row[i]
    return i

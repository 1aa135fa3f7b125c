"""The largest balls that fit into an object (numba kernels).

Lengths are in voxels. A ball's `reach` is the distance of its centre to the nearest outer voxel's centre: what it
covers. Its `radius` is where the surface lies (`surface.py`): what it measures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.surface import Border
from modelling.engine.jit import compiled, n_range

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SHELL = 1.25
"""Voxels beyond a ball's reach within which the surface around it is looked at."""
CHUNK = 256
"""Balls that one thread takes at a time."""
OVER = 0.25
"""Voxels by which a radius may be more than the reach: a centre is that far beside the true middle."""
_TILT = 0.75
"""How far beside the face's normal a ball may touch it: as far as a plane rises this many voxels out of the ball."""
LEAST = 0.999
"""Voxels: no inner voxel's centre is nearer to an outer one's; points between outer voxels are."""


@dataclass(frozen=True)
class Balls:
    """Balls. centre: (n, 3) int32 on the fine grid. reach: (n,) float32 in voxels. fine: points of the grid a voxel."""

    centre: NDArray[np.int32]
    reach: Floats32
    fine: int


def find_balls(distance: Floats32, fine: int, slack: float, least: float = LEAST) -> Balls:
    """Return the balls about grid points that no neighbour's ball holds.

    distance: fine grid, in voxels; 0 or infinite where no ball is. slack: voxels by which a ball may stick out of the
    neighbour's that replaces it. least: voxels, the smallest ball that is one.
    """
    step = (np.sqrt(np.arange(4.0)) / fine - slack).astype(np.float32)
    is_centre = _mark_centres(distance, step, least)
    begins = np.cumsum([0, *map(np.count_nonzero, is_centre)])
    centre, reach = np.empty((begins[-1], 3), np.int32), np.empty(begins[-1], np.float32)
    _list_centres(is_centre, distance, begins, centre, reach)
    return Balls(centre, reach, fine)


@compiled(parallel=True)
def _mark_centres(distance: Floats32, step: Floats32, least: float) -> Mask:
    n_z, n_y, n_x = distance.shape
    found = np.zeros(distance.shape, np.bool_)
    for z in n_range(n_z):
        needed, rows = np.empty(n_x, np.float32), np.empty((2, n_x), np.float32)
        for y in range(n_y):
            row = distance[z, y]
            if row.max() < least:
                continue
            _find_needed(distance, z, y, step, needed, rows[0], rows[1])
            for x in range(n_x):
                found[z, y, x] = needed[x] < row[x] and row[x] >= least and row[x] < np.inf
    return found


@compiled()
def _find_needed(
    distance: Floats32, z: int, y: int, step: Floats32, needed: Floats32, plain: Floats32, beside: Floats32
) -> None:
    """Set for each point of a row the distance that a ball must pass to be held by none of its neighbours.

    Neighbours' rows are taken together by how many of their two places differ: `plain` is the largest distance at the
    same x, `beside` that one step along x.
    """
    n_z, n_y, n_x = distance.shape
    needed[:] = -np.inf
    for away in range(3):
        plain[:] = -np.inf
        for k in range(max(z - 1, 0), min(z + 2, n_z)):
            for j in range(max(y - 1, 0), min(y + 2, n_y)):
                if abs(k - z) + abs(j - y) == away:
                    row = distance[k, j]
                    for x in range(n_x):
                        plain[x] = row[x] if row[x] > plain[x] else plain[x]
        beside[:] = -np.inf
        for x in range(1, n_x):
            beside[x] = plain[x - 1]
        for x in range(n_x - 1):
            beside[x] = plain[x + 1] if plain[x + 1] > beside[x] else beside[x]
        for x in range(n_x):
            one = beside[x] - step[away + 1]
            needed[x] = one if one > needed[x] else needed[x]
            if away > 0:
                other = plain[x] - step[away]
                needed[x] = other if other > needed[x] else needed[x]


@compiled(parallel=True)
def _list_centres(
    is_centre: Mask, distance: Floats32, begins: NDArray[np.int64], centre: NDArray[np.int32], reach: Floats32
) -> None:
    for z in n_range(is_centre.shape[0]):
        n = begins[z]
        for y in range(is_centre.shape[1]):
            for x in range(is_centre.shape[2]):
                if is_centre[z, y, x]:
                    centre[n, 0], centre[n, 1], centre[n, 2] = z, y, x
                    reach[n] = distance[z, y, x]
                    n += 1


def fit_radii(balls: Balls, border: Border) -> Floats32:
    """Return the radius of each ball: the mean distance, along their normals, of the voxel faces that it touches.

    It touches a face that looks away from its centre, nearly along the line from it. A mean over all sides, so a
    centre that lies a little beside the middle measures the same. Half a voxel less than the reach without any face,
    and never more than the reach by OVER. Quickest where balls that are alike come together.
    """
    if not balls.reach.size:
        return np.zeros(0, np.float32)
    return _fit(balls.centre, balls.reach, balls.fine, border.before, border.faces)


@compiled(parallel=True)
def _fit(
    centre: NDArray[np.int32],
    reach: Floats32,
    fine: int,
    before: NDArray[np.int32],
    faces: Floats32,
) -> Floats32:
    found = np.empty(reach.size, np.float32)
    for chunk in n_range((reach.size + CHUNK - 1) // CHUNK):
        for n in range(chunk * CHUNK, min((chunk + 1) * CHUNK, reach.size)):
            place = (centre[n, 0] / fine, centre[n, 1] / fine, centre[n, 2] / fine)
            total, count = _sum_heights(place, reach[n], before, faces)
            found[n] = min(total / count, reach[n] + OVER) if count > 0 else reach[n] - 0.5
    return found


@compiled()
def _sum_heights(
    place: tuple[float, float, float], reach: float, before: NDArray[np.int32], faces: Floats32
) -> tuple[float, float]:
    """Return the sum of the weighed heights of the faces that a ball touches, and that of the weights.

    No outer voxel is nearer than the reach, so that the ball itself holds no face of its rows.
    """
    n_z, n_y, n_x = before.shape[0], before.shape[1], before.shape[2] - 1
    z, y, x = place
    far, total, count = reach + _SHELL, 0.0, 0.0
    most = (reach + _TILT) ** 2 - reach * reach
    for k in range(max(int(np.ceil(z - far)), 0), min(int(np.floor(z + far)) + 1, n_z)):
        for j in range(max(int(np.ceil(y - far)), 0), min(int(np.floor(y + far)) + 1, n_y)):
            left = far * far - (k - z) ** 2 - (j - y) ** 2
            if left < 0:
                continue
            half = np.sqrt(left)
            first, last = max(int(np.ceil(x - half)), 0), min(int(np.floor(x + half)), n_x - 1)
            if first > last:
                continue
            for n in range(before[k, j, first], before[k, j, last + 1]):
                face = faces[n]
                dz, dy, dx = face[0] - z, face[1] - y, face[2] - x
                height = dz * face[3] + dy * face[4] + dx * face[5]
                if height >= 0 and dz * dz + dy * dy + dx * dx - height * height <= most:
                    total += face[6] * height
                    count += face[6]
    return total, count

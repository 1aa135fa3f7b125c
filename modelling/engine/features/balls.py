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
    centre = np.argwhere(_mark_centres(distance, step, least)).astype(np.int32)
    return Balls(centre, distance[centre[:, 0], centre[:, 1], centre[:, 2]], fine)


@compiled(parallel=True)
def _mark_centres(distance: Floats32, step: Floats32, least: float) -> Mask:
    n_z, n_y, n_x = distance.shape
    found = np.zeros(distance.shape, np.bool_)
    for z in n_range(n_z):
        needed = np.empty(n_x, np.float32)
        for y in range(n_y):
            _find_needed(distance, z, y, step, needed)
            row = distance[z, y]
            for x in range(n_x):
                found[z, y, x] = needed[x] < row[x] and row[x] >= least and row[x] < np.inf
    return found


@compiled()
def _find_needed(distance: Floats32, z: int, y: int, step: Floats32, needed: Floats32) -> None:
    """Set for each point of a row the distance that a ball must pass to be held by none of its neighbours."""
    n_z, n_y, n_x = distance.shape
    needed[:] = -np.inf
    for k in range(max(z - 1, 0), min(z + 2, n_z)):
        for j in range(max(y - 1, 0), min(y + 2, n_y)):
            row, away = distance[k, j], abs(k - z) + abs(j - y)
            if away > 0:
                for x in range(n_x):
                    needed[x] = max(needed[x], row[x] - step[away])
            for x in range(1, n_x):
                needed[x] = max(needed[x], row[x - 1] - step[away + 1])
            for x in range(n_x - 1):
                needed[x] = max(needed[x], row[x + 1] - step[away + 1])


def fit_radii(balls: Balls, border: Border) -> Floats32:
    """Return the radius of each ball: the mean distance, along their normals, of the voxel faces that it touches.

    It touches a face that looks away from its centre, nearly along the line from it. A mean over all sides, so a
    centre that lies a little beside the middle measures the same. Half a voxel less than the reach without any face,
    and never more than the reach by OVER. Quickest where balls that are alike come together.
    """
    if not balls.reach.size:
        return np.zeros(0, np.float32)
    return _fit(balls.centre, balls.reach, balls.fine, border.before, border.faces)


@compiled()
def is_alike(one: NDArray[np.int32], other: NDArray[np.int32], fine: int) -> bool:
    """Tell whether two centres lie alike between voxels."""
    return (  # type: ignore[no-any-return]
        one[0] % fine == other[0] % fine and one[1] % fine == other[1] % fine and one[2] % fine == other[2] % fine
    )


@compiled()
def list_rows(one: NDArray[np.int32], square: float, fine: int, rows: NDArray[np.int32]) -> int:
    """Write the rows of voxels (z, y, first x, last x) within the root of `square`, from the voxel of a centre on.

    Returns how many. Balls of one reach that lie alike between voxels have the same rows.
    """
    z, y, x = (one[0] % fine) / fine, (one[1] % fine) / fine, (one[2] % fine) / fine
    far = np.sqrt(max(square, 0.0))
    n = 0
    for k in range(int(np.ceil(z - far)), int(np.floor(z + far)) + 1):
        for j in range(int(np.ceil(y - far)), int(np.floor(y + far)) + 1):
            left = square - (k - z) ** 2 - (j - y) ** 2
            if left < 0:
                continue
            half = np.sqrt(left)
            first, last = int(np.ceil(x - half)), int(np.floor(x + half))
            if first <= last:
                rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = k, j, first, last
                n += 1
    return n


@compiled(parallel=True)
def _fit(
    centre: NDArray[np.int32],
    reach: Floats32,
    fine: int,
    before: NDArray[np.int32],
    faces: Floats32,
) -> Floats32:
    found = np.empty(reach.size, np.float32)
    across = int(2 * (reach.max() + _SHELL)) + 3
    for chunk in n_range((reach.size + CHUNK - 1) // CHUNK):
        rows = np.empty((across * across, 4), np.int32)
        n_rows = 0
        begin = chunk * CHUNK
        for n in range(begin, min(begin + CHUNK, reach.size)):
            if n == begin or reach[n] != reach[n - 1] or not is_alike(centre[n], centre[n - 1], fine):
                n_rows = list_rows(centre[n], (reach[n] + _SHELL) ** 2, fine, rows)
            total, count = _sum_heights(centre[n], fine, reach[n], rows[:n_rows], before, faces)
            found[n] = min(total / count, reach[n] + OVER) if count > 0 else reach[n] - 0.5
    return found


@compiled()
def _sum_heights(
    centre: NDArray[np.int32],
    fine: int,
    far: float,
    rows: NDArray[np.int32],
    before: NDArray[np.int32],
    faces: Floats32,
) -> tuple[float, float]:
    """Return the sum of the weighed heights of the faces that a ball touches, and that of the weights.

    No outer voxel is nearer than the reach, so that the ball itself holds no face of its rows.
    """
    n_z, n_y, n_x = before.shape[0], before.shape[1], before.shape[2] - 1
    z, y, x = centre[0] / fine, centre[1] / fine, centre[2] / fine
    at_z, at_y, at_x = centre[0] // fine, centre[1] // fine, centre[2] // fine
    total, count = 0.0, 0.0
    most = (far + _TILT) ** 2 - far * far
    for n in range(rows.shape[0]):
        k, j = at_z + rows[n, 0], at_y + rows[n, 1]
        first, last = max(at_x + rows[n, 2], 0), min(at_x + rows[n, 3], n_x - 1)
        if k < 0 or k >= n_z or j < 0 or j >= n_y or first > last:
            continue
        for n_face in range(before[k, j, first], before[k, j, last + 1]):
            face = faces[n_face]
            dz, dy, dx = face[0] - z, face[1] - y, face[2] - x
            height = dz * face[3] + dy * face[4] + dx * face[5]
            if height >= 0 and dz * dz + dy * dy + dx * dx - height * height <= most:
                total += face[6] * height
                count += face[6]
    return total, count

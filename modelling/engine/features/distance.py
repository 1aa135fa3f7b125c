"""Exact distance to the nearest seed, on the grid of a volume or on one twice as fine (numba kernels).

Separable: along x by two scans, along y and z by the lower envelope of parabolas (Felzenszwalb & Huttenlocher, Theory
of Computing 8:415, 2012). Each pass looks at the seeds of the coarse grid alone and writes the fine one.
"""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.jit import compiled, n_range

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
Steps = tuple[float, float, float]

FAR = np.float32(1e12)
"""Squared distance where a line has no seed at all."""
_LANES = 16
"""Neighbouring columns taken together, so that a strided pass reads whole cache lines."""


def distance_to_seeds(seeds: Mask, fine: int, steps: Steps = (1.0, 1.0, 1.0)) -> Floats32:
    """Return the distance of each grid point to the nearest seed; infinite where there is no seed.

    seeds: (z, y, x) bool. fine: 1 for the voxel centres, 2 for the points halfway between them as well.
    steps: (z, y, x) size of a voxel in the unit of the answer. What lies outside the volume is no seed.
    Returns float32 ((z - 1) * fine + 1, ...): point i lies at voxel i / fine.
    """
    inner = _scan_x(np.ascontiguousarray(seeds), fine, np.float32((steps[2] / fine) ** 2))
    inner = _envelope(inner, fine, (steps[1] / fine) ** 2)
    # The last pass runs over z: seen from the side, it is the same pass.
    lying = inner.reshape(1, inner.shape[0], -1)
    found = _envelope(lying, fine, (steps[0] / fine) ** 2)
    _take_root(found.reshape(-1))
    return found.reshape(-1, inner.shape[1], inner.shape[2])


def distance_in_slices(seeds: Mask) -> Floats32:
    """Return the distance of each voxel (z, y, x) to the nearest seed of its own slice, in voxels; infinite in a slice
    that has none."""
    found = _envelope(_scan_x(np.ascontiguousarray(seeds), 1, np.float32(1.0)), 1, 1.0)
    _take_root(found.reshape(-1))
    return found


@compiled(parallel=True)
def _scan_x(seeds: Mask, fine: int, weight: np.float32) -> Floats32:
    n_z, n_y, n_x = seeds.shape
    width = (n_x - 1) * fine + 1
    found = np.empty((n_z, n_y, width), np.float32)
    for line in n_range(n_z * n_y):
        z, y = line // n_y, line % n_y
        row = seeds[z, y]
        since = -1
        for x in range(width):
            if x % fine == 0 and row[x // fine]:
                since = x
            found[z, y, x] = FAR if since < 0 else np.float32((x - since) * (x - since)) * weight
        since = -1
        for x in range(width - 1, -1, -1):
            if x % fine == 0 and row[x // fine]:
                since = x
            if since >= 0:
                found[z, y, x] = min(found[z, y, x], np.float32((since - x) * (since - x)) * weight)
    return found


@compiled(parallel=True)
def _envelope(values: Floats32, fine: int, weight: float) -> Floats32:
    """Return min over j of values[:, j] + weight (i - fine j)^2 along the middle axis, for each i of the fine grid."""
    n_outer, n_in, width = values.shape
    n_out = (n_in - 1) * fine + 1
    found = np.empty((n_outer, n_out, width), np.float32)
    n_blocks = (width + _LANES - 1) // _LANES
    for job in n_range(n_outer * n_blocks):
        outer, first = job // n_blocks, (job % n_blocks) * _LANES
        last = min(first + _LANES, width)
        column = np.empty((_LANES, n_in), np.float32)
        for j in range(n_in):
            for x in range(first, last):
                column[x - first, j] = values[outer, j, x]
        answer = np.empty((n_out, _LANES), np.float32)
        where = np.empty(n_in, np.int64)
        begins, heights = np.empty(n_in + 1, np.float64), np.empty(n_in, np.float64)
        for lane in range(last - first):
            _envelope_of_column(column[lane], fine, weight, where, begins, heights, answer[:, lane])
        for i in range(n_out):
            for x in range(first, last):
                found[outer, i, x] = answer[i, x - first]
    return found


@compiled()
def _envelope_of_column(
    column: Floats32,
    fine: int,
    weight: float,
    where: NDArray[np.int64],
    begins: NDArray[np.float64],
    heights: NDArray[np.float64],
    answer: Floats32,
) -> None:
    n = 0
    for j in range(column.size):
        if column[j] >= FAR:
            continue
        at = float(j * fine)
        heights[j] = float(column[j]) / weight + at * at
        begin = -np.inf
        while n > 0:
            before = where[n - 1]
            apart = heights[j] - heights[before]
            width = 2.0 * (at - before * fine)
            # Without dividing yet: most parabolas before are hidden.
            if apart > begins[n - 1] * width:
                begin = apart / width
                break
            n -= 1
        where[n] = j
        begins[n] = begin
        n += 1
    if n == 0:
        answer[:] = FAR
        return
    begins[n] = np.inf
    k = 0
    for i in range(answer.size):
        while begins[k + 1] < i:
            k += 1
        away = float(i - where[k] * fine)
        answer[i] = np.float32(column[where[k]] + weight * away * away)


@compiled(parallel=True)
def _take_root(values: Floats32) -> None:
    for i in n_range(values.size):
        values[i] = np.inf if values[i] >= FAR else np.sqrt(values[i])

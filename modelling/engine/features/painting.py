"""Which is the largest ball over each voxel (numba kernels).

Few of the balls are the largest anywhere: about one in ten. So they are looked at in rounds, those that may be the
largest first, and a ball's radius is fitted only if something under it is still free.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.balls import CHUNK, OVER, Balls, fit_radii
from modelling.engine.features.surface import Border
from modelling.engine.jit import compiled, n_range

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_ROUND: Final = np.float32(0.25)
"""Voxels between the largest and the smallest reach of a round."""
_LEAST: Final = 2048
"""Balls of the smallest round."""
_SLABS: Final = 32
_BLOCK: Final = 8
"""Voxels: edge of the blocks whose balls are looked at together."""
_INSET: Final = 1e-4
"""Square voxels: what lies nearer to a ball's end than rounding can tell is not in it."""


def paint(balls: Balls, free: Mask, border: Border | None = None, inset: float = 0.0) -> Floats32:
    """Return for each free voxel (z, y, x) the diameter of the largest ball over its centre, in voxels; 0 elsewhere.

    free: (z, y, x) bool, where the answer is wanted. border: radii are fitted to it; without one a radius is the reach
    less `inset`. Negative where the ball sticks out of the volume: what it would meet there was not seen.
    """
    centre, reach = _sort(balls)
    block = _tell_blocks(centre, balls.fine)
    found = np.zeros(free.shape, np.float32)
    following = _start(np.ascontiguousarray(free))
    over = OVER if border is not None else -inset
    waiting, radius = np.zeros(0, np.int64), np.zeros(0, np.float32)
    begin = 0
    while begin < reach.size:
        end = max(int(np.searchsorted(-reach, _ROUND - reach[begin], "right")), min(begin + _LEAST, reach.size))
        near = begin + np.argsort(block[begin:end], kind="stable")
        lying = _reach_free(centre[near], reach[near], balls.fine, following)
        new = near[lying]
        fitted = reach[new] - np.float32(inset) if border is None else _fit(balls.fine, centre[new], reach[new], border)
        waiting, radius = np.concatenate([waiting, new]), np.concatenate([radius, fitted])
        # No later ball can have a larger radius than this.
        later = reach[end] + over if end < reach.size else -np.inf
        now = radius > later
        _paint_now(Balls(centre[waiting[now]], reach[waiting[now]], balls.fine), radius[now], following, found)
        waiting, radius, begin = waiting[~now], radius[~now], end
    return found


def _sort(balls: Balls) -> tuple[NDArray[np.int32], Floats32]:
    """Return centres and reaches, the largest first."""
    square = np.rint((balls.reach.astype(np.float64) * balls.fine) ** 2).astype(np.int64)
    key = square.max(initial=0) - square
    order = np.argsort(key.astype(np.min_scalar_type(int(key.max(initial=0)))), kind="stable")
    return balls.centre[order], balls.reach[order]


def _tell_blocks(centre: NDArray[np.int32], fine: int) -> NDArray[np.unsignedinteger]:
    """Return the number of the block that each centre lies in: balls of one block meet the same rows."""
    place = centre // (_BLOCK * fine)
    n = place.max(axis=0, initial=0) + 1
    number = (place[:, 0] * n[1] + place[:, 1]) * n[2] + place[:, 2]
    # Numbers of 16 bits are sorted by counting.
    return np.asarray(number.astype(np.min_scalar_type(int(np.prod(n, dtype=np.int64)))))


def _fit(fine: int, centre: NDArray[np.int32], reach: Floats32, border: Border) -> Floats32:
    return fit_radii(Balls(centre, reach, fine), border)


def _paint_now(balls: Balls, radius: Floats32, following: NDArray[np.int16], found: Floats32) -> None:
    place = balls.centre / balls.fine
    room = np.array(found.shape) - 0.5 + 1e-4
    whole = ((place - radius[:, None] >= -0.5 - 1e-4) & (place + radius[:, None] <= room)).all(axis=1)
    # Of balls of one size those that were seen whole come first.
    order = np.argsort(-(radius.astype(np.float64) + 1e-7 * whole), kind="stable")
    signed = (np.where(whole, radius, -radius) * np.float32(2)).astype(np.float32)
    _paint(balls.centre[order], balls.reach[order], signed[order], balls.fine, following, found)


@compiled(parallel=True)
def _start(free: Mask) -> NDArray[np.int16]:
    """Return for each voxel the next free one of its row, at or after it; the row's length where there is none."""
    n_z, n_y, n_x = free.shape
    following = np.empty((n_z, n_y, n_x + 1), np.int16)
    for z in n_range(n_z):
        for y in range(n_y):
            for x in range(n_x + 1):
                following[z, y, x] = x if x == n_x or free[z, y, x] else -1
            _shorten(following[z, y])
    return following


@compiled()
def _shorten(row: NDArray[np.int16]) -> None:
    """Let each voxel of a row that is not free lead to the next free one at once."""
    there = row.size - 1
    for x in range(row.size - 1, -1, -1):
        if row[x] == x:
            there = x
        else:
            row[x] = there


@compiled(parallel=True)
def _reach_free(centre: NDArray[np.int32], reach: Floats32, fine: int, following: NDArray[np.int16]) -> Mask:
    """Tell of each ball whether a free voxel lies in it."""
    found = np.zeros(reach.size, np.bool_)
    for chunk in n_range((reach.size + CHUNK - 1) // CHUNK):
        for n in range(chunk * CHUNK, min((chunk + 1) * CHUNK, reach.size)):
            place = (centre[n, 0] / fine, centre[n, 1] / fine, centre[n, 2] / fine)
            found[n] = _meet(place, reach[n], following)
    return found


@compiled()
def _meet(place: tuple[float, float, float], far: float, following: NDArray[np.int16]) -> bool:
    n_z, n_y, n_x = following.shape[0], following.shape[1], following.shape[2] - 1
    z, y, x = place
    square = far * far - _INSET
    for k in range(max(int(np.ceil(z - far)), 0), min(int(z + far) + 1, n_z)):
        for j in range(max(int(np.ceil(y - far)), 0), min(int(y + far) + 1, n_y)):
            left = square - (k - z) ** 2 - (j - y) ** 2
            if left < 0:
                continue
            half = np.sqrt(left)
            first, last = max(int(np.ceil(x - half)), 0), min(int(x + half), n_x - 1)
            if first <= last and following[k, j, first] <= last:
                return True
    return False


@compiled(parallel=True)
def _paint(
    centre: NDArray[np.int32],
    reach: Floats32,
    value: Floats32,
    fine: int,
    following: NDArray[np.int16],
    found: Floats32,
) -> None:
    """Paint the balls in the order given; each free voxel takes its first colour."""
    n_z, n_y, _ = found.shape
    for slab in n_range(_SLABS):
        begin, end = slab * n_z // _SLABS, (slab + 1) * n_z // _SLABS
        changed = np.zeros((end - begin, n_y), np.bool_)
        for n in range(reach.size):
            z, far = centre[n, 0] / fine, reach[n]
            if z + far <= begin or z - far > end - 1:
                continue
            place = (z, centre[n, 1] / fine, centre[n, 2] / fine)
            _paint_one(place, far, value[n], begin, following, found, changed)
        for k in range(begin, end):
            for j in range(n_y):
                if changed[k - begin, j]:
                    _shorten(following[k, j])


@compiled()
def _paint_one(
    place: tuple[float, float, float],
    far: float,
    value: float,
    begin: int,
    following: NDArray[np.int16],
    found: Floats32,
    changed: Mask,
) -> None:
    z, y, x = place
    n_y, n_x = found.shape[1], found.shape[2]
    square = far * far - _INSET
    for k in range(max(int(np.ceil(z - far)), begin), min(int(z + far) + 1, begin + changed.shape[0])):
        for j in range(max(int(np.ceil(y - far)), 0), min(int(y + far) + 1, n_y)):
            left = square - (k - z) ** 2 - (j - y) ** 2
            if left < 0:
                continue
            half = np.sqrt(left)
            row = following[k, j]
            last = min(int(x + half), n_x - 1)
            i = _next_free(row, max(int(np.ceil(x - half)), 0))
            while i <= last:
                found[k, j, i] = value
                row[i] = i + 1
                changed[k - begin, j] = True
                i = _next_free(row, i + 1)


@compiled()
def _next_free(row: NDArray[np.int16], i: int) -> int:
    while row[i] != i:
        row[i] = row[row[i]]
        i = row[i]
    return i

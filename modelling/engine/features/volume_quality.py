"""Whether an HR-pQCT volume is whole and whether the arm moved (pure numpy).

A movement between two slices shifts one against the other. The shift is found from the slopes of the picture (Lucas &
Kanade, IJCAI 1981); bone that only changes its shape from slice to slice moves its outline to all sides at once and
shifts it little.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats32 = NDArray[np.float32]

_STACK: Final = {"xct1": 110, "xct2": 168}
"""Slices of one scan: 9.02 mm of 82 um, 10.2 mm of 61 um."""
_SIGMA: Final = 2.0
_SHIFT_MM: Final = 0.1
"""A neighbour shifted by more has moved: trabeculae are as thick (Pialat et al., Bone 50:111, 2012, grade 4 and 5)."""


@dataclass(frozen=True)
class VolumeQuality:
    """slices, wanted: found and of a whole scan. empty, repeated: slices (from 0) without contrast, or equal to the one
    before. largest_shift_mm: between neighbours; shifted_at: the slices that moved against the one before.
    """

    slices: int
    wanted: int
    empty: tuple[int, ...]
    repeated: tuple[int, ...]
    largest_shift_mm: float
    shifted_at: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """True if no slice lacks."""
        return self.slices >= self.wanted and not self.empty and not self.repeated

    @property
    def has_moved(self) -> bool:
        """True if a neighbour is shifted by more than a trabecula is thick."""
        return bool(self.shifted_at)


def judge_volume(density: Floats32, spacing_mm: tuple[float, float, float], recipe: str) -> VolumeQuality:
    """Return the quality of a volume (z, y, x) in mg HA/cm3. Raises ValueError for less than two slices."""
    if len(density) < 2:
        raise ValueError(f"{len(density)} slice was found; wanted two or more to tell whether the arm moved")
    flat = np.asarray([one.max() == one.min() for one in density])
    same = np.asarray([False, *(np.array_equal(one, other) for one, other in zip(density[1:], density, strict=False))])
    shifts = np.asarray([0.0, *_shifts_mm(density, spacing_mm)])
    # How the bone leans against the scan axis shifts every slice alike: that is no movement.
    excess = np.abs(shifts - np.median(shifts))
    moved = tuple(int(z) for z in np.nonzero((excess > _SHIFT_MM) & ~flat)[0])
    return VolumeQuality(
        slices=len(density),
        wanted=_STACK[recipe],
        empty=tuple(int(z) for z in np.nonzero(flat)[0]),
        repeated=tuple(int(z) for z in np.nonzero(same & ~flat)[0]),
        largest_shift_mm=float(excess.max()),
        shifted_at=moved,
    )


def _shifts_mm(density: Floats32, spacing_mm: tuple[float, float, float]) -> list[float]:
    smooth = ndimage.gaussian_filter(density.astype(np.float32), (0, _SIGMA, _SIGMA))
    return [_shift(one, other) * spacing_mm[2] for one, other in pairwise(smooth)]


def _shift(one: Floats32, other: Floats32) -> float:
    """Return how far a slice lies from the one before, pixels: least squares of slope times shift against change."""
    slope_y, slope_x = np.gradient((one + other) / 2)
    change = (one - other).ravel()
    slopes = np.stack([slope_y.ravel(), slope_x.ravel()], axis=1).astype(np.float64)
    square = slopes.T @ slopes
    if np.linalg.det(square) <= 1e-9 * max(float(np.trace(square)) ** 2, 1e-30):
        return 0.0
    return float(np.hypot(*np.linalg.solve(square, slopes.T @ change)))

"""A follow-up picture laid on its baseline: the shift and turn that make both alike (pure).

The regions of a forearm DXA move with whoever sets them; 1 mm alters the ultradistal density. Laid on the baseline,
the same region of the same bone is read twice.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import least_squares

Picture = NDArray[np.float64]

SMOOTH_PX: Final = (3.0, 1.0)
"""Sigma of the blur under which the pictures are compared: first the rough shape, then the edges."""
ALIKE: Final = 0.90
"""Least correlation of two pictures of the same forearm after alignment; other bones stay below it."""
WORST_DEGREES: Final = 20.0
BORDER: Final = 0.12
"""Share of the picture's sides over which its border fades."""
STEP: Final = 0.05
"""Pixels and degrees by which a place is moved to see what alters."""


@dataclass(frozen=True)
class Alignment:
    """Where the follow-up lies: its pixel (rows + rows shift, ...) after a turn about the picture's middle shows what
    the baseline has. rows, columns: pixels; degrees: anticlockwise as seen; likeness: correlation from -1 to 1."""

    rows: float
    columns: float
    degrees: float
    likeness: float


def align(baseline: Picture, follow_up: Picture) -> Alignment:
    """Return how a follow-up (rows, columns) lies on a baseline of the same shape and size of pixel.

    Raises ValueError where the shapes differ, a picture is flat, or the two do not show the same bone.
    """
    if baseline.shape != follow_up.shape:
        raise ValueError(f"the baseline is {baseline.shape} and the follow-up {follow_up.shape} pixels; wanted alike")
    if min(np.ptp(baseline), np.ptp(follow_up)) <= 0:
        raise ValueError("a flat picture cannot be laid on another")
    place = np.array([*_find_shift(baseline, follow_up), 0.0])
    for sigma in SMOOTH_PX:
        fixed, moving = (ndimage.gaussian_filter(one, sigma) for one in (baseline, follow_up))
        rest = _Rest(fixed, moving)
        place = least_squares(rest, place, jac=rest.slopes, x_scale=(1.0, 1.0, 0.5), max_nfev=50).x
    found = Alignment(float(place[0]), float(place[1]), float(place[2]), rest.likeness(place))
    if found.likeness < ALIKE or abs(found.degrees) > WORST_DEGREES:
        raise ValueError(
            f"baseline and follow-up have a correlation of {found.likeness:.2f} at a turn of {found.degrees:.0f} "
            f"degrees; wanted {ALIKE:.2f} within {WORST_DEGREES:.0f}"
        )
    return found


def lay_on(follow_up: Picture, alignment: Alignment, order: int = 1) -> Picture:
    """Return a follow-up (rows, columns) as it lies on its baseline; what it does not show is not a number."""
    place = np.array([alignment.rows, alignment.columns, alignment.degrees])
    return np.asarray(ndimage.affine_transform(follow_up, *_frame(place, follow_up.shape), order=order, cval=np.nan))


def _frame(place: Picture, shape: tuple[int, ...]) -> tuple[Picture, Picture]:
    """Return the turn about the picture's middle and the shift of (rows, columns, degrees), for an interpolation."""
    turn = np.radians(place[2])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = (np.array(shape) - 1) / 2
    return matrix, middle + place[:2] - matrix @ middle


class _Rest:
    """What differs between two pictures once one of them is moved."""

    def __init__(self, fixed: Picture, moving: Picture) -> None:
        self.fixed, self.scale, self.weight = fixed, float(fixed.std()), _window(fixed.shape)
        # The coefficients once: each step of the search reads them many times.
        self.moving = ndimage.spline_filter(moving, order=3, mode="nearest")

    def moved(self, place: Picture) -> Picture:
        """Return the follow-up where a place puts it."""
        frame = _frame(place, self.fixed.shape)
        return np.asarray(
            ndimage.affine_transform(self.moving, *frame, order=3, prefilter=False, mode="nearest"), np.float64
        )

    def __call__(self, place: Picture) -> Picture:
        """Return the difference of every pixel, in standard deviations of the baseline; at the border less counts."""
        return np.asarray((self.weight * (self.moved(place) - self.fixed)).ravel() / self.scale)

    def slopes(self, place: Picture) -> Picture:
        """Return how the difference of each pixel alters with rows, columns and degrees: (pixels, 3)."""
        steps = STEP * np.eye(3)
        return np.stack([(self(place + one) - self(place - one)) / (2 * STEP) for one in steps], axis=1)

    def likeness(self, place: Picture) -> float:
        """Return the correlation of the two."""
        seen = self.weight > 0.5
        return float(np.corrcoef(self.moved(place)[seen], self.fixed[seen])[0, 1])


def _find_shift(baseline: Picture, follow_up: Picture) -> tuple[float, float]:
    """Return the whole pixels by which a follow-up is shifted, where the cross-correlation is largest."""
    shape = [2 * size for size in baseline.shape]
    window = _window(baseline.shape)
    first, second = (np.fft.rfft2(window * (one - one.mean()), shape) for one in (baseline, follow_up))
    crossed = np.fft.irfft2(np.conj(first) * second, shape)
    found = np.unravel_index(int(np.argmax(crossed)), crossed.shape)
    row, column = (int(one) - size if one >= size // 2 else int(one) for one, size in zip(found, shape, strict=True))
    return float(row), float(column)


def _window(shape: tuple[int, ...]) -> Picture:
    """Return weights that fall to 0 at the border: the shaft runs out of the picture, where nobody knows it."""
    sides = []
    for size in shape:
        depth = np.minimum(np.arange(size), np.arange(size)[::-1]) / (BORDER * size)
        sides.append(np.sin(np.pi / 2 * np.clip(depth, 0, 1)) ** 2)
    return np.asarray(np.outer(*sides))

"""Local binary patterns, and directions by the structure tensor (pure).

Ojala, Pietikainen and Maenpaa, IEEE Trans PAMI 24:971 (2002): eight neighbours on a circle of one pixel, patterns with
at most two changes by their number of brighter neighbours, all others together. Bigun and Granlund, Proc ICCV 433
(1987): the tensor of gradients; its eigenvalues tell how much one direction is preferred.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]

_NEIGHBOURS: Final = 8
_WITHIN: Final = 1e-9
"""Share of the region's range: a neighbour interpolated to be as bright as the middle is as bright."""


@dataclass(frozen=True)
class Directions:
    """anisotropy: of the whole region, 0 none to 1 stripes. local: mean of that of small windows. degrees: angle of
    the stripes to the rows' normal (the axis of the picture), -90 to 90, positive to the right going up."""

    anisotropy: float
    local: float
    degrees: float


def count_patterns(region: NDArray[np.floating]) -> Floats:
    """Return the share of each of the 10 rotation-invariant uniform patterns: 0 to 8 brighter neighbours, and others.

    region: (y, x), at least 3 by 3. Raises ValueError for a smaller one.
    """
    values = np.asarray(region, np.float64)
    if min(values.shape) < 3:
        raise ValueError(f"a region of {values.shape} pixels has no neighbours all round; wanted 3 by 3")
    middle = values[1:-1, 1:-1]
    slack = _WITHIN * float(np.ptp(values))
    rows, columns = np.mgrid[1 : values.shape[0] - 1, 1 : values.shape[1] - 1].astype(np.float64)
    brighter = np.empty((_NEIGHBOURS, *middle.shape), np.bool_)
    for k, angle in enumerate(2 * np.pi * np.arange(_NEIGHBOURS) / _NEIGHBOURS):
        there = [rows - np.sin(angle), columns + np.cos(angle)]
        brighter[k] = ndimage.map_coordinates(values, there, order=1) >= middle - slack
    changes = (brighter != np.roll(brighter, 1, axis=0)).sum(axis=0)
    pattern = np.where(changes <= 2, brighter.sum(axis=0), _NEIGHBOURS + 1)
    return np.asarray(np.bincount(pattern.ravel(), minlength=_NEIGHBOURS + 2) / pattern.size)


def entropy_of_patterns(region: NDArray[np.floating]) -> float:
    """Return the entropy of the local binary patterns of a region (y, x), bit."""
    share = count_patterns(region)
    found = share[share > 0]
    return float(-(found * np.log2(found)).sum())


def describe_directions(region: NDArray[np.floating], window: float) -> Directions:
    """Return which way the structures of a region (y, x) run, and how much they prefer it.

    window: sigma in pixels over which the local anisotropy is taken. Raises ValueError for a flat region.
    """
    values = np.asarray(region, np.float64)
    # Derivatives of a Gaussian: plain differences favour the axes of the grid.
    down = ndimage.gaussian_filter(values, 1.0, order=(1, 0), mode="nearest")
    across = ndimage.gaussian_filter(values, 1.0, order=(0, 1), mode="nearest")
    edge = 3
    parts = [one[edge:-edge, edge:-edge] for one in (down * down, across * across, down * across)]
    if not parts[0].size or float(parts[0].sum() + parts[1].sum()) <= 1e-24:
        raise ValueError("the region is flat, so nothing in it has a direction")
    yy, xx, xy = (float(one.mean()) for one in parts)
    # The gradient is steepest across the stripes; the angle of the stripes stands at right angles to it.
    steepest = 0.5 * np.degrees(np.arctan2(2 * xy, xx - yy))
    return Directions(
        anisotropy=float(_preference(np.array(yy), np.array(xx), np.array(xy))),
        local=float(np.mean(_preference(*(ndimage.gaussian_filter(one, window, mode="nearest") for one in parts)))),
        degrees=float((steepest + 90.0) % 180.0 - 90.0),
    )


def _preference(yy: Floats, xx: Floats, xy: Floats) -> Floats:
    """Return (l1 - l2) / (l1 + l2) of the tensor [[yy, xy], [xy, xx]]; 0 where there is no gradient."""
    total = yy + xx
    reach = np.hypot(yy - xx, 2 * xy)
    return np.asarray(np.divide(reach, total, out=np.zeros_like(total), where=total > 0))

"""Local thickness, and the spacing of a structure's mid-axes, after Hildebrand & Rüegsegger (pure).

The local thickness of a point is the diameter of the largest ball that lies inside the object and covers the point
(Hildebrand & Rüegsegger, J Microsc 185:67, 1997). Two modes:

    exact     centres on the voxels and halfway between them, radius to the voxel faces the ball touches: a plate of
              any whole width, odd or even, has its true thickness, and a slanted one is not a voxel too thin.
    ipl_like  centres on voxels alone, radius to the nearest outer voxel's centre less half a voxel, the rule by which
              the scanner's own evaluation appears to go: an even width is one voxel short.

What lies outside the volume was not seen and bounds nothing. A ball that sticks out of the volume may be too large
for what is there, so the voxels it is the largest ball of are left out of the mean.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.axes import find_axes
from modelling.engine.features.balls import find_balls
from modelling.engine.features.distance import distance_to_seeds
from modelling.engine.features.painting import paint
from modelling.engine.features.surface import find_border

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

EXACT, IPL_LIKE = "exact", "ipl_like"
MODES: Final = (EXACT, IPL_LIKE)

_FINE: Final = {EXACT: 2, IPL_LIKE: 1}
_ENOUGH: Final = 0.02
"""Share of an object that must be seen whole to speak for the rest."""
_SLACK: Final = 0.15
"""Voxels by which a ball may stick out of a neighbour's and still be held by it."""


@dataclass(frozen=True)
class Thickness:
    """Local thickness of one object.

    map: (z, y, x) float32 in voxels, 0 outside the object or the region; negative where the largest ball sticks out of
    the volume, and there its size is an upper guess. mean: voxels. seen: share of the region's object that counts.
    """

    map: Floats32
    mean: float
    seen: float


def measure_thickness(inside: Mask, region: Mask, mode: str = EXACT) -> Thickness:
    """Return the local thickness of an object over a region; voxels are cubes of edge 1.

    inside: (z, y, x) bool, the object with all its surroundings, not cut at the region. region: (z, y, x) bool, where
    it is reported. Raises ValueError for another mode, different shapes, an object without an outside, or none of it
    in the region.
    """
    _check(inside, region, mode)
    fine = _FINE[mode]
    distance = distance_to_seeds(~inside, fine)
    border = find_border(inside) if mode == EXACT else None
    wanted = np.asarray(inside & region)
    painted = paint(find_balls(distance, fine, _SLACK), wanted, border, inset=0.5)
    return _average(painted, wanted, "the object")


def measure_spacing(inside: Mask, region: Mask, mode: str = EXACT) -> Thickness:
    """Return the local spacing of an object's mid-axes over a region: Tb.N is one over its mean.

    Arguments and errors as in `measure_thickness`. The mid-axes have no thickness of their own.
    """
    _check(inside, region, mode)
    fine = _FINE[mode]
    axes = find_axes(inside, fine)
    if not axes.any():
        raise ValueError("the object has no mid-axis, so its spacing is undefined")
    distance = distance_to_seeds(axes, 1) * np.float32(1 / fine)
    painted = paint(find_balls(distance, fine, _SLACK, 1e-3), region)
    return _average(painted, region, "the space between mid-axes")


def _check(inside: Mask, region: Mask, mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"'{mode}' is no mode of local thickness; wanted one of {', '.join(MODES)}")
    if inside.shape != region.shape or inside.ndim != 3:
        raise ValueError(f"object {inside.shape} and region {region.shape} differ in shape, or have not three axes")
    if inside.all():
        raise ValueError("the object fills the whole volume, so its thickness is unknown")
    if not (inside & region).any():
        raise ValueError("none of the object lies in the region, so its thickness is undefined")


def _average(painted: Floats32, wanted: Mask, what: str) -> Thickness:
    found = painted[wanted]
    whole = found[found > 0]
    if whole.size < _ENOUGH * found.size:
        # A small volume: its few whole balls are small ones, and balls that stick out of it are all there is.
        whole = np.abs(found[found != 0])
    if not whole.size:
        raise ValueError(f"no ball fits into {what}, so its thickness is undefined")
    return Thickness(painted, float(whole.mean(dtype=np.float64)), float((found > 0).mean()))

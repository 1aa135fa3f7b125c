"""Where a bone begins and where its cortex ends, slice by slice and across slices (pure numpy and scipy).

The periosteal contour closes the dense outer shell and fills it; the endosteal one takes what is open towards the
marrow away from the dense bone that is left inside, smoothed by closings along the shell. Lengths are in voxels of
61 um and scaled to other voxels. After Buie et al., Bone 41:505 (2007), dual threshold, with the numbers of the
XtremeCT II evaluation (MODELLING: outer 320 mg HA/cm3, close 5, open 2; cortex peel 6, close 30 or 50).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull

from modelling.engine.features.distance import distance_in_slices
from modelling.engine.features.segmentation import XCT1, smooth_within

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

RADIUS, TIBIA, CUBE = "radius", "tibia", "cube"
SITES: Final = (RADIUS, TIBIA, CUBE)

_VOXEL_MM: Final = 0.061
_OUTER_MG: Final = {"xct2": 320.0, XCT1: 250.0}
_CORTEX_MG: Final = 500.0
_CORTEX_SIGMA: Final = 2.0
_CORTEX_SUPPORT: Final = 3
_SIGMA: Final = 0.8
_CLOSE_OUTER: Final = 5
_OPEN_OUTER: Final = 2
_FULL: Final = 0.8
"""Share of its convex hull that a filled outline has at the least: radius and tibia are rounder than that."""
_FEW: Final = 20
_PEEL: Final = 6
_CLOSE_CORTEX: Final = {RADIUS: 30, TIBIA: 50}
_MARGIN: Final = 8
"""Voxels around the bone that its parts may depend on: the reach of the smoothing."""
_LEAST_MM2: Final = 20.0
_LEAST_CORTEX: Final = 2
"""Voxels: a cortex is nowhere thinner than what the scanner can show."""


@dataclass(frozen=True)
class Compartments:
    """The parts of one bone. total: (z, y, x) bool, within the periosteal contour; trabecular and cortical share it.
    touches: true where the bone reaches the border of the picture.
    """

    total: Mask
    trabecular: Mask
    cortical: Mask
    touches: bool = False


def find_compartments(
    density: Floats32, spacing_mm: tuple[float, float, float], site: str, recipe: str
) -> Compartments:
    """Return the compartments of the largest bone of a volume.

    density: (z, y, x) mg HA/cm3. site: radius or tibia. recipe: of `segmentation`.
    Raises ValueError for another site, where the picture ends in the bone, and where no closed bone of at least 20 mm2
    is found.
    """
    if site not in _CLOSE_CORTEX:
        raise ValueError(f"'{site}' has no contour; wanted {RADIUS} or {TIBIA}")
    scale = _VOXEL_MM / spacing_mm[2]
    total = find_periosteal(density, recipe, scale)
    if cuts_through(density, total, recipe, scale):
        raise ValueError("the picture ends in the bone; wanted the whole cross-section of it")
    area = float(total.sum()) / total.shape[0] * spacing_mm[1] * spacing_mm[2]
    if area < _LEAST_MM2:
        raise ValueError(f"no bone was found: the largest piece has {area:.1f} mm2; wanted {_LEAST_MM2:.0f} or more")
    trabecular = np.zeros_like(total)
    box = box_of(total, _MARGIN)
    trabecular[box] = find_marrow_side(density[box], total[box], _CLOSE_CORTEX[site] * scale, scale)
    return Compartments(total, trabecular, np.asarray(total & ~trabecular), bool(_touch_border(total).any()))


def find_periosteal(density: Floats32, recipe: str, scale: float) -> Mask:
    """Return everything inside the outline of the largest bone. scale: voxels per 61 um."""
    hard = smooth_within(density, _SIGMA) > _OUTER_MG[recipe]
    piece = keep_largest(np.asarray(hard))
    closed = close_in_plane(piece, _CLOSE_OUTER * scale)
    filled = fill_slices(closed)
    opened = open_in_plane(filled, _OPEN_OUTER * scale)
    return keep_largest(opened)


def find_marrow_side(density: Floats32, total: Mask, close: float, scale: float) -> Mask:
    """Return the trabecular compartment: what is within the outline and not cortex.

    close: voxels by which the marrow side of the cortex is smoothed over.
    """
    depth = depth_in_plane(total)
    dense = np.asarray((smooth_within(density, _CORTEX_SIGMA * scale, _CORTEX_SUPPORT) > _CORTEX_MG) & total)
    # The cortex is the dense bone that hangs together with the outermost layers.
    shell = keep_touching(dense, np.asarray(total & (depth <= _PEEL * scale)))
    marrow = np.asarray(total & ~shell & (depth > _LEAST_CORTEX * scale))
    marrow = keep_largest_in_plane(open_in_plane(marrow, 3 * scale))
    # A trabecula that springs from the cortex is not cortex: close the marrow over it, but never out to the skin.
    closed = close_in_plane(marrow, close)
    inner = fill_slices(np.asarray(closed & total & (depth > _LEAST_CORTEX * scale)))
    thick = _thick_cortex(np.asarray(total & ~marrow), inner, scale)
    return np.asarray(inner & ~thick)


def _thick_cortex(shell: Mask, inner: Mask, scale: float) -> Mask:
    """Return what closing took from a cortex that is thick there: it stays cortex."""
    depth = depth_in_plane(shell)
    core = np.asarray(depth > 5 * scale)
    grown = distance_in_slices(core) <= 5 * scale
    return np.asarray(grown & shell & inner)


def cuts_through(density: Floats32, total: Mask, recipe: str, scale: float) -> bool:
    """Tell whether the border of the picture cuts through a bone. scale: voxels per 61 um.

    A whole bone that touches the border, as one cut out tightly does, lies there with its hard shell. Where a side cuts
    a bone, marrow lies open between the places at which the shell meets it; where a corner does, the outline cannot be
    filled and is a mere shell.
    """
    # The outline is closed over dents as wide as this.
    open_from = 2 * _CLOSE_OUTER * scale
    for touching, seen in zip(_list_sides(total), _list_sides(density), strict=True):
        soft = ndimage.gaussian_filter(seen, _SIGMA) <= _OUTER_MG[recipe]
        begun = np.logical_or.accumulate(touching, axis=1)
        goes_on = np.logical_or.accumulate(touching[:, ::-1], axis=1)[:, ::-1]
        if ((soft & begun & goes_on).sum(axis=1) > open_from).any():
            return True
    return any(_share_of_hull(one) < _FULL for one in total[_touch_border(total)])


def _list_sides(volume: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return (z, n) the pixels along each of the four sides of every slice."""
    return volume[:, 0], volume[:, -1], volume[:, :, 0], volume[:, :, -1]


def _touch_border(total: Mask) -> Mask:
    """Return (z,) in which slices a mask reaches a side of the picture."""
    return np.asarray(np.any([side.any(axis=1) for side in _list_sides(total)], axis=0))


def _share_of_hull(one: Mask) -> float:
    """Return the share of its convex hull that a piece (y, x) fills; pieces of a few pixels fill theirs."""
    if one.sum() < _FEW:
        return 1.0
    # Joggled: pixels on one line have a hull, too.
    return float(one.sum() / ConvexHull(np.argwhere(one), qhull_options="QJ").volume)


def box_of(mask: Mask, margin: int) -> tuple[slice, slice, slice]:
    """Return the smallest box around a mask with a margin, within the volume: all slices, as a scan's ends are its own.

    Raises ValueError for an empty mask.
    """
    if not mask.any():
        raise ValueError("the mask is empty, so no box holds it")
    ends = []
    for axis in (1, 2):
        place = np.nonzero(mask.any(axis=(0, 3 - axis)))[0]
        ends.append(slice(max(int(place[0]) - margin, 0), int(place[-1]) + 1 + margin))
    return slice(0, mask.shape[0]), ends[0], ends[1]


def keep_largest(mask: Mask) -> Mask:
    """Return the largest piece of a mask (z, y, x), joined by faces; an empty mask stays empty."""
    labels, n = ndimage.label(mask)
    if n < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())


def keep_largest_in_plane(mask: Mask) -> Mask:
    """Return the largest piece of each slice."""
    return np.stack([keep_largest(one) for one in mask])


def keep_touching(mask: Mask, seeds: Mask) -> Mask:
    """Return the pieces of a mask, joined within slices and across them, that hold a seed."""
    labels, n = ndimage.label(mask)
    kept = np.zeros(n + 1, np.bool_)
    kept[np.unique(labels[seeds & mask])] = True
    kept[0] = False
    return np.asarray(kept[labels])


def fill_slices(mask: Mask) -> Mask:
    """Return a mask with the holes of each slice filled."""
    return np.stack([ndimage.binary_fill_holes(one) for one in mask])


def depth_in_plane(mask: Mask) -> Floats32:
    """Return the distance of each pixel of a mask to the nearest outside in its slice; the border counts as outside."""
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    return np.ascontiguousarray(distance_in_slices(~padded)[:, 1:-1, 1:-1])


def close_in_plane(mask: Mask, radius: float) -> Mask:
    """Return a mask closed by a disc in each slice; the picture is continued empty, so its border does nothing."""
    n = int(np.ceil(radius)) + 1
    padded = np.pad(mask, ((0, 0), (n, n), (n, n)))
    grown = distance_in_slices(padded) <= radius
    closed = distance_in_slices(~grown) > radius
    return np.asarray(closed[:, n:-n, n:-n] | mask)


def open_in_plane(mask: Mask, radius: float) -> Mask:
    """Return a mask opened by a disc in each slice."""
    inner = depth_in_plane(mask) > radius
    return np.asarray((distance_in_slices(np.asarray(inner)) <= radius) & mask)

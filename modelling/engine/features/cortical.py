"""The cortex: pores, porosity, thickness of the compartment, length of the outline (pure numpy and scipy)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

_LEAST_PORE: Final = 5
"""Voxels: a smaller pore cannot be told from noise (MODELLING 2.1)."""
_OUTLINE_SIGMA: Final = 2.0
"""Pixels over which the steps of a drawn outline are smoothed before its length is taken."""


def find_pores(bone: Mask, cortical: Mask) -> Mask:
    """Return the pores of a cortex.

    bone: (z, y, x) bool, bone tissue. cortical: (z, y, x) bool, the compartment with its pores.
    A pore is a void that bone encloses within its slice; it goes on along z through slices where it is open towards
    marrow or skin, there only straight above and below, and once more sideways where it is enclosed.
    Raises ValueError if the shapes differ.
    """
    if bone.shape != cortical.shape:
        raise ValueError(f"bone {bone.shape} and cortex {cortical.shape} differ in shape")
    void = np.asarray(cortical & ~bone)
    seeds = np.stack([_enclosed(one, other) for one, other in zip(~bone, cortical, strict=True)])
    grown = _grow_along_z(seeds, void)
    # Sideways again: a slice whose void was met from above belongs to the pore as a whole if it stays in the cortex.
    label = np.stack([_touching(one, other) for one, other in zip(void, grown, strict=True)])
    return _drop_small(np.asarray((grown | (label & _inside_cortex(void, cortical))) & void))


def porosity(pores: Mask, cortical: Mask) -> float:
    """Return Ct.Po: pore volume over the volume of the compartment, pores and bone together. No unit, 0 to 1.

    Raises ValueError for an empty compartment. Burghardt et al., J Bone Miner Res 25:983 (2010).
    """
    if not cortical.any():
        raise ValueError("the cortex is empty, so its porosity is undefined")
    return float((pores & cortical).sum() / cortical.sum())


def outline_length(total: Mask, pixel_mm: float) -> float:
    """Return Ct.Pm: the length of a bone's outline, mm, mean over slices (z, y, x).

    The sum of the slope of the smoothed bone over a slice is the mean length of its level lines (coarea formula), so
    the steps of the grid do not lengthen a slanted outline as counting edges does (by up to 41 %).
    """
    margin = int(4 * _OUTLINE_SIGMA)
    lengths = [
        ndimage.gaussian_gradient_magnitude(np.pad(one, margin).astype(np.float64), _OUTLINE_SIGMA).sum()
        for one in total
    ]
    return float(np.mean(lengths)) * pixel_mm


def _enclosed(void: Mask, cortical: Mask) -> Mask:
    """Return the pieces of a slice's void that lie in the cortex as a whole."""
    labels, n = ndimage.label(void)
    outside = np.zeros(n + 1, np.bool_)
    outside[np.unique(labels[void & ~cortical])] = True
    outside[0] = True
    return np.asarray(~outside[labels])


def _inside_cortex(void: Mask, cortical: Mask) -> Mask:
    """Return the void of a cortex without the pieces that open, within their slice, on what is not cortex."""
    open_side = ndimage.binary_dilation(~cortical, ndimage.generate_binary_structure(2, 1)[None])
    return np.stack([one & ~_touching(one, other) for one, other in zip(void, open_side, strict=True)])


def _touching(mask: Mask, seeds: Mask) -> Mask:
    labels, n = ndimage.label(mask)
    kept = np.zeros(n + 1, np.bool_)
    kept[np.unique(labels[seeds & mask])] = True
    kept[0] = False
    return np.asarray(kept[labels])


def _grow_along_z(seeds: Mask, void: Mask) -> Mask:
    """Return the voxels of a void that unbroken columns along z join to a seed."""
    grown = seeds & void
    for order in (range(1, len(grown)), range(len(grown) - 2, -1, -1)):
        step = -1 if order.step > 0 else 1
        for z in order:
            grown[z] |= grown[z + step] & void[z]
    return np.asarray(grown)


def _drop_small(pores: Mask) -> Mask:
    labels, n = ndimage.label(pores)
    sizes = np.bincount(labels.ravel(), minlength=n + 1)
    sizes[0] = 0
    return np.asarray((sizes >= _LEAST_PORE)[labels])

"""Small pictures of what was measured: compartments and pores, local thickness in colour (pure numpy).

Each is an RGB array (rows, columns, 3) of uint8, of the middle slice; a caller scales, frames and marks it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelling.engine.features.morphometry import Morphometry

Rgb = NDArray[np.uint8]
Floats32 = NDArray[np.float32]

_MARGIN: Final = 6
_BAR_ROWS: Final = 4
_GAP_ROWS: Final = 4
_MARROW: Final = (38, 56, 84)
_TRABECULAR: Final = (235, 214, 150)
_CORTEX: Final = (122, 184, 214)
_CORTEX_VOID: Final = (60, 100, 122)
_PORE: Final = (214, 58, 66)
_RAMP: Final = np.array(
    [(0, 0, 4), (59, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191)], np.float64
)
"""Dark to light, even steps of lightness, told apart without red and green (matplotlib's magma, CC0)."""


def picture_segmentation(found: Morphometry) -> Rgb:
    """Return the compartments of the middle slice: cortex blue, trabecular bone pale, marrow dark, pores red."""
    bone, z = found.bone, found.bone.trabecular_bone.shape[0] // 2
    parts = bone.compartments
    picture = np.zeros((*parts.total.shape[1:], 3), np.uint8)
    picture[parts.trabecular[z]] = _MARROW
    picture[parts.trabecular[z] & bone.trabecular_bone[z]] = _TRABECULAR
    picture[parts.cortical[z]] = _CORTEX_VOID
    picture[parts.cortical[z] & bone.cortical_bone[z]] = _CORTEX
    if found.pores is not None:
        picture[found.pores[z]] = _PORE
    return _crop(picture, parts.total[z])


def picture_thickness(found: Morphometry) -> Rgb:
    """Return the local thickness of trabecular bone in the middle slice, with its bar: 0 to `thickness_scale_mm`."""
    z = found.thickness.shape[0] // 2
    parts = found.bone.compartments
    top = thickness_scale_mm(found) / found.voxel_mm
    shown = np.where(parts.trabecular[z], found.thickness[z], 0.0)
    picture = colour(shown / top)
    picture[shown == 0] = 0
    edge = parts.total[z] & ~parts.trabecular[z]
    picture[edge & (shown == 0)] = (40, 40, 44)
    cut = _crop(picture, parts.total[z])
    bar = np.repeat(colour(np.linspace(0, 1, cut.shape[1]))[None], _BAR_ROWS, axis=0)
    return np.concatenate([cut, np.zeros((_GAP_ROWS, cut.shape[1], 3), np.uint8), bar])


def thickness_scale_mm(found: Morphometry) -> float:
    """Return what the right end of the bar stands for, mm: the 99th percentile of local thickness, rounded up."""
    inside = found.thickness[found.bone.compartments.trabecular]
    inside = inside[inside > 0]
    top = float(np.percentile(inside, 99)) * found.voxel_mm if inside.size else found.voxel_mm
    return float(np.ceil(top * 20) / 20)


def colour(share: NDArray[np.floating]) -> Rgb:
    """Return the colours (..., 3) of shares of the scale; below 0 and above 1 the ends."""
    place = np.clip(share, 0.0, 1.0) * (len(_RAMP) - 1)
    lower = np.minimum(place.astype(np.int64), len(_RAMP) - 2)
    weight = (place - lower)[..., None]
    return np.asarray(np.rint(_RAMP[lower] * (1 - weight) + _RAMP[lower + 1] * weight), np.uint8)


def _crop(picture: Rgb, mask: NDArray[np.bool_]) -> Rgb:
    if not mask.any():
        return picture
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    top, left = max(int(rows[0]) - _MARGIN, 0), max(int(columns[0]) - _MARGIN, 0)
    return picture[top : int(rows[-1]) + 1 + _MARGIN, left : int(columns[-1]) + 1 + _MARGIN]

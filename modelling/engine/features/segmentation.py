"""Bone tissue in a calibrated HR-pQCT volume, by the recipe of each scanner generation (pure numpy and scipy).

XCT2  Gaussian of 0.8 voxel over 3 x 3 x 3; trabecular bone above 320, cortical bone above 450 mg HA/cm3.
XCT1  Laplace-Hamming: the volume less its Laplacian in voxels, both weighed 0.5, low-passed by a Hamming window that
      ends at 0.4 cycles a voxel, scaled so that what is even stays; bone above 40 % of the range, 400 mg HA/cm3
      (Laib & Rüegsegger, Bone 24:35, 1999; Burghardt et al., Bone 47:519, 2010).
      The papers leave the units of Laplacian and window open. By these, drawn rods and real bone come back at 81 um
      (docs/measurements.md); by the Nyquist frequency for either, two thirds of them are lost.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

XCT1, XCT2 = "xct1", "xct2"
RECIPES: Final = (XCT1, XCT2)
XCT1_FROM_MM: Final = 0.07
"""Voxels at least this large come from a first-generation scanner (82 um against 61 um)."""
COARSEST_MM: Final = 0.1
"""Larger voxels do not show trabeculae and pores of 0.2 mm: bias by size of voxel in docs/measurements.md."""

TRABECULAR_MG: Final = 320.0
CORTICAL_MG: Final = 450.0
"""mg HA/cm3 after smoothing, XCT2."""
_SIGMA: Final = 0.8
_LAPLACE: Final = 0.5
_CUTOFF: Final = 0.4
"""Cycles a voxel."""
_SHARP_MG: Final = 400.0
"""mg HA/cm3: 40 % of the range 0 to 1000, XCT1."""
_SPECKLE: Final = 5
"""Voxels: what is smaller is noise (XCT1 and XCT2 evaluations drop it as well)."""


@dataclass(frozen=True)
class Tissue:
    """Bone by the two levels. trabecular: (z, y, x) bool. cortical: (z, y, x) bool, the denser one; a part of it."""

    trabecular: Mask
    cortical: Mask
    recipe: str


def choose_recipe(spacing_mm: tuple[float, float, float]) -> str:
    """Return the recipe of the scanner that has voxels of this size."""
    return XCT1 if max(spacing_mm) >= XCT1_FROM_MM else XCT2


def segment(density: Floats32, recipe: str) -> Tissue:
    """Return the bone tissue of a volume.

    density: (z, y, x) float32, mg HA/cm3. Raises ValueError for another recipe, or where there is no bone.
    """
    if recipe == XCT2:
        smooth = smooth_within(density, _SIGMA)
        trabecular, cortical = smooth > TRABECULAR_MG, smooth > CORTICAL_MG
    elif recipe == XCT1:
        trabecular = sharpen(density) > _SHARP_MG
        cortical = trabecular
    else:
        raise ValueError(f"'{recipe}' is no recipe of segmentation; wanted one of {', '.join(RECIPES)}")
    kept = drop_specks(trabecular, _SPECKLE)
    if not kept.any():
        raise ValueError(f"no bone was found; the densest voxel has {density.max():.0f} mg HA/cm3")
    return Tissue(kept, np.asarray(cortical), recipe)


def smooth_within(density: Floats32, sigma: float, support: int = 1) -> Floats32:
    """Return a volume after a Gaussian. sigma: voxels. support: voxels to each side (1: over 3 x 3 x 3)."""
    found: Floats32 = ndimage.gaussian_filter(density, sigma, mode="nearest", radius=support)
    return found


def sharpen(density: Floats32) -> Floats32:
    """Return a volume after the Laplace-Hamming filter, in the same unit; what is even stays as it is.

    In the frequency domain: (1 + e / (1 - e) (2 pi f)^2) H(f) with e = 0.5, f in cycles a voxel and H the Hamming
    window 0.54 + 0.46 cos(pi f / fc) up to fc = 0.4, 0 beyond. The volume is mirrored at its faces.
    """
    margin = 8
    padded = np.pad(density, margin, mode="symmetric")
    shape = [fft.next_fast_len(n, real=True) for n in padded.shape]
    axes = [fft.fftfreq(n) for n in shape[:2]] + [fft.rfftfreq(shape[2])]
    square = np.asarray(
        axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2, np.float32
    )
    size = np.sqrt(square)
    window = np.where(size <= _CUTOFF, 0.54 + 0.46 * np.cos(np.pi * size / _CUTOFF), 0.0).astype(np.float32)
    gain = window * (1 + np.float32(_LAPLACE / (1 - _LAPLACE) * 4 * np.pi**2) * square)
    found = fft.irfftn(fft.rfftn(padded, shape) * gain, shape)
    inner = tuple(slice(margin, margin + n) for n in density.shape)
    return np.ascontiguousarray(found[inner], np.float32)


def drop_specks(mask: Mask, least: int) -> Mask:
    """Return a mask (z, y, x) without the pieces, joined by faces, of fewer than `least` voxels."""
    labels, n = ndimage.label(mask)
    if n == 0:
        return mask
    sizes = np.bincount(labels.ravel(), minlength=n + 1)
    sizes[0] = 0
    return np.asarray((sizes >= least)[labels])

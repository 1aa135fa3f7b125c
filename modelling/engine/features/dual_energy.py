"""Areal density from a pair of pictures at two energies (pure numpy).

aBMD = (L - R H) / (b_low - R b_high), L and H = -ln(I/I0) at the lower and the higher energy, R the ratio of soft
tissue's attenuation at both: any thickness of soft tissue cancels. Cameron and Sorenson, Science 142:230 (1963), for
one energy; Peppler and Mazess, Calcif Tissue Int 33:353 (1981), for two.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.floating]

_LEAST_PIXELS: Final = 50


@dataclass(frozen=True)
class BoneMineral:
    """Mass attenuation of bone mineral at the two energies of a scanner, cm2/g."""

    low: float
    high: float


def measure_soft_ratio(low: Picture, high: Picture, soft: NDArray[np.bool_]) -> float:
    """Return R, the attenuation of soft tissue at the lower over that at the higher energy, from the picture itself.

    low, high: (rows, columns), -ln(I/I0). soft: where there is soft tissue and no bone.
    Raises ValueError where there are fewer than 50 such pixels, or they hold nothing.
    """
    if soft.sum() < _LEAST_PIXELS or not (high[soft] > 0).all():
        raise ValueError(f"{int(soft.sum())} pixels of soft tissue; wanted {_LEAST_PIXELS} that attenuate")
    return float((low[soft].astype(np.float64) * high[soft]).sum() / (high[soft].astype(np.float64) ** 2).sum())


def areal_density(low: Picture, high: Picture, soft_ratio: float, mineral: BoneMineral) -> NDArray[np.float64]:
    """Return bone mineral, g/cm2, of each pixel (rows, columns).

    low, high: -ln(I/I0). Raises ValueError where the shapes differ, or bone cannot be told from soft tissue.
    """
    if low.shape != high.shape:
        raise ValueError(f"the pictures of the two energies are {low.shape} and {high.shape} pixels; wanted alike")
    weight = mineral.low - soft_ratio * mineral.high
    if weight <= 0:
        raise ValueError(
            f"soft tissue's ratio {soft_ratio:.3f} is not below that of bone mineral {mineral.low / mineral.high:.3f}"
        )
    return np.asarray((low.astype(np.float64) - soft_ratio * high) / weight)

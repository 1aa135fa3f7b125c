"""Texture of a region of a radiograph (pure numpy)."""

import numpy as np
from numpy.typing import NDArray

LAGS = (1, 2, 3, 4, 5, 6)
"""Distances, in pixels."""


def slope_of_variogram(region: NDArray[np.floating]) -> float:
    """Return the slope of log V(d) on log d over LAGS, V(d) the mean of (I(x + d) - I(x))2 along rows and columns.

    region: (y, x), at least 16 by 16. No unit: near 0 where neighbours are as different as far pixels, 2 on a smooth
    ramp. A fractional Brownian surface of Hurst exponent H gives 2 H.
    Raises ValueError for a region that is too small, or flat.
    """
    values = np.asarray(region, np.float64)
    if min(values.shape) < 16:
        raise ValueError(f"a region of {values.shape} pixels is too small for a variogram; wanted 16 by 16")
    steps = [
        (np.square(values[lag:] - values[:-lag]).mean() + np.square(values[:, lag:] - values[:, :-lag]).mean()) / 2
        for lag in LAGS
    ]
    if min(steps) <= 0:
        raise ValueError("the region is flat, so its variogram has no slope")
    return float(np.polyfit(np.log(LAGS), np.log(steps), 1)[0])


def take_plane_off(region: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return a region (y, x) without its least-squares plane, so that a slope of soft tissue is no texture."""
    values = np.asarray(region, np.float64)
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    design = np.stack([np.ones(values.size), y.ravel(), x.ravel()], axis=1)
    found, *_ = np.linalg.lstsq(design, values.ravel(), rcond=None)
    return np.asarray(values - (design @ found).reshape(values.shape))

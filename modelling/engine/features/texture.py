"""Texture of a region of a radiograph (pure numpy)."""

import numpy as np
from numpy.typing import NDArray

LEAST_SPECTRUM = 32
"""Pixels along the shorter side, below which a spectrum has too few rings."""
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


def power_spectrum(region: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequency (cycles a pixel) and mean power of a region (y, x), ring by ring, under a Hann window."""
    values = take_plane_off(region)
    rows, columns = values.shape
    window = np.hanning(rows + 2)[1:-1, None] * np.hanning(columns + 2)[None, 1:-1]
    power = np.abs(np.fft.rfft2(values * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None, :])
    step = 1.0 / min(rows, columns)
    ring = np.round(frequency / step).astype(np.int64)
    n = np.bincount(ring.ravel())
    mean_power = np.bincount(ring.ravel(), power.ravel()) / np.maximum(n, 1)
    mean_frequency = np.bincount(ring.ravel(), frequency.ravel()) / np.maximum(n, 1)
    return mean_frequency, mean_power


def fractal_dimension(region: NDArray[np.floating]) -> float:
    """Return D = (8 + s) / 2, s the slope of log power on log frequency (a fractional Brownian surface: D = 3 - H).

    region: (y, x), at least 32 by 32. Fitted from 3 rings up, where the window no longer reaches, to 0.35 cycles a
    pixel, below the grid's own corners. No unit. Raises ValueError for a region that is too small, or flat.
    """
    if min(region.shape) < LEAST_SPECTRUM:
        raise ValueError(f"a region of {region.shape} pixels is too small for a spectrum; wanted {LEAST_SPECTRUM}")
    frequency, power = power_spectrum(region)
    used = (np.arange(frequency.size) >= 3) & (frequency <= 0.35)
    if not (power[used] > 0).all() or power[used].max() <= 1e-24:
        raise ValueError("the region is flat, so its spectrum has no slope")
    slope = float(np.polyfit(np.log(frequency[used]), np.log(power[used]), 1)[0])
    return (8.0 + slope) / 2.0

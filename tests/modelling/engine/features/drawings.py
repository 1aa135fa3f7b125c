"""Images drawn from formulas, so that the truth is known without any of our code."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]


def draw_ring(
    shape: tuple[int, int], centre: tuple[float, float], outer: float, inner: float, density: float
) -> Floats:
    """Return a slice (y, x) that holds a hollow cylinder seen from its end; radii in pixels."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(y - centre[0], x - centre[1])
    return np.where((distance < outer) & (distance >= inner), density, 0.0)


def draw_forearm_slice(
    *, radius: tuple[float, float], ulna: tuple[float, float], pixel_mm: float, core: float = 0.0, thumb_is_right: bool
) -> Floats:
    """Return a slice (y, x) of two hollow bones of 1000 mg HA/cm3; radii (outer, inner) in mm, `core` inside both."""
    found = np.zeros((400, 600))
    for (outer, inner), column in ((radius, 420 if thumb_is_right else 180), (ulna, 180 if thumb_is_right else 420)):
        found += draw_ring((400, 600), (200, column), outer / pixel_mm, inner / pixel_mm, 1000.0)
        found += draw_ring((400, 600), (200, column), inner / pixel_mm, 0.0, core)
    return found


def path_through_tube(x: Floats, centre: float, outer: float, inner: float) -> Floats:
    """Return the length of wall that a ray at x meets in a round tube: 2 sqrt(R2 - x2) - 2 sqrt(r2 - x2)."""
    square = (x - centre) ** 2
    return np.asarray(2 * np.sqrt(np.maximum(outer**2 - square, 0)) - 2 * np.sqrt(np.maximum(inner**2 - square, 0)))


def draw_film(
    *,
    radius: tuple[float, float],
    ulna: tuple[float, float],
    pixel_mm: float,
    rows: int = 260,
    columns: int = 400,
    blur_mm: float = 0.0,
    noise: float = 0.0,
) -> Floats:
    """Return a film (1, rows, columns) of two straight tubes in an arm; radii (outer, inner) in mm, thumb left.

    The radius lies 22 mm, the ulna 42 mm from the left border; the arm's own shadow is an ellipse. blur_mm: sigma of
    the whole profile. noise: SD of each pixel.
    """
    steps = 16
    fine = (np.arange(columns * steps) + 0.5) / steps * pixel_mm
    middle = columns * pixel_mm / 2
    arm = 0.6 * np.sqrt(np.maximum(1 - ((fine - middle) / (0.48 * columns * pixel_mm)) ** 2, 0))
    profile = arm + 0.08 * path_through_tube(fine, 22.0, *radius) + 0.08 * path_through_tube(fine, 42.0, *ulna)
    if blur_mm:
        profile = gaussian_filter1d(profile, blur_mm / pixel_mm * steps, mode="nearest")
    film = np.broadcast_to(profile.reshape(-1, steps).mean(axis=1), (rows, columns))[None].copy()
    return film + noise * np.random.default_rng(3).standard_normal(film.shape)


def draw_exact_brownian(n: int, hurst: float, seed: int = 1) -> Floats:
    """Return a surface (n, n) whose power falls as k^-(2 H + 2) on its own grid, from a larger one so that it has
    borders."""
    rng = np.random.default_rng(seed)
    size = 2 * n
    k = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    k[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * k ** -(hurst + 1)
    spectrum[0, 0] = 0.0
    return np.fft.irfft2(spectrum)[:n, :n]


def draw_brownian(n: int, hurst: float, seed: int = 1) -> Floats:
    """Return a surface (n, n) whose power falls as k^-(2 H + 2): fractional Brownian motion of that exponent.

    Only each sixth point is taken: what is finer than the grid belongs to such a surface too.
    """
    rng = np.random.default_rng(seed)
    size = 12 * n
    k = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    k[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * k ** -(hurst + 1)
    spectrum[0, 0] = 0.0
    return np.fft.irfft2(spectrum)[: 6 * n : 6, : 6 * n : 6]

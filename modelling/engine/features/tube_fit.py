"""A blurred tube fitted to a profile across a long bone (pure).

A ray through an ellipse meets a chord that goes with sqrt(1 - u2), whatever its depth. So the shadow of a tube with
elliptic outline and elliptic marrow, wherever the marrow lies, is A sqrt(1 - u2) - B sqrt(1 - v2); the focal spot, the
detector and a slight slant of the bone blur it by a Gaussian; soft tissue adds a smooth background. No bone is an
ellipse as a whole, so each side has its own A, B and background, and the middle of the marrow is not looked at. Edges
read from peaks and half-heights move outwards with blur, and the cortices come out too thin: fitted edges do not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import least_squares

Floats = NDArray[np.float64]

FINE: Final = 4
"""Steps a pixel is divided into, where the blur acts."""
LOOSE_MM: Final = 1.5
"""How far an edge may lie from where it was first seen."""
WORST_BLUR_MM: Final = 1.2
SIDE_SHARE: Final = 0.30
"""How far into the marrow, as a share of it, each side is looked at."""


@dataclass(frozen=True)
class Tube:
    """Edges of a tube in pixels: outer left and right, inner left and right; sigma of the blur in pixels; the rest.

    misfit: root mean square of what the fit leaves, as a share of the profile's range.
    """

    outer: tuple[float, float]
    inner: tuple[float, float]
    blur: float
    misfit: float


def fit_tube(
    profile: Floats,
    outer: tuple[float, float],
    inner: tuple[float, float],
    pixel_mm: float,
    blur: float | None = None,
) -> Tube:
    """Return the tube that a profile shows.

    profile: grey values that are linear in the path, soft tissue at both ends and one bone between. outer, inner:
    columns of its edges as first seen. blur: sigma in pixels where it is known; else it is fitted, too.
    Raises ValueError where the profile is flat or too short for the edges.
    """
    spread = float(np.ptp(profile))
    if spread <= 0 or profile.size < 12:
        raise ValueError(f"a profile of {profile.size} pixels and range {spread:g} shows no tube")
    seen = np.array([*outer, *inner])
    loose, least = LOOSE_MM / pixel_mm, 0.5
    worst = WORST_BLUR_MM / pixel_mm
    low = np.array([*np.maximum(seen - loose, -least), 0.05 if blur is None else blur - 1e-6])
    high = np.array([*np.minimum(seen + loose, profile.size - 1 + least), worst if blur is None else blur + 1e-6])
    start = np.clip(np.array([*seen, max(0.6, 0.15 / pixel_mm)]), low + 1e-7, high - 1e-7)
    if (start[:4] >= high[:4]).any() or (start[:4] <= low[:4]).any():
        raise ValueError("the edges of the bone lie outside of the profile")
    found = least_squares(
        _misfit,
        start,
        bounds=(low, high),
        args=(profile / spread, seen),
        x_scale=0.2,
        xtol=1e-5,
        ftol=1e-6,
        max_nfev=60,
    )
    left, right, inner_left, inner_right, spread_px = (float(one) for one in found.x)
    if not left < inner_left < inner_right < right:
        raise ValueError("the walls of the bone cannot be told apart in its profile")
    return Tube((left, right), (inner_left, inner_right), spread_px, float(np.sqrt(np.mean(found.fun**2))))


def _misfit(edges: Floats, profile: Floats, seen: Floats) -> Floats:
    """Return what the best mixture of outline, marrow and soft tissue leaves of both sides of a profile."""
    left, right, inner_left, inner_right, blur = edges
    middle = seen.mean()
    depth = SIDE_SHARE * (seen[3] - seen[2])
    rest = []
    for outer, inner, wanted in (
        (left, inner_left, slice(0, round(seen[2] + depth) + 1)),
        (right, inner_right, slice(round(seen[3] - depth), profile.size)),
    ):
        chords = [sorted((one, 2 * middle - one)) for one in (outer, inner)]
        shadows = [shadow_of_ellipse(profile.size, low, high, blur) for low, high in chords]
        place = np.linspace(-1.0, 1.0, profile.size)
        design = np.stack([*shadows, np.ones(profile.size), place], axis=1)[wanted]
        weights, *_ = np.linalg.lstsq(design, profile[wanted], rcond=None)
        rest.append(design @ weights - profile[wanted])
    return np.concatenate(rest)


def shadow_of_ellipse(n: int, left: float, right: float, blur: float) -> Floats:
    """Return the mean chord of an ellipse over each of n pixels, largest 1, blurred by `blur` pixels.

    left, right: its edges, in pixels; pixel k reaches from k - 1/2 to k + 1/2.
    """
    reach = int(np.ceil(4 * blur)) + 1
    borders = np.arange(-reach * FINE, (n + reach) * FINE + 1) / FINE - 0.5
    u = np.clip((borders - (left + right) / 2) / ((right - left) / 2), -1.0, 1.0)
    area = (u * np.sqrt(1 - u**2) + np.arcsin(u)) / 2
    mean = np.diff(area) * (right - left) / 2 * FINE
    blurred = gaussian_filter1d(mean, blur * FINE, mode="nearest")
    return np.asarray(blurred[reach * FINE : (reach + n) * FINE].reshape(n, FINE).mean(axis=1))

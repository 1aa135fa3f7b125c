"""Volumes drawn from formulas, so that the truth is known without any of our code."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]


def draw_plates(width: int, gap: int, n: int = 3, side: int = 24) -> Mask:
    """Return n plates (z, y, x) of a width with gaps between them, across the whole volume; the first begins at z 0."""
    mask = np.zeros((n * (width + gap), side, side), np.bool_)
    for number in range(n):
        begin = number * (width + gap)
        mask[begin : begin + width] = True
    return mask


def draw_plate(width: int, side: int, margin: int = 3) -> Mask:
    """Return one plate across the volume with nothing above and below it."""
    mask = np.zeros((width + 2 * margin, side, side), np.bool_)
    mask[margin : margin + width] = True
    return mask


def draw_sphere(radius: float, offset: tuple[float, float, float] = (0, 0, 0), *, closed: bool = True) -> Mask:
    """Return the voxels whose centre lies in a sphere; `closed` takes those on its surface too."""
    n = int(2 * radius + 6) | 1
    z, y, x = (np.arange(n) - n // 2 - one for one in offset)
    square = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2
    return np.asarray(square <= radius**2 if closed else square < radius**2)


def draw_disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> Mask:
    """Return the pixels (y, x) whose centre lies in a disc."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2)


def draw_tube(n_z: int, outer: float, inner: float, side: int) -> tuple[Mask, Mask]:
    """Return (whole, marrow space) of a hollow cylinder along z, both (z, y, x)."""
    middle = ((side - 1) / 2, (side - 1) / 2)
    whole, marrow = (draw_disc((side, side), middle, radius) for radius in (outer, inner))
    return np.repeat(whole[None], n_z, 0), np.repeat(marrow[None], n_z, 0)


def drill(bone: Mask, n: int, at_radius: float, width: int = 4) -> Mask:
    """Return where n canals of `width` voxels' diameter run along z, evenly around the axis of a tube."""
    side = bone.shape[1]
    canals = np.zeros(bone.shape[1:], np.bool_)
    for angle in np.arange(n) * 2 * np.pi / n:
        centre = ((side - 1) / 2 + at_radius * np.sin(angle), (side - 1) / 2 + at_radius * np.cos(angle))
        canals |= draw_disc((side, side), centre, width / 2)
    return np.repeat(canals[None], bone.shape[0], 0)


def draw_bone(n_z: int = 20, side: int = 150, seed: int = 1) -> Floats:
    """Return a radius-like volume, mg HA/cm3: a shell of 12 voxels, rods across the marrow space, a little noise."""
    whole, marrow = draw_tube(n_z, 62, 50, side)
    z, y, x = np.ogrid[:n_z, :side, :side]
    rods = ((z % 14 - 6.5) ** 2 + (y % 14 - 6.5) ** 2 < 6.3) | ((y % 14 - 6.5) ** 2 + (x % 14 - 6.5) ** 2 < 6.3)
    density = np.where(whole & ~marrow, 900.0, np.where(marrow & rods, 850.0, 0.0))
    return (density + np.random.default_rng(seed).normal(0, 20, density.shape)).astype(np.float32)


def read_trab1240() -> tuple[Mask, tuple[float, float, float]]:
    """Return the real trabecular volume (z, y, x) and its spacing (z, y, x) in mm; skips where it is absent."""
    root = Path(__file__).resolve().parents[5]
    shared = Path(os.environ.get("TRABECULA_TEST_DATA", str(root.parent / "shared" / "data")))
    path = shared / "gpl_reference" / "trab1240_trab1240_labels.npz"
    if not path.exists():
        pytest.skip(f"the real volume {path.name} is absent; set TRABECULA_TEST_DATA")
    with np.load(path) as found:
        x, y, z = (float(step) for step in found["spacing_xyz"])
        return np.asarray(found["labels"] > 0), (z, y, x)


def scan_rods(diameter_mm: float, voxel_mm: float, n: int = 40) -> tuple[Floats, float]:
    """Return rods along the three axes, 0.75 mm apart, as a scanner sees them (mg HA/cm3), and their true BV/TV.

    900 mg HA/cm3, averaged over the voxels, blurred by 0.7 voxel, with a little noise. They do not touch.
    """
    apart, parts = 0.75, 4
    place = np.arange(n * parts) * voxel_mm / parts
    z, y, x = np.meshgrid(place, place, place, indexing="ij", sparse=True)

    def square(one: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
        return np.asarray(((one - shift + apart / 2) % apart - apart / 2) ** 2)

    reach = diameter_mm**2 / 4
    rods = square(z, 0.1) + square(y, 0.1 + apart / 2) < reach
    rods = rods | (square(y, 0.1) + square(x, 0.1 + apart / 2) < reach)
    rods = rods | (square(x, 0.1) + square(z, 0.1 + apart / 2) < reach)
    share = rods.reshape(n, parts, n, parts, n, parts).mean(axis=(1, 3, 5))
    seen = gaussian_filter(900.0 * share, 0.7, mode="nearest")
    noise = np.random.default_rng(1).normal(0, 30, seen.shape)
    return (seen + noise).astype(np.float32), float(rods.mean())

"""HR-pQCT of the distal forearm: density of every voxel with the scanner's blur, noise and movement. Pure."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from modelling.engine.phantom.anatomy import NOISE_HRPQCT, Grid
from modelling.engine.phantom.filling import dress
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.scanner import check_motion, to_density
from modelling.engine.phantom.twin import Twin

PSF_VOXELS = 0.7
"""Sigma of the point spread."""
NOISE_MG = 45.0
"""SD of the noise of a voxel of 61 um, mg HA/cm3; it falls with the root of the voxel's volume."""
MARGIN_MM = 1.5
_WORST_MOTION_MM = 0.6
"""How far from its mean place the arm is on average (root mean square) at motion 1."""
_SLAB = 24


def make_hrpqct(twin: Twin, person: Person, side: str, motion: float = 0.0, repeat: int = 0) -> NDArray[np.float32]:
    """Return the stack (z, y, x) of radius and ulna, mg HA/cm3; row 0 is the back of the hand, slice 0 the distal one.

    side: L or R. motion: 0 to 1. repeat: how often the same arm was scanned before; each scan has noise of its own.
    Raises ValueError if the twin's microstructure is averaged, or `motion` is outside 0 to 1.
    """
    if twin.lattices is None or twin.voxel_mm is None:
        raise ValueError("an HR-pQCT of averaged bone; wanted a twin with voxels of 0.15 mm or finer")
    check_motion(motion)
    rng = person.stream(NOISE_HRPQCT if repeat == 0 else 2000 + repeat)
    stack = _lay_out(twin)
    stack = _move(stack, motion, twin.voxel_mm, rng)
    ndimage.gaussian_filter(stack, PSF_VOXELS, output=stack, mode="nearest", truncate=4.0)
    spread = np.float32(NOISE_MG * (0.061 / twin.voxel_mm) ** 1.5)
    for start in range(0, stack.shape[0], _SLAB):
        part = stack[start : start + _SLAB]
        part += spread * rng.standard_normal(part.shape, dtype=np.float32)
    # Seen from the hand, a right forearm has its thumb on the right.
    return np.ascontiguousarray(stack[:, ::-1, ::-1] if side == "L" else stack[:, ::-1])


def _lay_out(twin: Twin) -> NDArray[np.float32]:
    """Return density (z, y, x) of both bones in their arm, without blur and noise, on one box of voxels."""
    assert twin.voxel_mm is not None
    step = twin.voxel_mm
    places = [[round(float(axis[0]) / step) for axis in (one.grid.y, one.grid.x)] for one in twin.segments]
    spans = [(one.grid.y.size, one.grid.x.size) for one in twin.segments]
    margin = round(MARGIN_MM / step)
    low = [min(place[k] for place in places) - margin for k in (0, 1)]
    high = [max(p[k] + s[k] for p, s in zip(places, spans, strict=True)) + margin for k in (0, 1)]
    z = twin.segments[0].grid.z
    y, x = (step * np.arange(a, b) for a, b in zip(low, high, strict=True))
    stack = np.empty((z.size, y.size, x.size), np.float32)
    for start in range(0, z.size, _SLAB):
        rows = slice(start, min(start + _SLAB, z.size))
        ha, marrow = (np.zeros((rows.stop - rows.start, y.size, x.size), np.float32) for _ in range(2))
        for segment, place, span in zip(twin.segments, places, spans, strict=True):
            box = (slice(None), *(slice(p - a, p - a + n) for p, a, n in zip(place, low, span, strict=True)))
            ha[box] += segment.mineral[rows]
            marrow[box] += segment.marrow[rows]
        stack[rows] = to_density(dress(twin.forearm, Grid(z[rows], y, x), ha, marrow))
    return stack


def _move(stack: NDArray[np.float32], motion: float, voxel_mm: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the stack as the mean of where the arm was during the scan; it drifts on between slices."""
    if motion == 0.0:
        return stack
    steps = np.cumsum(rng.standard_normal((4, 2)), axis=0)
    steps -= steps.mean(axis=0)
    steps *= motion * _WORST_MOTION_MM / voxel_mm / np.sqrt((steps**2).sum(axis=1).mean())
    moved = np.zeros_like(stack)
    for dy, dx in steps.tolist():
        moved += np.roll(stack, (round(dy), round(dx)), axis=(1, 2)) / np.float32(len(steps))
    return moved

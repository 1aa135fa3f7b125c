"""The resolved forearm: radius and ulna slice by slice at the voxel asked for, walls, canals and trabeculae. Pure.

The same outlines as `filling`, but what `filling` averages is here drawn: trabeculae everywhere, canals in the segment
that an HR-pQCT looks at (elsewhere the cortex holds its average). The arm is never held whole: slices pass by, and what
an image needs of them is kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from modelling.engine.phantom.anatomy import (
    CANALS,
    PATTERN,
    Bone,
    Forearm,
    Grid,
    end_depth,
    flatness,
    polar_of,
)  # fmt: skip
from modelling.engine.phantom.kernels import drill, fill_slice
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.texture import Field, level_of, make_field

Floats = NDArray[np.floating]

FINEST_MM, COARSEST_MM = 0.03, 0.15
"""Voxels at which a trabecula is drawn and not averaged."""
KEPT_PLATES = 0.65
"""Share of each plate that is left when it is perforated; the rest of the bone is thicker for it."""
KEEP_LEVEL = 0.38532046640756773
"""A standard normal number is below it with the probability KEPT_PLATES."""
CANAL_MM, CANAL_SPREAD, CANAL_TILT = 0.085, 0.35, 0.176
"""Median radius of a canal a scanner can see, the spread of its logarithm, and the tangent of 10 degrees."""
CANAL_LENGTH_MM = 4.0


@dataclass(frozen=True)
class Lattice:
    """The voxels of one bone: a box (y, x) about its axis, and the pattern that fills it."""

    bone: Bone
    grid: Grid
    """Of the box; its z is one voxel apart as well."""
    field: Field
    angle: NDArray[np.uint16]
    reach: NDArray[np.float32]
    at: tuple[float, float]
    """The axis (y, x), mm."""
    core_tissue: float
    """Mineral of a trabecula, g/cm3."""


@dataclass(frozen=True)
class Segment:
    """What an HR-pQCT scans of one bone: arrays (z, y, x)."""

    mineral: NDArray[np.float32]
    """g HA/cm3."""
    marrow: NDArray[np.float32]
    """Share of a voxel inside the wall."""
    grid: Grid


def make_lattices(forearm: Forearm, person: Person, voxel_mm: float) -> tuple[Lattice, Lattice]:
    """Return radius and ulna, ready to be cut into slices of `voxel_mm`.

    Raises ValueError for a voxel at which trabeculae cannot be drawn.
    """
    if not FINEST_MM <= voxel_mm <= COARSEST_MM:
        raise ValueError(f"a voxel of {voxel_mm} mm; wanted {FINEST_MM} to {COARSEST_MM} mm to draw trabeculae")
    field = make_field(person.tb_n, voxel_mm, person.stream(PATTERN))
    # The ulna has the same pattern elsewhere: nothing of one bone is found again at its place in the other.
    other = np.roll(field, tuple(n // 3 for n in field.shape), axis=(0, 1, 2))
    found = []
    for bone, pattern in ((forearm.radius, field), (forearm.ulna, other)):
        reach = float(bone.outline.max()) + 3 * voxel_mm
        n = int(np.ceil(reach / voxel_mm))
        across = voxel_mm * np.arange(-n, n + 1)
        # The box is symmetric about the axis, and z is counted from the joint, so bones and slices share one lattice.
        z = voxel_mm * np.arange(round(bone.z[0] / voxel_mm), round(bone.z[-1] / voxel_mm))
        distance, angle = polar_of(across, across)
        y_used = np.abs(across) <= float(_half_depth(bone)) + 3 * voxel_mm
        # On whole voxels, so that both bones cast their shadow on the same pixels.
        at_y, at_x = (voxel_mm * round(place / voxel_mm) for place in (bone.y0, bone.x0))
        grid = Grid(z, at_y + across[y_used], at_x + across)
        places = angle[y_used].astype(np.uint16)
        found.append(Lattice(bone, grid, pattern, places, distance[y_used], (at_y, at_x), person.tb_tissue / 1e3))
    return found[0], found[1]


def _half_depth(bone: Bone) -> float:
    angles = np.linspace(-np.pi, np.pi, bone.outline.shape[1], endpoint=False)
    return float(np.abs(bone.outline * np.sin(angles)[None, :]).max())


def cut(lattice: Lattice, first: int, count: int) -> Segment:
    """Return slices `first` to `first + count` of a lattice."""
    bone, grid = lattice.bone, lattice.grid
    z = grid.z[first : first + count]
    step = np.float32(grid.steps[1])
    heights = np.stack([np.interp(z, bone.z, column) for column in (bone.cortex, bone.core)], axis=1)
    outlines, walls = (_at_heights(bone.z, values, z) for values in (bone.outline, bone.wall))
    flats = flatness(outlines)
    levels = level_of(heights[:, 1] / lattice.core_tissue / KEPT_PLATES)
    shape = (z.size, grid.y.size, grid.x.size)
    mineral, marrow = np.empty(shape, np.float32), np.empty(shape, np.float32)
    n_z, n_y, n_x = lattice.field.shape
    for k in range(z.size):
        end = end_depth(bone, z[k : k + 1], grid.y - lattice.at[0], grid.x - lattice.at[1])[0]
        place = (first + k) % n_z
        field = lattice.field[place]
        other = np.roll(lattice.field[(place + n_z // 2) % n_z], (n_y // 2, n_x // 2), axis=(0, 1))
        numbers = (bone.corner_mm, levels[k], KEEP_LEVEL, step, heights[k, 0], lattice.core_tissue)
        fill_slice(
            (outlines[k], flats[k], walls[k]), (field, other), (lattice.angle, lattice.reach, end),
            tuple(np.float32(number) for number in numbers), mineral[k], marrow[k],
        )  # fmt: skip
    return Segment(mineral, marrow, Grid(z, grid.y, grid.x))


def _at_heights(source: Floats, values: Floats, z: Floats) -> NDArray[np.float32]:
    """Return (height, angle) rows between those of the bone's list."""
    place = np.clip((z - source[0]) / (source[1] - source[0]), 0, source.size - 1.000001)
    low = place.astype(int)
    share = (place - low)[:, None]
    return np.asarray(values[low] * (1 - share) + values[low + 1] * share, np.float32)


def resolve(segment: Segment, lattice: Lattice, person: Person, purpose: int) -> Segment:
    """Return a segment with its canals drilled and its loose splinters gone.

    The cortex loses exactly Ct.Po of its voxels; what is left holds ct_vbmd / (1 - Ct.Po), so its mass stays.
    """
    mineral = segment.mineral.copy()
    wall = lattice.bone
    cortex = np.interp(segment.grid.z, wall.z, wall.cortex).astype(np.float32)[:, None, None]
    shell = ((segment.marrow == 0) & (mineral >= 0.999 * cortex)).astype(np.uint8)
    wanted = round(person.ct_po * int(shell.sum()))
    canals = _lay_canals(lattice, segment.grid, person.stream(CANALS + 10 * purpose), shell.sum())
    drill(shell, canals, wanted, np.float32(segment.grid.steps[1]))
    gone = float((shell == 2).sum()) / max(1, int((shell > 0).sum()))
    mineral[shell == 1] /= np.float32(1.0 - gone)
    mineral[shell == 2] = 0.0
    return Segment(drop_splinters(mineral), segment.marrow, segment.grid)


def drop_splinters(mineral: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return mineral without what hangs on nothing: only the largest piece of bone stays.

    Pieces that touch by an edge or a corner are one: a thin slanted plate is no more than that in its voxels.
    """
    labels, n = ndimage.label(mineral > 0.2, np.ones((3, 3, 3)))
    if n < 2:
        return mineral
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    loose = (labels > 0) & (labels != int(np.argmax(sizes)))
    return np.asarray(np.where(loose, np.float32(0), mineral))


def _lay_canals(lattice: Lattice, grid: Grid, rng: np.random.Generator, n_shell: int) -> NDArray[np.float32]:
    """Return more canals than will be needed, (n, 7) as `drill` wants them, in a random order."""
    bone, voxel = lattice.bone, grid.steps[1]
    radius = CANAL_MM * np.exp(CANAL_SPREAD * rng.standard_normal(6000))
    mean = CANAL_LENGTH_MM * np.pi * float((radius**2).mean()) / voxel**3
    n = min(radius.size, 200 + int(0.5 * n_shell / mean))
    turn = rng.integers(0, bone.outline.shape[1], n)
    share = rng.uniform(0.12, 0.92, n)
    middle = rng.uniform(grid.z[0] - 1.0, grid.z[-1] + 1.0, n)
    length = CANAL_LENGTH_MM * rng.uniform(0.4, 1.6, n)
    place = np.clip(np.searchsorted(bone.z, middle), 0, bone.z.size - 1)
    # A canal follows its wall: the bone narrows upwards, so the same share of the depth is kept at both ends.
    ends = []
    for sign in (-0.5, 0.5):
        other = np.clip(np.searchsorted(bone.z, middle + sign * length), 0, bone.z.size - 1)
        angle = turn + sign * CANAL_TILT * length * rng.standard_normal(n) / bone.outline[place, turn] * 114.6
        whole = np.round(angle).astype(int) % bone.outline.shape[1]
        r = bone.outline[other, whole] - share * bone.wall[other, whole]
        phi = -np.pi + 2 * np.pi * whole / bone.outline.shape[1]
        y, x = lattice.at[0] + r * np.sin(phi) - grid.y[0], lattice.at[1] + r * np.cos(phi) - grid.x[0]
        ends.append((middle + sign * length - grid.z[0], y, x))
    return np.stack([*ends[0], *ends[1], radius[:n]], axis=1).astype(np.float32)

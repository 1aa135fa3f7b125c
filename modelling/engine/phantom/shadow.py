"""What an X-ray meets on its way through the hand: the forearm seen along y, on any pixels. Pure.

The long bones are cast from voxels, coarse or fine, and every gram of theirs is kept; hand, skin and the fat under it
are smooth, so their paths are written down.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.anatomy import GRAIN_GRID, HAND, MUSCLE_GRID, Forearm, Grid, blend, skin_at
from modelling.engine.phantom.attenuation import FAT_DENSITY, HA_DENSITY
from modelling.engine.phantom.filling import interpolate_matrix, put_bone, yellow_share
from modelling.engine.phantom.fine import Lattice, Segment, cut
from modelling.engine.phantom.hand import SHELL, list_lenses, thickness
from modelling.engine.phantom.person import Person

Floats = NDArray[np.floating]

COARSE_MM = (0.4, 1.0, 0.25)
"""Voxel (z, y, x) at which bones are cast when trabeculae are averaged."""
MUSCLE_FAT = 0.04
"""Share of fat between the muscles."""
_SLICES_AT_ONCE = 64


@dataclass(frozen=True)
class Paths:
    """Mass along each ray, g/cm2: three arrays (rows, columns); z runs down the rows."""

    ha: Floats
    water: Floats
    fat: Floats


@dataclass(frozen=True)
class Shadow:
    """The long bones seen along y: arrays (z, x)."""

    z: Floats
    x: Floats
    ha: Floats
    """g/cm2."""
    marrow: Floats
    """Marrow on the way, cm."""


def cast_coarse(forearm: Forearm) -> Shadow:
    """Return the shadow of averaged bones."""
    z = np.arange(-14.0, 113.0, COARSE_MM[0])
    x = np.arange(-38.0, 20.0, COARSE_MM[2])
    found = Shadow(z, x, np.zeros((z.size, x.size)), np.zeros((z.size, x.size)))
    for bone in (forearm.radius, forearm.ulna):
        reach = float(bone.outline.max()) + 1.0
        y = np.arange(bone.y0 - reach, bone.y0 + reach, COARSE_MM[1])
        columns = slice(int(np.searchsorted(x, bone.x0 - reach)), int(np.searchsorted(x, bone.x0 + reach)))
        ha = np.zeros((z.size, y.size, x[columns].size), np.float32)
        marrow = np.zeros_like(ha)
        put_bone(ha, marrow, bone, forearm, Grid(z, y, x[columns]))
        _add(found, slice(0, z.size), columns, ha, marrow, COARSE_MM[1])
    return found


def cast_fine(lattices: tuple[Lattice, Lattice], scanned: tuple[Segment, Segment]) -> Shadow:
    """Return the shadow of resolved bones; where a segment was scanned, it is that segment's."""
    step = lattices[0].grid.steps[1]
    lows = [round(float(one.grid.x[0]) / step) for one in lattices]
    highs = [round(float(one.grid.x[-1]) / step) for one in lattices]
    x = step * np.arange(min(lows), max(highs) + 1)
    z = lattices[0].grid.z
    found = Shadow(z, x, np.zeros((z.size, x.size)), np.zeros((z.size, x.size)))
    for lattice, segment, low in zip(lattices, scanned, lows, strict=True):
        columns = slice(low - min(lows), low - min(lows) + lattice.grid.x.size)
        begin = round((float(segment.grid.z[0]) - float(z[0])) / step)
        end = begin + segment.grid.z.size
        _add(found, slice(begin, end), columns, segment.mineral, segment.marrow, step)
        for first, last in ((0, begin), (end, z.size)):
            for start in range(first, last, _SLICES_AT_ONCE):
                part = cut(lattice, start, min(_SLICES_AT_ONCE, last - start))
                rows = slice(start, start + part.grid.z.size)
                _add(found, rows, columns, part.mineral, part.marrow, step)
    return found


def _add(shadow: Shadow, rows: slice, columns: slice, ha: Floats, marrow: Floats, step_mm: float) -> None:
    """Add bones (z, y, x) to a shadow: mineral in g/cm3, marrow and trabeculae as a share of the voxel."""
    shadow.ha[rows, columns] += ha.sum(axis=1, dtype=np.float64) * (step_mm / 10.0)
    room = (marrow * (1.0 - ha / np.float32(HA_DENSITY))).sum(axis=1, dtype=np.float64)
    shadow.marrow[rows, columns] += room * (step_mm / 10.0)


def look(shadow: Shadow, forearm: Forearm, person: Person, z: Floats, x: Floats) -> Paths:
    """Return the mass on the way to each pixel (z, x): pixel centres, mm, rising and evenly spaced."""
    over_z, over_x = _matrix(shadow.z, z), _matrix(shadow.x, x)
    ha, marrow = over_z @ shadow.ha @ over_x.T, over_z @ shadow.marrow @ over_x.T
    hand, spongy = cast_hand(forearm, person, z, x)
    inside, deep = cast_skin(forearm, z, x)
    yellow = yellow_share(z)[:, None] * marrow + 0.6 * spongy
    ha = ha + hand
    room = np.maximum(inside - ha / HA_DENSITY, 0.0)
    muscle = MUSCLE_FAT * (1.0 + 0.8 * _join(MUSCLE_GRID, forearm.muscle, z, x)) * np.maximum(deep, 0.0)
    fat = np.minimum(room, np.maximum(inside - deep, 0.0) + yellow + np.maximum(muscle, 0.0))
    return Paths(ha=ha, water=room - fat, fat=fat * FAT_DENSITY)


def _matrix(source: Floats, wanted: Floats) -> Floats:
    """Return the matrix that averages source pixels over larger wanted ones, or joins them by lines for finer ones."""
    if wanted[1] - wanted[0] >= source[1] - source[0]:
        return overlap_matrix(source, wanted)
    return interpolate_matrix(source, wanted)


def overlap_matrix(source: Floats, wanted: Floats) -> Floats:
    """Return the matrix (wanted, source) that averages source pixels over wanted ones by their overlap.

    source, wanted: centres of evenly spaced pixels, mm. Mass is kept where the source covers the wanted.
    """
    step, size = source[1] - source[0], wanted[1] - wanted[0]
    low = np.maximum(wanted[:, None] - size / 2, source[None, :] - step / 2)
    high = np.minimum(wanted[:, None] + size / 2, source[None, :] + step / 2)
    return np.asarray(np.maximum(0.0, high - low) / size)


def cast_hand(forearm: Forearm, person: Person, z: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return mineral, g/cm2, and marrow, cm, of hand bones and ulnar styloid on the way to each pixel (z, x)."""
    mineral, marrow = np.zeros((z.size, x.size)), np.zeros((z.size, x.size))
    rng = person.stream(HAND)
    size = float(np.sqrt(person.area_mm2 / 258.0))
    grain = 1.0 + 0.17 * _join(GRAIN_GRID, forearm.grain, z, x)
    core = float(forearm.radius.core.max())
    for lens in list_lenses():
        shift_z, shift_x = 0.35 * rng.standard_normal(2)
        if lens.is_on_ulna:
            shift_z, shift_x = forearm.ulna.end_z - 4.2 * size, forearm.ulna.x0 + 21.0 * size
        rows = _inside(z, lens.z * size + shift_z)
        columns = _inside(x, lens.x * size + shift_x)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        over_z = interpolate_matrix(lens.z, (z[rows] - shift_z) / size)
        over_x = interpolate_matrix(lens.x, (x[columns] - shift_x) / size)
        depth = size * (over_z @ lens.depth @ over_x.T)
        # A long bone is thin-walled at its base and thick in its shaft; the styloid fades into the ulna.
        shaft = blend(lens.z[-1] * size + shift_z - z[rows], 3.0, 16.0)[:, None]
        shell = (0.6 + (lens.shell_mm - 0.6) * shaft) * person.ct_th_mm / 0.93
        half = lens.half_mm * size
        whole = thickness(depth, half)
        inner = np.minimum(thickness(np.maximum(depth - shell, 0.0), half), np.maximum(whole - 2 * shell, 0.0))
        spongy = core * (1.4 + (lens.core - 1.4) * shaft) * grain[rows, columns]
        there = 1.0 - blend(z[rows], forearm.ulna.end_z, forearm.ulna.end_z + 3.5)[:, None] if lens.is_on_ulna else 1.0
        mineral[rows, columns] += there * (SHELL * (whole - inner) + spongy * inner) / 10.0
        marrow[rows, columns] += there * inner / 10.0
    return mineral, marrow


def _join(grid: tuple[Floats, Floats], pattern: Floats, z: Floats, x: Floats) -> Floats:
    return np.asarray(interpolate_matrix(grid[0], z) @ pattern @ interpolate_matrix(grid[1], x).T)


def _inside(axis: Floats, wanted: Floats) -> slice:
    return slice(int(np.searchsorted(axis, wanted[0])), int(np.searchsorted(axis, wanted[-1])))


def cast_skin(forearm: Forearm, z: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return the way inside the skin and the way below the fat under it, cm, each (z, x): chords of ellipses."""
    centre, half_x, half_y = (part[:, None] for part in skin_at(forearm, z))
    found = []
    for less in (0.0, forearm.fat_mm * (1.0 - 0.5 * blend(-z, 5.0, 30.0)[:, None])):
        beside = (x[None, :] - centre) / (half_x - less)
        found.append(2.0 * (half_y - less) * np.sqrt(np.maximum(1.0 - beside**2, 0.0)) / 10.0)
    return found[0], found[1]

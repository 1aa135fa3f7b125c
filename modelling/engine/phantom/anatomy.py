"""The distal forearm of one person in three dimensions: radius, ulna, carpal bones, soft tissue. Pure.

A right forearm, in mm. z runs from the middle of the radius' joint surface up the arm; x to the thumb, from the
radius' axis; y to the back of the hand. A left forearm is the mirror image in x, made where images are made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.attenuation import FAT_DENSITY, HA_DENSITY
from modelling.engine.phantom.outcomes import shaft_mineral
from modelling.engine.phantom.person import Person

Floats = NDArray[np.floating]
ANGLES = np.linspace(-np.pi, np.pi, 721)[:-1]
TEXTURE, NOISE_FILM, NOISE_DXA, NOISE_PQCT, SHAPE = range(5)
"""Purposes of a person's random numbers."""
RADIAL_SLOPE = np.tan(np.radians(23.0))
"""The joint surface falls from the radial styloid to the ulna by about 23 degrees."""
CARPALS = (
    # centre x, y, z, then half axes x, y, z, mm: scaphoid, lunate, triquetrum, trapezium to hamate
    (8.0, 0.0, -12.5, 5.5, 6.0, 8.5), (-3.5, 0.5, -9.0, 6.0, 7.5, 6.0), (-16.0, 0.0, -9.5, 6.0, 6.5, 6.0),
    (14.5, -2.0, -24.5, 5.5, 6.5, 6.5), (5.0, 0.5, -25.0, 4.5, 6.5, 5.5), (-4.5, 0.5, -22.0, 6.0, 7.5, 8.5),
    (-15.5, 0.0, -21.0, 5.5, 6.5, 6.5), (-25.0, 3.0, -1.0, 2.2, 2.4, 5.0),
)  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """Where values are wanted: the centres of voxels along each axis, mm, evenly spaced."""

    z: Floats
    y: Floats
    x: Floats

    @property
    def steps(self) -> tuple[float, float, float]:
        """Return the spacing (z, y, x), mm; an axis of one voxel counts as 1 mm."""
        found = [float(axis[1] - axis[0]) if axis.size > 1 else 1.0 for axis in (self.z, self.y, self.x)]
        return found[0], found[1], found[2]


@dataclass(frozen=True)
class Tissue:
    """What fills a grid: three arrays (z, y, x) float32, each g/cm3 averaged over the voxel."""

    grid: Grid
    ha: Floats
    water: Floats
    fat: Floats


@dataclass(frozen=True)
class Bone:
    """A long bone about the line (x0, y0): outlines in polar form at each height of `z`, and what is in it."""

    x0: float
    y0: float
    z: Floats
    outline: Floats
    """(height, angle): distance of the surface from the axis, mm."""
    wall: Floats
    """(height, angle): thickness of the cortex, mm."""
    cortex: Floats
    """(height,): g HA/cm3."""
    core: Floats
    """(height,): g HA/cm3 between trabeculae and all."""
    end_slope: float
    end_z: float


@dataclass(frozen=True)
class Forearm:
    """One right forearm, ready to be laid on any grid."""

    radius: Bone
    ulna: Bone
    texture: Floats
    """(z, y, x): the trabecular pattern, mean 0, SD 1, on `texture_grid`."""
    texture_grid: Grid
    skin: tuple[float, float]
    """Half width and half depth at the wrist, mm."""
    fat_mm: float


def make_forearm(person: Person) -> Forearm:
    """Return the forearm of a person; the same person gives the same one."""
    rng = person.stream(SHAPE)
    size = np.sqrt(person.area_mm2 / 258.0)
    grid = Grid(np.arange(-10.0, 50.0, 0.5), np.arange(-16.0, 16.1, 0.75), np.arange(-20.0, 20.1, 0.3))
    return Forearm(
        radius=_make_radius(person, rng),
        ulna=_make_ulna(person, rng, size),
        texture=_make_texture(grid, person.tb_n, person.stream(TEXTURE)),
        texture_grid=grid,
        skin=(24.5 * size**0.6 + 0.25 * (person.bmi - 26.0), 17.5 * size**0.6 + 0.25 * (person.bmi - 26.0)),
        fat_mm=float(np.clip(2.2 + 0.22 * (person.bmi - 26.0), 0.8, 7.0)),
    )


def _blend(z: Floats, start: float, stop: float) -> Floats:
    """Return 0 below start, 1 above stop, smooth between."""
    share = np.clip((z - start) / (stop - start), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))


def _scale_to(shape: Floats, area: Floats) -> Floats:
    """Return outlines (height, angle) scaled to an area (height,), mm2; a polar curve holds half its mean r2 x 2 pi."""
    return np.asarray(shape * np.sqrt(area / (np.pi * (shape**2).mean(axis=1)))[:, None])


def _make_radius(person: Person, rng: np.random.Generator) -> Bone:
    z = np.arange(-14.0, 115.0, 0.5)
    at_4 = 0.04 * person.forearm_mm
    wide = 1.0 / np.sqrt((np.cos(ANGLES) / 1.18) ** 2 + (np.sin(ANGLES) / 0.87) ** 2)
    volar = 1.0 - 0.13 * np.exp(-(((ANGLES + np.pi / 2) / 0.55) ** 2))
    notch = 1.0 - 0.10 * np.exp(-(((np.abs(ANGLES) - np.pi) / 0.45) ** 2))
    wave = sum(0.012 * rng.standard_normal() * np.cos(k * ANGLES + rng.uniform(0, 2 * np.pi)) for k in (3, 4, 5))
    ridge = 1.0 + 0.09 * np.cos(3 * ANGLES - 0.4) + 0.06 * np.cos(ANGLES - np.pi)
    proximal = _blend(z, at_4, at_4 + 42.0)[:, None]
    shape = (1.0 - proximal) * (wide * volar * notch + wave)[None, :] + proximal * (ridge + 0.5 * wave)[None, :]
    swell = np.where(z > at_4, np.exp(-((np.maximum(z - at_4, 0.0) / 15.0) ** 1.3)), 1.0 + 0.012 * (at_4 - z))
    area = person.shaft_area_mm2 + (person.area_mm2 - person.shaft_area_mm2) * swell
    rise = _blend(z, at_4 + 2.0, 0.27 * person.forearm_mm)
    thick = person.ct_th_mm + (person.shaft_ct_mm - person.ct_th_mm) * rise
    lean = 1.0 + 0.22 * np.cos(ANGLES - np.pi + 0.5)[None, :] * (0.4 + 0.6 * rise[:, None])
    mineral = person.ct_vbmd + (shaft_mineral(np.array(person.ct_vbmd)) - person.ct_vbmd) * rise
    core = person.tb_vbmd * (1.0 + 0.30 * np.exp(-np.maximum(z, 0) / 5.0)) * (1.0 - 0.97 * _blend(z, 14.0, 52.0))
    outline = _scale_to(shape, area)
    wall = np.minimum(thick[:, None] * lean, 0.85 * outline)
    return Bone(0.0, 0.0, z, outline, wall, mineral / 1e3, core / 1e3, end_slope=RADIAL_SLOPE, end_z=0.0)


def _make_ulna(person: Person, rng: np.random.Generator, size: float) -> Bone:
    z = np.arange(-14.0, 115.0, 0.5)
    head = 1.0 - _blend(z, 4.0, 26.0)
    area = (92.0 + 55.0 * head) * size**2
    shape = 1.0 + 0.05 * np.cos(2 * ANGLES)[None, :] + 0.05 * (1 - head)[:, None] * np.cos(3 * ANGLES + 1.0)[None, :]
    thick = person.ct_th_mm + (1.05 * person.shaft_ct_mm - person.ct_th_mm) * _blend(z, 10.0, 0.25 * person.forearm_mm)
    outline = _scale_to(shape, area)
    wall = np.minimum(np.broadcast_to(thick[:, None], outline.shape), 0.85 * outline)
    core = 0.9 * person.tb_vbmd * (1.0 - 0.95 * _blend(z, 10.0, 42.0)) / 1e3
    mineral = np.full(z.shape, 1.05 * person.ct_vbmd / 1e3)
    end_z = 1.5 + 1.2 * float(rng.standard_normal())
    return Bone(-21.5 * size, 2.0, z, outline, wall, mineral, core, end_slope=0.0, end_z=end_z)


def _make_texture(grid: Grid, tb_n: float, rng: np.random.Generator) -> Floats:
    """Return a random field of mean 0 and SD 1 whose pattern is finer where trabeculae are more; longer along z."""
    shape = (grid.z.size, grid.y.size, grid.x.size)
    noise = np.fft.rfftn(rng.standard_normal(shape), axes=(0, 1, 2))
    steps = grid.steps
    fz = np.fft.fftfreq(shape[0], steps[0])[:, None, None]
    fy = np.fft.fftfreq(shape[1], steps[1])[None, :, None]
    fx = np.fft.rfftfreq(shape[2], steps[2])[None, None, :]
    k = np.sqrt((1.8 * fz) ** 2 + fy**2 + fx**2)
    centre = 0.42 * tb_n
    field = np.fft.irfftn(noise * np.exp(-(((k - centre) / (0.45 * centre)) ** 2)), s=shape, axes=(0, 1, 2))
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def fill(forearm: Forearm, grid: Grid) -> Tissue:
    """Return what fills a grid: mineral, then the marrow and soft tissue that leave no room empty inside the skin."""
    ha = np.zeros((grid.z.size, grid.y.size, grid.x.size), dtype=np.float32)
    marrow = np.zeros_like(ha)
    _put_bone(ha, marrow, forearm.radius, forearm, grid)
    _put_bone(ha, marrow, forearm.ulna, forearm, grid)
    _put_carpals(ha, forearm, grid)
    inside, deep = _put_skin(forearm, grid)
    room = inside * (1.0 - ha / np.float32(HA_DENSITY))
    fat_share = np.maximum(1.0 - deep, marrow)
    return Tissue(grid, ha=ha, water=room * (1.0 - fat_share), fat=room * fat_share * np.float32(FAT_DENSITY))


def interpolate_matrix(source: Floats, wanted: Floats) -> Floats:
    """Return the matrix (wanted, source) of linear interpolation; 0 outside the source's centres."""
    step = source[1] - source[0]
    place = (wanted - source[0]) / step
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(source.size)[None, :])), np.float32)


def _put_bone(ha: Floats, marrow: Floats, bone: Bone, forearm: Forearm, grid: Grid) -> None:
    """Add one long bone to `ha` (g/cm3) and its yellow marrow to `marrow` (share of the voxel)."""
    reach = float(bone.outline.max()) + 1.0
    ys = _span(grid.y, bone.y0 - reach, bone.y0 + reach)
    xs = _span(grid.x, bone.x0 - reach, bone.x0 + reach)
    y, x = grid.y[ys][:, None] - bone.y0, grid.x[xs][None, :] - bone.x0
    distance = np.hypot(y, x).astype(np.float32)
    angle = np.round((np.arctan2(y, x) + np.pi) / (2 * np.pi) * ANGLES.size).astype(np.intp) % ANGLES.size
    heights = interpolate_matrix(bone.z, np.clip(grid.z, bone.z[0], bone.z[-1])).astype(np.float64)
    outline = (heights @ bone.outline).astype(np.float32)
    depth = (outline * _flatness(outline))[:, angle] - distance * _flatness(outline)[:, angle]
    end = (grid.z[:, None, None] - bone.end_z + bone.end_slope * x[None]) / np.hypot(1.0, bone.end_slope)
    depth = _round_meet(depth, end.astype(np.float32))
    wall = (heights @ bone.wall).astype(np.float32)[:, angle]
    blur = np.float32(0.5 * (grid.steps[1] + grid.steps[2]))
    whole = np.clip(depth / blur + np.float32(0.5), 0, 1)
    core = np.clip((depth - wall) / blur + np.float32(0.5), 0, 1)
    pattern = _lay_texture(forearm, grid, ys, xs, bone)
    column = (slice(None), None, None)
    inner = np.float32(1) * (heights @ bone.core).astype(np.float32)[column] * pattern
    cortex = (heights @ bone.cortex).astype(np.float32)[column]
    ha[:, ys, xs] += cortex * (whole - core) + inner * core
    yellow = (0.25 + 0.7 * _blend(grid.z, 10.0, 50.0)).astype(np.float32)[column]
    marrow[:, ys, xs] = np.maximum(marrow[:, ys, xs], core * yellow)


def _round_meet(first: Floats, second: Floats, radius: float = 2.5) -> Floats:
    """Return the depth inside two surfaces at once, mm, their edge rounded to a radius."""
    size = np.float32(radius)
    corner = np.hypot(np.maximum(size - first, 0), np.maximum(size - second, 0))
    return np.asarray(np.maximum(size, np.minimum(first, second)) - corner, dtype=np.float32)


def _flatness(outline: Floats) -> Floats:
    """Return the cosine that turns a radial distance into one across the surface: r / sqrt(r2 + r'2)."""
    slope = (np.roll(outline, -1, axis=1) - np.roll(outline, 1, axis=1)) / np.float32(4 * np.pi / ANGLES.size)
    return np.asarray(outline / np.sqrt(outline**2 + slope**2), dtype=np.float32)


def _span(axis: Floats, low: float, high: float) -> slice:
    return slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high)))


def _lay_texture(forearm: Forearm, grid: Grid, ys: slice, xs: slice, bone: Bone) -> Floats:
    """Return the factor (z, y, x) by which the trabecular pattern raises or lowers the core; its mean is near 1."""
    source = forearm.texture_grid
    over_z = interpolate_matrix(source.z, grid.z)
    over_y = interpolate_matrix(source.y, grid.y[ys] - bone.y0)
    over_x = interpolate_matrix(source.x, grid.x[xs] - bone.x0)
    field = np.tensordot(over_z, forearm.texture, axes=(1, 0))
    return np.asarray(np.maximum(0.0, 1.0 + 0.55 * np.matmul(over_y, field) @ over_x.T), dtype=np.float32)


def _put_carpals(ha: Floats, forearm: Forearm, grid: Grid) -> None:
    """Add carpal bones and the ulnar styloid as ellipsoids with a thin wall."""
    core = 1.6 * float(forearm.radius.core.max())
    for cx, cy, cz, ax, ay, az in CARPALS:
        zs, ys = _span(grid.z, cz - az - 1, cz + az + 1), _span(grid.y, cy - ay - 1, cy + ay + 1)
        xs = _span(grid.x, cx - ax - 1, cx + ax + 1)
        z, y, x = grid.z[zs, None, None], grid.y[None, ys, None], grid.x[None, None, xs]
        level = np.sqrt(((z - cz) / az) ** 2 + ((y - cy) / ay) ** 2 + ((x - cx) / ax) ** 2)
        depth = (1.0 - level) * (ax * ay * az) ** (1 / 3)
        whole, inner = np.clip(depth / 0.5 + 0.5, 0, 1), np.clip((depth - 0.8) / 0.5 + 0.5, 0, 1)
        ha[zs, ys, xs] = np.maximum(ha[zs, ys, xs], (0.75 * (whole - inner) + core * inner).astype(np.float32))


def _put_skin(forearm: Forearm, grid: Grid) -> tuple[Floats, Floats]:
    """Return the share of each voxel inside the skin, and the share below the fat under it."""
    width, depth = forearm.skin
    grown = 1.0 + 0.36 * _blend(grid.z, 5.0, 110.0) + 0.34 * _blend(-grid.z, 2.0, 26.0)
    flat = 1.0 - 0.22 * _blend(-grid.z, 0.0, 22.0)
    half_x = (width * grown).astype(np.float32)[:, None, None]
    half_y = (depth * grown * flat).astype(np.float32)[:, None, None]
    y = grid.y.astype(np.float32)[None, :, None] / half_y
    x = (grid.x.astype(np.float32)[None, None, :] + np.float32(10.0)) / half_x
    below = (1 - np.sqrt(x * x + y * y)) * np.sqrt(half_x * half_y)
    inside = np.clip(below / np.float32(0.75) + np.float32(0.5), 0, 1)
    deep = np.clip((below - np.float32(forearm.fat_mm)) / np.float32(0.75) + np.float32(0.5), 0, 1)
    return inside, deep

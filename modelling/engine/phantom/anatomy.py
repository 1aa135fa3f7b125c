"""The distal forearm of one person in three dimensions: the shapes of radius, ulna and skin. Pure.

A right forearm, in mm. z runs from the middle of the radius' joint surface up the arm; x to the thumb, from the
radius' axis; y to the back of the hand. A left forearm is the mirror image in x, made where images are made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.outcomes import shaft_mineral
from modelling.engine.phantom.person import Person

Floats = NDArray[np.floating]
ANGLES = np.linspace(-np.pi, np.pi, 721)[:-1]
TEXTURE, NOISE_FILM, NOISE_DXA, NOISE_PQCT, SHAPE = range(5)
PATTERN, HAND, NOISE_HRPQCT, CHOICES, CANALS, EXPOSURE = range(6, 12)
"""Purposes of a person's random numbers; 5 is that of `answers`, the ulna's canals are ten after the radius'."""
RADIAL_SLOPE = np.tan(np.radians(23.0))
"""The joint surface falls from the radial styloid to the ulna by about 23 degrees."""
PALMAR_TILT = np.tan(np.radians(9.0))
"""The radius' joint surface looks towards the palm, so its dorsal rim reaches further."""
DISH_MM, DISH_REACH_MM = 1.5, 10.0
"""Depth of the hollow in the radius' joint surface for scaphoid and lunate, and how far from its middle it ends."""


_FLARE, _FLARE_MM = (0.14, 0.22), (-8.0, -2.0)
"""How much wider the radius is at its end than at 4 %, as a share, to the thumb and to the ulna; and at what height."""
GRAIN_GRID = (np.arange(-60.0, 12.0, 0.2), np.arange(-48.0, 42.0, 0.25))
MUSCLE_GRID = (np.arange(-60.0, 120.0, 1.0), np.arange(-54.0, 54.0, 1.0))
"""Heights and places across, mm, of two patterns that are only seen along y."""


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
    tilt: float = 0.0
    """How far the end reaches further at the back of the hand, mm a mm."""
    dish_mm: float = 0.0
    """Depth of the hollow in the end."""
    corner_mm: float = 2.0
    """Radius to which the edge between side and end is rounded."""


@dataclass(frozen=True)
class Forearm:
    """One right forearm, ready to be laid on any grid."""

    radius: Bone
    ulna: Bone
    texture: Floats
    """(z, y, x): the trabecular pattern, mean 0, SD 1, on `texture_grid`."""
    texture_grid: Grid
    size: float
    """Over that of a woman whose radius has 258 mm2."""
    skin: tuple[float, float]
    """How much wider than bones of this size make it the arm is, and its half depth at the wrist, mm."""
    fat_mm: float
    grain: Floats
    """(z, x): the pattern of the spongy bone of the hand seen along y, mean 0 and SD 1, on `GRAIN_GRID`."""
    muscle: Floats
    """(z, x): where fat lies between the muscles, mean 0 and SD 1, on `MUSCLE_GRID`."""


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
        size=float(size),
        skin=(0.25 * (person.bmi - 26.0), 17.5 * size**0.6 + 0.25 * (person.bmi - 26.0)),
        fat_mm=float(np.clip(2.2 + 0.22 * (person.bmi - 26.0), 0.8, 7.0)),
        grain=_make_grain(person),
        muscle=_make_pattern(person.stream(HAND + 100), MUSCLE_GRID, 0.16, 5.0),
    )


def blend(z: Floats, start: float, stop: float) -> Floats:
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
    proximal = blend(z, at_4, at_4 + 42.0)[:, None]
    shape = (1.0 - proximal) * (wide * volar * notch + wave)[None, :] + proximal * (ridge + 0.5 * wave)[None, :]
    # Towards the joint the bone spreads to both sides: to the styloid, and to the notch that holds the ulna's head.
    to_thumb, to_ulna = (
        share * (1.0 - blend(z, start, at_4 - 0.8)) for share, start in zip(_FLARE, _FLARE_MM, strict=True)
    )
    side = np.where(np.cos(ANGLES) > 0, to_thumb[:, None], to_ulna[:, None]) * np.cos(ANGLES) ** 2
    shape = shape * (1.0 + side)
    swell = np.where(z > at_4, np.exp(-((np.maximum(z - at_4, 0.0) / 15.0) ** 1.3)), 1.0 + 0.012 * (at_4 - z))
    area = person.shaft_area_mm2 + (person.area_mm2 - person.shaft_area_mm2) * swell
    rise = blend(z, at_4 + 2.0, 0.27 * person.forearm_mm)
    area = area * (1.0 + 0.5 * (to_thumb + to_ulna))
    thick = person.ct_th_mm + (person.shaft_ct_mm - person.ct_th_mm) * rise
    lean = 1.0 + 0.22 * np.cos(ANGLES - np.pi + 0.5)[None, :] * (0.4 + 0.6 * rise[:, None])
    mineral = person.ct_vbmd + (shaft_mineral(np.array(person.ct_vbmd)) - person.ct_vbmd) * rise
    core = person.tb_vbmd * (1.0 + 0.30 * np.exp(-np.maximum(z, 0) / 5.0)) * (1.0 - 0.97 * blend(z, 14.0, 52.0))
    outline = _scale_to(shape, area)
    wall = np.minimum(thick[:, None] * lean, 0.85 * outline)
    return Bone(0.0, 0.0, z, outline, wall, mineral / 1e3, core / 1e3, RADIAL_SLOPE, 0.0, PALMAR_TILT, DISH_MM, 3.2)


def _make_ulna(person: Person, rng: np.random.Generator, size: float) -> Bone:
    z = np.arange(-14.0, 115.0, 0.5)
    head = 1.0 - blend(z, 4.0, 26.0)
    area = (92.0 + 55.0 * head) * size**2
    shape = 1.0 + 0.05 * np.cos(2 * ANGLES)[None, :] + 0.05 * (1 - head)[:, None] * np.cos(3 * ANGLES + 1.0)[None, :]
    thick = person.ct_th_mm + (1.05 * person.shaft_ct_mm - person.ct_th_mm) * blend(z, 10.0, 0.25 * person.forearm_mm)
    outline = _scale_to(shape, area)
    wall = np.minimum(np.broadcast_to(thick[:, None], outline.shape), 0.85 * outline)
    core = 0.9 * person.tb_vbmd * (1.0 - 0.95 * blend(z, 10.0, 42.0)) / 1e3
    mineral = np.full(z.shape, 1.05 * person.ct_vbmd / 1e3)
    end_z = 1.5 + 1.2 * float(rng.standard_normal())
    return Bone(-20.9 * size, 2.0, z, outline, wall, mineral, core, end_slope=0.0, end_z=end_z, corner_mm=4.2)


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


_SKIN_Z = (-75.0, -54.0, -48.0, -36.0, -30.0, -24.0, -18.5, -12.5, -1.0, 20.0, 47.0, 112.0)
_SKIN_THUMB = (44.0, 39.0, 36.5, 32.0, 29.0, 24.5, 21.0, 18.0, 16.5, 16.0, 16.6, 25.0)
_SKIN_LITTLE = (-38.0, -37.8, -37.7, -37.4, -37.0, -36.2, -35.0, -33.4, -33.4, -33.2, -34.0, -42.0)
_SKIN_DEPTH = (0.74, 0.76, 0.77, 0.80, 0.82, 0.85, 0.90, 0.95, 1.0, 1.04, 1.12, 1.36)


def skin_at(forearm: Forearm, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the middle of the arm, its half width and its half depth at heights z, mm: an ellipse of skin.

    The edges are those of the wrist that `hand` was drawn after, at the size of this one.
    """
    along = np.asarray(z) / forearm.size
    thumb, little = (np.interp(along, _SKIN_Z, edge) * forearm.size**0.8 for edge in (_SKIN_THUMB, _SKIN_LITTLE))
    depth = np.interp(along, _SKIN_Z, _SKIN_DEPTH) * forearm.skin[1]
    return (thumb + little) / 2, np.asarray((thumb - little) / 2 + forearm.skin[0]), np.asarray(depth)


def _make_grain(person: Person) -> Floats:
    """Return the network that thin plates give on a film: bright where a random field is near zero."""
    field = -np.abs(_make_pattern(person.stream(HAND + 200), GRAIN_GRID, 0.95 * person.tb_n, 1.4))
    return np.asarray((field - field.mean()) / field.std())


def _make_pattern(rng: np.random.Generator, grid: tuple[Floats, Floats], waves: float, stretch: float) -> Floats:
    """Return a random pattern (z, x) of mean 0 and SD 1 with so many waves a mm, `stretch` times longer along z."""
    z, x = grid
    noise = np.fft.rfft2(rng.standard_normal((z.size, x.size)))
    k = np.hypot(stretch * np.fft.fftfreq(z.size, z[1] - z[0])[:, None], np.fft.rfftfreq(x.size, x[1] - x[0])[None, :])
    field = np.fft.irfft2(noise * np.exp(-(((k - waves) / (0.5 * waves)) ** 2)), s=(z.size, x.size))
    return np.asarray((field - field.mean()) / field.std())


def polar_of(y: Floats, x: Floats) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return each point's distance from the axis, mm, and its place in ANGLES: two arrays (y, x)."""
    distance = np.hypot(y[:, None], x[None, :]).astype(np.float32)
    turn = (np.arctan2(y[:, None], x[None, :]) + np.pi) / (2 * np.pi)
    return distance, np.round(turn * ANGLES.size).astype(np.intp) % ANGLES.size


def flatness(outline: Floats) -> NDArray[np.float32]:
    """Return the cosine that turns a radial distance into one across the surface: r / sqrt(r2 + r'2)."""
    slope = (np.roll(outline, -1, axis=1) - np.roll(outline, 1, axis=1)) / np.float32(4 * np.pi / ANGLES.size)
    return np.asarray(outline / np.sqrt(outline**2 + slope**2), dtype=np.float32)


def end_depth(bone: Bone, z: Floats, y: Floats, x: Floats) -> NDArray[np.float32]:
    """Return how deep points lie inside the bone's end, mm, (z, y, x); y and x from the bone's axis."""
    hollow = bone.dish_mm * np.clip(1.0 - (x[None, :] ** 2 + y[:, None] ** 2) / DISH_REACH_MM**2, 0.0, None)
    surface = bone.end_z + hollow - bone.tilt * y[:, None] - bone.end_slope * x[None, :]
    slant = np.sqrt(1.0 + bone.end_slope**2 + bone.tilt**2)
    return np.asarray((z[:, None, None] - surface[None]) / slant, np.float32)

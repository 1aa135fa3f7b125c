"""The forearm laid on a grid of any voxel, its microstructure averaged: the plain numpy raster. Pure."""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.anatomy import Bone, Forearm, Grid, Tissue, blend, end_depth, flatness, polar_of, skin_at
from modelling.engine.phantom.attenuation import FAT_DENSITY, HA_DENSITY

Floats = NDArray[np.floating]


def fill(forearm: Forearm, grid: Grid) -> Tissue:
    """Return what fills a grid: mineral, then the marrow and soft tissue that leave no room empty inside the skin."""
    ha = np.zeros((grid.z.size, grid.y.size, grid.x.size), dtype=np.float32)
    marrow = np.zeros_like(ha)
    put_bone(ha, marrow, forearm.radius, forearm, grid)
    put_bone(ha, marrow, forearm.ulna, forearm, grid)
    return dress(forearm, grid, ha, marrow)


def dress(forearm: Forearm, grid: Grid, ha: Floats, marrow: Floats) -> Tissue:
    """Return bones in their arm: mineral g/cm3 and marrow as a share of the voxel, both (z, y, x) on the grid."""
    inside, deep = _put_skin(forearm, grid)
    room = inside * (1.0 - ha / np.float32(HA_DENSITY))
    yellow = marrow * yellow_share(grid.z).astype(np.float32)[:, None, None]
    fat_share = np.maximum(1.0 - deep, yellow)
    return Tissue(grid, ha=ha, water=room * (1.0 - fat_share), fat=room * fat_share * np.float32(FAT_DENSITY))


def interpolate_matrix(source: Floats, wanted: Floats) -> Floats:
    """Return the matrix (wanted, source) of linear interpolation; 0 outside the source's centres."""
    step = source[1] - source[0]
    place = (wanted - source[0]) / step
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(source.size)[None, :])), np.float32)


def put_bone(ha: Floats, marrow: Floats, bone: Bone, forearm: Forearm, grid: Grid) -> None:
    """Add one long bone to `ha` (g/cm3) and what lies inside its wall to `marrow` (share of the voxel)."""
    reach = float(bone.outline.max()) + 1.0
    ys = _span(grid.y, bone.y0 - reach, bone.y0 + reach)
    xs = _span(grid.x, bone.x0 - reach, bone.x0 + reach)
    y, x = grid.y[ys] - bone.y0, grid.x[xs] - bone.x0
    distance, angle = polar_of(y, x)
    heights = interpolate_matrix(bone.z, np.clip(grid.z, bone.z[0], bone.z[-1])).astype(np.float64)
    outline = (heights @ bone.outline).astype(np.float32)
    depth = (outline * flatness(outline))[:, angle] - distance * flatness(outline)[:, angle]
    depth = _round_meet(depth, end_depth(bone, grid.z, y, x), bone.corner_mm)
    wall = (heights @ bone.wall).astype(np.float32)[:, angle]
    blur = np.float32(0.5 * (grid.steps[1] + grid.steps[2]))
    whole = np.clip(depth / blur + np.float32(0.5), 0, 1)
    core = np.clip((depth - wall) / blur + np.float32(0.5), 0, 1)
    pattern = _lay_texture(forearm, grid, ys, xs, bone)
    column = (slice(None), None, None)
    inner = np.float32(1) * (heights @ bone.core).astype(np.float32)[column] * pattern
    cortex = (heights @ bone.cortex).astype(np.float32)[column]
    ha[:, ys, xs] += cortex * (whole - core) + inner * core
    marrow[:, ys, xs] = np.maximum(marrow[:, ys, xs], core)


def _round_meet(first: Floats, second: Floats, radius: float) -> Floats:
    """Return the depth inside two surfaces at once, mm, their edge rounded to a radius."""
    size = np.float32(radius)
    corner = np.hypot(np.maximum(size - first, 0), np.maximum(size - second, 0))
    return np.asarray(np.maximum(size, np.minimum(first, second)) - corner, dtype=np.float32)


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


def yellow_share(z: Floats) -> Floats:
    """Return the share of fat in the marrow: a quarter at the joint, nearly all of it in the shaft."""
    return 0.25 + 0.7 * blend(z, 10.0, 50.0)


def _put_skin(forearm: Forearm, grid: Grid) -> tuple[Floats, Floats]:
    """Return the share of each voxel inside the skin, and the share below the fat under it."""
    centre, half_x, half_y = (part.astype(np.float32)[:, None, None] for part in skin_at(forearm, grid.z))
    y = grid.y.astype(np.float32)[None, :, None] / half_y
    x = (grid.x.astype(np.float32)[None, None, :] - centre) / half_x
    below = (1 - np.sqrt(x * x + y * y)) * np.sqrt(half_x * half_y)
    inside = np.clip(below / np.float32(0.75) + np.float32(0.5), 0, 1)
    deep = np.clip((below - np.float32(forearm.fat_mm)) / np.float32(0.75) + np.float32(0.5), 0, 1)
    return inside, deep

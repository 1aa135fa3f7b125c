"""From a segmented volume to a mesh: one 8-node hexahedron for each bone voxel of the piece that carries the load."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from modelling.engine.fe.material import CORNERS, Spacing

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Mesh:
    """Elements and nodes in the order of the layers (z, then y, then x)."""

    shape: tuple[int, int, int]
    """Voxels (z, y, x) of the box round the mesh."""
    spacing_mm: Spacing
    """Edges of an element (z, y, x)."""
    voxel: NDArray[np.int64]
    """(E,) index of each element's voxel in the flattened box, rising."""
    conn: Ints
    """(E, 8) nodes of each element; corner k = 4 z + 2 y + x."""
    node: NDArray[np.int64]
    """(N,) index of each node in the flattened grid of (z + 1, y + 1, x + 1) points, rising."""

    @property
    def n_elements(self) -> int:
        """Number of elements."""
        return len(self.conn)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node)

    def find_grid(self) -> NDArray[np.int64]:
        """Return (N, 3): z, y, x of each node on the grid of points, in voxels."""
        return np.stack(np.unravel_index(self.node, tuple(n + 1 for n in self.shape)), axis=1)


def require_bone(bone: Bools) -> int:
    """Return how many voxels (z, y, x) are bone. Raises ValueError for other axes, or if there is no bone at all."""
    if bone.ndim != 3:
        raise ValueError(f"the volume has {bone.ndim} axes; wanted 3 (z, y, x)")
    n_bone = int(np.count_nonzero(bone))
    if n_bone == 0:
        raise ValueError(f"no voxel of the volume {bone.shape} is bone, so there is nothing to load")
    return n_bone


def keep_largest_piece(bone: Bools) -> tuple[Bools, int]:
    """Return the largest piece of bone (z, y, x) and how many voxels of other pieces were dropped.

    Voxels that share a face are of one piece. Raises ValueError if there is no bone at all.
    """
    n_bone = require_bone(bone)
    labels, n_pieces = ndimage.label(bone)
    if n_pieces == 1:
        return bone, 0
    largest = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    return largest, n_bone - int(np.count_nonzero(largest))


def find_box(bone: Bools) -> tuple[slice, slice, slice]:
    """Return the smallest box (z, y, x) that holds all bone."""
    slices = []
    for axis in range(3):
        along = np.flatnonzero(bone.any(axis=tuple(other for other in range(3) if other != axis)))
        slices.append(slice(int(along[0]), int(along[-1]) + 1))
    return slices[0], slices[1], slices[2]


def build_mesh(bone: Bools, spacing_mm: Spacing) -> Mesh:
    """Return the mesh of every bone voxel of a volume (z, y, x), edges `spacing_mm` (z, y, x) in mm."""
    if min(spacing_mm) <= 0 or not np.isfinite(spacing_mm).all():
        raise ValueError(f"voxel edges are {spacing_mm} mm; wanted three finite numbers above 0")
    points = tuple(n + 1 for n in bone.shape)
    voxel = np.flatnonzero(bone)
    z, y, x = np.unravel_index(voxel, bone.shape)
    first = (z * points[1] + y) * points[2] + x
    steps = CORNERS @ np.array([points[1] * points[2], points[2], 1])
    used = np.zeros(int(np.prod(points)), np.bool_)
    for step in steps:
        used[first + step] = True
    node = np.flatnonzero(used)
    number = np.empty(used.size, np.int32)
    number[node] = np.arange(node.size, dtype=np.int32)
    conn = np.stack([number[first + step] for step in steps], axis=1)
    return Mesh((bone.shape[0], bone.shape[1], bone.shape[2]), spacing_mm, voxel, conn, node)


def cut_slabs(layer: NDArray[np.integer[Any]], n_slabs: int) -> NDArray[np.int64]:
    """Return (S + 1,) bounds of at most `n_slabs` slabs of whole layers with about equal numbers of elements.

    layer: (E,) z of each element, rising. Slabs 0, 2, 4 ... share no node with one another, nor do 1, 3, 5 ...
    """
    starts = np.flatnonzero(np.r_[True, layer[1:] != layer[:-1]])
    wanted = np.arange(1, n_slabs) * len(layer) / n_slabs
    chosen = starts[np.clip(np.searchsorted(starts, wanted), 0, len(starts) - 1)]
    return np.unique(np.r_[0, chosen, len(layer)])

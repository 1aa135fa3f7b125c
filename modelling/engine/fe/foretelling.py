"""What a solve will need, told before it starts: from a mask, or from areas that are known of a scan (pure numpy)."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

BYTES_PER_VOXEL = 16
"""Of the box round the mesh: labels of the pieces, numbers of the nodes, the field that is written."""
BYTES_PER_ELEMENT = 200
BYTES_PER_NODE = 240
"""Coarser levels included. Better too much: trab1240 (179 421 elements) took 0.12 GB and was foretold
0.20, a lattice of 3 038 176 elements 1.35 GB and 2.04."""
BYTES_AT_LEAST = 64_000_000
"""Whatever the size: the inverse of the coarsest level, made in float64 from up to 1200 unknowns, and the threads."""

NODES_PER_ELEMENT = 1.87
"""Of trabecular bone: trab1240 has 334 817 nodes for 179 421 elements. A compact cortex has fewer."""
SECONDS_PER_ELEMENT = 45e-6
"""Processor time to a residual of 1e-5: trab1240 took 8.2 s for 179 421 elements and 84 iterations."""


@dataclass(frozen=True)
class Foretold:
    """n_elements: bone voxels. n_bytes: at most, above what the program takes without it. seconds: of one core."""

    n_elements: int
    n_bytes: int
    seconds: float


def predict_bytes(n_voxels: int, n_elements: int, n_nodes: int) -> int:
    """Return the most memory, in bytes, that a mesh will take above what the program takes without it."""
    return BYTES_AT_LEAST + BYTES_PER_VOXEL * n_voxels + BYTES_PER_ELEMENT * n_elements + BYTES_PER_NODE * n_nodes


def foretell(bone_mm2: float, outline_mm2: float, spacing_mm: tuple[float, float, float], n_slices: int) -> Foretold:
    """Return what a scan will need, from the mean areas of its sections that are bone and within the outline, mm2.

    spacing_mm: (z, y, x). Raises ValueError unless bone is above 0 and no larger than what is within the outline.
    """
    if not 0 < bone_mm2 <= outline_mm2 or n_slices < 1 or min(spacing_mm) <= 0:
        raise ValueError(
            f"{bone_mm2:g} mm2 of bone within {outline_mm2:g} mm2 in {n_slices} slices of {spacing_mm} mm; wanted "
            "bone above 0 and at most what is within the outline, a slice or more, lengths above 0"
        )
    pixel = prod(spacing_mm[1:])
    n_elements = round(bone_mm2 / pixel * n_slices)
    # An ellipse fills pi/4 of the box round it.
    n_voxels = round(outline_mm2 / pixel * n_slices * 4 / np.pi)
    n_bytes = predict_bytes(n_voxels, n_elements, round(NODES_PER_ELEMENT * n_elements))
    return Foretold(n_elements, n_bytes, SECONDS_PER_ELEMENT * n_elements)


def count_nodes(bone: NDArray[np.bool_]) -> int:
    """Return how many corners of voxels touch bone (z, y, x), two layers at a time."""
    total = 0
    before = np.zeros((bone.shape[1] + 1, bone.shape[2] + 1), np.bool_)
    for layer in [*bone, np.zeros_like(bone[0])]:
        padded = np.pad(layer, 1)
        corners = padded[:-1, :-1] | padded[:-1, 1:] | padded[1:, :-1] | padded[1:, 1:]
        total += int(np.count_nonzero(before | corners))
        before = corners
    return total

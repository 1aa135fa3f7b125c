"""What a solve will need, said before it starts."""

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

BYTES_PER_VOXEL = 16
"""Of the box round the mesh: labels of the pieces, numbers of the nodes, the field that is written."""
BYTES_PER_ELEMENT = 200
BYTES_PER_NODE = 240
"""Coarser levels included. Better too much: trab1240 (179 421 elements) took 0.12 GB and was foretold
0.20, a lattice of 3 038 176 elements 1.35 GB and 2.04."""
BYTES_AT_LEAST = 64_000_000
"""Whatever the size: the inverse of the coarsest level, made in float64 from up to 1200 unknowns, and the threads."""
_TORCH_FACTOR = 3.0
"""Torch holds the gathered corners of every element at once."""


class MemoryNeeded(ValueError):
    """The machine has not the memory for this mesh."""


def predict_bytes(n_voxels: int, n_elements: int, n_nodes: int) -> int:
    """Return the most memory, in bytes, that a mesh will take above what the program takes without it."""
    return BYTES_AT_LEAST + BYTES_PER_VOXEL * n_voxels + BYTES_PER_ELEMENT * n_elements + BYTES_PER_NODE * n_nodes


def require_memory(bone: NDArray[np.bool_], device: torch.device | None = None, available: int | None = None) -> None:
    """Raise MemoryNeeded unless there is room for a mesh of a volume (z, y, x); `available` in bytes, else asked."""
    n_elements = int(np.count_nonzero(bone))
    needed = predict_bytes(bone.size, n_elements, count_nodes(bone))
    if available is None:
        available = psutil.virtual_memory().available
        if device is not None:
            needed = int(needed * _TORCH_FACTOR)
        if device is not None and device.type == "cuda":
            available = int(torch.cuda.mem_get_info(device)[0])
    if needed > available:
        raise MemoryNeeded(
            f"{n_elements} elements need {needed / 1e9:.1f} GB, {available / 1e9:.1f} available: "
            "take a shorter stack of slices, or average the voxels"
        )


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

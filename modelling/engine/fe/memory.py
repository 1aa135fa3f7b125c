"""The refusal of a mesh that the machine has no memory for, before anything of it is made."""

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from modelling.engine.fe.foretelling import count_nodes, predict_bytes

__all__ = ["MemoryNeeded", "count_nodes", "predict_bytes", "require_memory"]

_TORCH_FACTOR = 3.0
"""Torch holds the gathered corners of every element at once."""


class MemoryNeeded(ValueError):
    """The machine has not the memory for this mesh."""


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

"""The state of a training between two epochs, as safetensors bytes: weights, their average, the optimiser, the
generators of random numbers, and what finished folds gave. Going on from it gives the same curve as never stopping.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import torch as safetensors
from torch import Tensor, nn

from portal.jobs import checkpoints
from portal.proof import jcs

Tensors = dict[str, Tensor]

_FACTS = "facts"


def write(folder: Path, step: int, facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """Keep a state after `step` epochs of all folds; return its SHA-256. Raises OSError."""
    held = {name: one.detach().cpu().contiguous() for name, one in tensors.items()}
    held[_FACTS] = torch.from_numpy(np.frombuffer(jcs.dumps(facts), np.uint8).copy())
    return checkpoints.write(folder, step, safetensors.save(held)).sha256


def read_newest(folder: Path, fingerprint: str) -> tuple[dict[str, Any], Tensors] | None:
    """Return the newest whole state of this very training, or None to begin.

    fingerprint: of configuration, snapshot and code. A state of another one is not gone on from.
    """
    for found in checkpoints.find(folder):
        try:
            tensors: Tensors = safetensors.load(checkpoints.read(found))
        except checkpoints.TornCheckpoint as error:
            sys.stderr.write(f"{error}; the one before it is used\n")
            continue
        facts = jcs.loads(tensors.pop(_FACTS).numpy().tobytes())
        if isinstance(facts, dict) and facts["fingerprint"] == fingerprint:
            return dict(facts), tensors
        sys.stderr.write(f"{found.path.name} is of another training; not used\n")
    return None


def pack(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """Return tensors with their names under a prefix."""
    return {f"{prefix}/{name}": one for name, one in tensors.items()}


def unpack(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """Return the tensors under a prefix, without it."""
    return {name.removeprefix(f"{prefix}/"): one for name, one in tensors.items() if name.startswith(f"{prefix}/")}


def save_optimiser(optimiser: torch.optim.Optimizer) -> Tensors:
    """Return what the optimiser remembers of each weight."""
    return {
        f"{place}.{name}": value
        for place, remembered in optimiser.state_dict()["state"].items()
        for name, value in remembered.items()
    }


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give the optimiser back what it remembered."""
    remembered: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        place, _, part = name.partition(".")
        remembered.setdefault(int(place), {})[part] = value
    optimiser.load_state_dict({"state": remembered, "param_groups": optimiser.state_dict()["param_groups"]})


def save_random() -> Tensors:
    """Return the states of torch's generators."""
    found = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.get_rng_state()
    return found


def load_random(tensors: Mapping[str, Tensor]) -> None:
    """Put torch's generators back to where they were."""
    torch.set_rng_state(tensors["cpu"])
    if "cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["cuda"])


def save_weights(net: nn.Module) -> bytes:
    """Return a network's weights as safetensors bytes; the same weights give the same bytes."""
    return safetensors.save({name: one.detach().cpu().contiguous() for name, one in net.state_dict().items()})

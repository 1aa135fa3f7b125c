"""The kind of job that trains: the engine's own process, in a folder that a person can read and run again."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelling.engine.nets import LIBRARIES
from modelling.runs.services import KIND, finish, prepare
from portal.jobs.limits import Limits
from portal.jobs.registry import Kind


def command_of_training(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return the command of a training run."""
    return [sys.executable, "-m", "modelling.engine", "train", str(folder)]


TRAINING = Kind(
    name=KIND,
    title="Training run",
    command=command_of_training,
    queues=frozenset({"gpu"}),
    libraries=LIBRARIES,
    limits=Limits(),
    prepare=prepare,
    finish=finish,
)

"""The kinds of jobs that measure: the engine's own process, in a folder with nothing but the images."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelling.measuring import services, strength
from portal.jobs.limits import Limits
from portal.jobs.registry import Kind


def command_of_measuring(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return the command of a measuring job."""
    return [sys.executable, "-m", "modelling.engine", "measure-job", str(folder)]


def command_of_strength(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return the command of a mechanical test by finite elements."""
    return [sys.executable, "-m", "modelling.engine.fe.job", str(folder)]


MEASURING = Kind(
    name=services.KIND,
    title="Measuring of images",
    command=command_of_measuring,
    queues=frozenset({services.QUEUE}),
    libraries=("numpy", "scipy.ndimage", "scipy.optimize", "PIL.ImageDraw"),
    # The distances of a whole HR-pQCT volume stand in memory at once.
    limits=Limits(address_space_mb=16384),
    check_spec=services.check_spec,
    prepare=services.prepare,
    finish=services.finish,
)

STRENGTH = Kind(
    name=strength.KIND,
    title="Strength by finite elements",
    command=command_of_strength,
    queues=frozenset({strength.QUEUE}),
    check_spec=strength.check_spec,
    prepare=strength.prepare,
    finish=strength.finish,
)

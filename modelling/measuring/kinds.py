"""The kind of job that measures: the engine's own process, in a folder with nothing but the images."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelling.measuring.services import KIND, QUEUE, check_spec, finish, prepare
from portal.jobs.limits import Limits
from portal.jobs.registry import Kind


def command_of_measuring(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return the command of a measuring job."""
    return [sys.executable, "-m", "modelling.engine", "measure-job", str(folder)]


MEASURING = Kind(
    name=KIND,
    title="Measuring of images",
    command=command_of_measuring,
    queues=frozenset({QUEUE}),
    # The distances of a whole HR-pQCT volume stand in memory at once.
    limits=Limits(address_space_mb=16384),
    check_spec=check_spec,
    prepare=prepare,
    finish=finish,
)

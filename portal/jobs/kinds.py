"""The kind of job that shows how jobs behave; other apps bring their own."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.jobs.demonstration import Spec
from portal.jobs.limits import Limits
from portal.jobs.registry import Kind


def command_of_demonstration(folder: Path, spec: Mapping[str, Any]) -> list[str]:
    """Return what to execute for a demonstration; the child already stands in its run folder."""
    return [sys.executable, "-m", "portal.jobs.demonstration", "."]


def check_demonstration(spec: Mapping[str, Any]) -> None:
    """Raise ValueError where the demonstration could not work on the spec."""
    Spec.of(dict(spec))


DEMONSTRATION = Kind(
    name="demonstration",
    title="Demonstration",
    command=command_of_demonstration,
    queues=frozenset({"web", "gpu"}),
    limits=Limits(address_space_mb=1024),
    check_spec=check_demonstration,
)

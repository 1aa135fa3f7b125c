"""Small programs for tests to run as children, and the wait for their end."""

import json
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portal.jobs import forking
from portal.jobs.cage import Cage
from portal.jobs.child import Child, start_child
from portal.jobs.limits import Limits

Starter = Callable[..., Child]
"""`start` or `fork`: whatever holds for a child holds however it came to be."""
LIBRARIES = ("statistics",)
SAFETY_NET_S = 60.0
"""No measurement: only so that a broken test ends."""


def python(code: str) -> list[str]:
    """Return the command that runs a few lines of Python."""
    return [sys.executable, "-c", textwrap.dedent(code)]


def start(code: str, folder: Path, *, limits: Limits | None = None, cage: Cage | None = None, **options: Any) -> Child:
    """Start a few lines of Python as a child."""
    return start_child(python(code), folder, limits or Limits(), cage or Cage(), **options)


def fork(code: str, folder: Path, *, limits: Limits | None = None, cage: Cage | None = None, **options: Any) -> Child:
    """Start a few lines of Python as a child that is forked where its libraries are ready."""
    forking.prepare(LIBRARIES)
    wait_until(lambda: forking.find_server(LIBRARIES))
    command = [sys.executable, "-m", "tests.portal.jobs.snippet", textwrap.dedent(code)]
    child = start_child(command, folder, limits or Limits(), cage or Cage(), libraries=LIBRARIES, **options)
    assert isinstance(child.process, forking.Forked)
    return child


def run_to_end(child: Child) -> int:
    """Listen until the child has ended; return its exit status."""
    wait_until(lambda: child.listen(0.05) or not child.is_running)
    child.end()
    return child.process.returncode


def write_run(folder: Path, **spec: Any) -> Path:
    """Write the run.json of a demonstration."""
    whole = {"steps": 6, "seconds_per_step": 0.0, "checkpoint_every": 2, **spec}
    (folder / "run.json").write_text(json.dumps({"spec": whole, "attempt": whole.pop("attempt", 1)}))
    return folder


def wait_until(condition: Callable[[], Any], *, within_s: float = SAFETY_NET_S) -> Any:
    """Ask again and again until the condition holds; return what it gave."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("the condition never came to hold")

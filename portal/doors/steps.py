"""Steps that say what they do while they do it, and how long each took."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from portal.doors.home import ROOT, House


class StepFailed(Exception):
    """A step of a door failed; the text is for a person."""


class Steps:
    """Prints `[2/7] words … 1.3 s` and keeps the seconds."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, words: str) -> Iterator[None]:
        """Run one step; `name` is its key in the summary."""
        sys.stdout.write(f"[{len(self.seconds) + 1}/{self.total}] {words}\n")
        sys.stdout.flush()
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 2)
        sys.stdout.write(f"      done in {self.seconds[name]:.1f} s\n")
        sys.stdout.flush()


def manage(house: House, process: str, *arguments: str) -> None:
    """Run a management command as one kind of process, its output to ours."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=house.environment(process), check=False
    )
    if done.returncode != 0:
        raise StepFailed(f"manage.py {arguments[0]} ended with status {done.returncode}; its words stand above")

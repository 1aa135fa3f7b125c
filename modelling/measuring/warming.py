"""Loops that are compiled once by the worker itself, so that no child in its sandbox has to do it for each volume."""

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import modelling.engine

ENGINE: Final = Path(modelling.engine.__path__[0])
_PACKAGES: Final = ("fe", "features")


def is_warm(engine: Path = ENGINE) -> bool:
    """True if every package of loops holds compiled ones that are no older than its source."""
    return all(_is_warm(engine / name) for name in _PACKAGES)


def _is_warm(package: Path) -> bool:
    compiled = [one.stat().st_mtime for one in package.glob("__pycache__/*.nbi")]
    return bool(compiled) and max(compiled) >= max(one.stat().st_mtime for one in package.glob("*.py"))


@functools.cache
def warm_loops() -> None:
    """Have the loops compiled, once in the life of a worker, where its own user may write beside the source.

    No failure of it stops a job: the child then compiles for itself.
    """
    if os.access(ENGINE / _PACKAGES[0], os.W_OK) and not is_warm():
        subprocess.run(
            [sys.executable, "-m", "modelling.engine.fe.warm"],
            cwd=ENGINE.parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )

"""Compiled loops: numba, with what was compiled kept beside the source where that is allowed."""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import InTreeCacheLocator

Loop = TypeVar("Loop", bound=Callable[..., Any])

n_range = numba.prange

# Where an ordinary user may not write to shared memory numba locks its start among threads alone: all we need.
warnings.filterwarnings("ignore", message="Could not obtain multiprocessing lock")

ENGINE = Path(__file__).parent


def bring_compiled(root: Path = ENGINE) -> Path | None:
    """Copy what was compiled beside the source to a folder of this process, where the source may not be written to.

    A child in its sandbox reads the source and changes nothing there; numba looks only in folders it can write to, and
    would compile every loop anew, half a minute's work. What the child adds stays its own, and goes with it.
    Returns the folder; None where there is nothing to copy or the source can be written to.
    """
    found = {one.parent.parent: one.parent for one in root.glob("*/__pycache__/*.nbi")}
    if not found or all(os.access(kept, os.W_OK) for kept in found.values()):
        return None
    own = Path(tempfile.mkdtemp(prefix="compiled-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    locator: Any = InTreeCacheLocator
    for package, kept in found.items():
        place = own / locator.get_suitable_cache_subpath(str(package / "any.py"))
        shutil.copytree(kept, place, ignore=shutil.ignore_patterns("*.pyc"))
    return own


if (_own := bring_compiled()) is not None:
    vars(numba.config)["CACHE_DIR"] = str(_own)


def compiled(*, parallel: bool = False, fused: bool = False) -> Callable[[Loop], Loop]:
    """Return a decorator that compiles a loop over arrays at its first call.

    parallel: `n_range` of the loop is shared out among numba's threads.
    fused: products and sums may be fused and the sign of a zero lost, and a division by zero gives infinity as in
        numpy; sums keep their order, so that the same input gives the same bits.
    A child in its sandbox keeps what it compiles in a folder of its own: see `bring_compiled`.
    """
    choices: dict[str, Any] = {"parallel": parallel, "nogil": True}
    if fused:
        choices |= {"fastmath": {"contract", "nsz"}, "error_model": "numpy"}

    def decorate(loop: Loop) -> Loop:
        try:
            return cast(Loop, numba.njit(cache=True, **choices)(loop))
        except RuntimeError:
            return cast(Loop, numba.njit(cache=False, **choices)(loop))

    return decorate

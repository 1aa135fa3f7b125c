"""Compiled loops: numba, with what was compiled kept beside the source where that is allowed."""

import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])

n_range = numba.prange

# Where an ordinary user may not write to shared memory numba locks its start among threads alone: all we need.
warnings.filterwarnings("ignore", message="Could not obtain multiprocessing lock")


def compiled(*, parallel: bool = False, fused: bool = False) -> Callable[[Loop], Loop]:
    """Return a decorator that compiles a loop over arrays at its first call.

    parallel: `n_range` of the loop is shared out among numba's threads.
    fused: products and sums may be fused and the sign of a zero lost, and a division by zero gives infinity as in
        numpy; sums keep their order, so that the same input gives the same bits.
    A child in its sandbox may find no folder to keep compiled code in: it compiles anew, some seconds' work.
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

"""Compiled loops of the measurements: numba, with what was compiled kept beside the source where that is allowed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])

n_range = numba.prange


def compiled(*, parallel: bool = False) -> Callable[[Loop], Loop]:
    """Return a decorator that compiles a loop over arrays at its first call.

    A child in its sandbox may find no folder to keep compiled code in: it compiles anew, some seconds' work.
    """

    def decorate(loop: Loop) -> Loop:
        try:
            return cast(Loop, numba.njit(parallel=parallel, cache=True, nogil=True)(loop))
        except RuntimeError:
            return cast(Loop, numba.njit(parallel=parallel, cache=False, nogil=True)(loop))

    return decorate

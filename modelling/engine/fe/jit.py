"""Compiled loops of the solver: numba, with fused products and sums, kept beside the source where that is allowed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled() -> Callable[[Loop], Loop]:
    """Return a decorator that compiles a loop at its first call.

    Only fused multiply-add is allowed of fast arithmetic: sums keep their order, so the same input gives the same bits.
    A child in its sandbox may find no folder to keep compiled code in: it compiles anew, some seconds' work.
    """

    def decorate(loop: Loop) -> Loop:
        try:
            made = numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")(loop)
        except RuntimeError:
            made = numba.njit(cache=False, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")(loop)
        return cast(Loop, made)

    return decorate

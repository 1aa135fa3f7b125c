"""Whether this worker was asked to stop: one byte that the pool's processes share with it.

The signal arrives in the worker's first process, the job may run in a forked one. A byte in shared memory needs no
lock, so the signal handler can set it at any moment without waiting for the code it interrupted.
"""

import mmap

_wish = mmap.mmap(-1, 1)


def ask() -> None:
    """Ask every job of this worker to stop at its next checkpoint."""
    _wish[0] = 1


def forget() -> None:
    """Take the wish back."""
    _wish[0] = 0


def is_asked() -> bool:
    """True once the worker was asked to stop."""
    return bool(_wish[0])

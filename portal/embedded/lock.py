"""One supervisor per home: an advisory lock that the kernel drops when its holder dies, however it dies."""

import contextlib
import fcntl
import os
import time
import weakref
from pathlib import Path

from portal.embedded.errors import HomeInUse

TRIES = 5
BETWEEN_TRIES_S = 0.02
"""Whoever asks `is_locked` holds the lock for a moment, and must not look like a supervisor."""

_held: "weakref.WeakSet[HomeLock]" = weakref.WeakSet()


class HomeLock:
    """flock(2) on a file of the home. The file also holds the pid of the holder, for people to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock now."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock, or raise HomeInUse, naming the holder."""
        for _ in range(TRIES):
            descriptor = _try_to_lock(self.path)
            if descriptor is not None:
                break
            time.sleep(BETWEEN_TRIES_S)
        else:
            home = self.path.parent.parent
            raise HomeInUse(f"{home} is supervised by process {self.holder()}; stop that one first")
        os.ftruncate(descriptor, 0)
        # Without room on the disk only the pid for people is missing; the lock holds all the same.
        with contextlib.suppress(OSError):
            os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        _held.add(self)

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            _held.discard(self)

    def holder(self) -> str:
        """Return the pid of the holder as it was written down."""
        return self.path.read_text("ascii").strip() or "unknown"


def _try_to_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    # A home that was being removed may have lost the file between the opening and the locking.
    if path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor)):
        return descriptor
    os.close(descriptor)
    return None


def is_locked(path: Path) -> bool:
    """Return whether anybody holds the lock now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _let_go_in_a_fork() -> None:
    # A forked child shares the lock and would keep it after its parent's death.
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_let_go_in_a_fork)

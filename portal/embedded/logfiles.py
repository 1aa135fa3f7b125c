"""Logs of the services: a file each, cut when large. A log that cannot be written raises an alarm, never an error.

The service holds the file itself, so its lines need no other process to be alive. That is why a large log is copied
and emptied in place: the service appends, and goes on at the new end.
"""

import contextlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

LARGE_BYTES = 20 * 1024 * 1024
KEPT = 3
TAIL_BYTES = 4000


class LogFile:
    """One service's log. `trouble` is the sentence for the operator while something is wrong with it, else None."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None
        self._began_at = 0
        self._inode: int | None = None

    def open(self) -> int:
        """Return a descriptor for a new run of the service to write to; the null device where no file can be had."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.trouble = f"the log {self.path} cannot be written ({error.strerror}); its lines are lost"
            self._inode = None
            return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        found = os.fstat(descriptor)
        self._began_at, self._inode, self.trouble = found.st_size, found.st_ino, None
        return descriptor

    def note(self, line: str) -> None:
        """Append a line of the supervisor's own, if that can be done."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n".encode())
            finally:
                os.close(descriptor)
            self.trouble = None
        except OSError as error:
            self.trouble = f"the log {self.path} cannot be written ({error.strerror}); its lines are lost"

    def tail(self) -> str:
        """Return the last lines that the present run of the service wrote."""
        try:
            with self.path.open("rb") as stream:
                end = stream.seek(0, os.SEEK_END)
                stream.seek(max(min(self._began_at, end), end - TAIL_BYTES))
                return stream.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def check(self) -> None:
        """Cut the file if it is large, and notice if it was taken away."""
        if self._inode is None:
            return
        try:
            found = self.path.stat()
            if found.st_ino != self._inode:
                self.trouble = f"the log {self.path} was replaced; new lines go to the old file until the next restart"
            elif found.st_size > LARGE_BYTES:
                self._cut()
        except FileNotFoundError:
            self.trouble = f"the log {self.path} was taken away; its lines are lost until the next restart"
        except OSError as error:
            self.trouble = f"the log {self.path} cannot be looked after ({error.strerror})"

    def _cut(self) -> None:
        numbered = [self.path.with_name(f"{self.path.name}.{number}") for number in range(1, KEPT + 1)]
        for older, newer in zip(reversed(numbered[1:]), reversed(numbered[:-1]), strict=True):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)
        shutil.copyfile(self.path, numbered[0])
        numbered[0].chmod(0o600)
        os.truncate(self.path, 0)
        self._began_at = 0

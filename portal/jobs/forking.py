"""The worker's side of `forkserver.py`: children forked from a process that has imported their libraries already.

A set of libraries gets its process with the second child that wants it, or beforehand (`prepare`); until that process
is ready, and wherever it cannot be had, children start from nothing as they always could. They are the same either way:
the same cage, environment, descriptors and module.
"""

import atexit
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from portal.jobs.cage import scrubbed_environment
from portal.jobs.forkserver import BEGUN, ENDED

SERVER: Final = Path(__file__).with_name("forkserver.py")
SHORT: Final = 64
"""Longest word on the socket of a child, bytes."""

_log = logging.getLogger(__name__)


class Forked:
    """A child that the fork server made: what `subprocess.Popen` would tell of it."""

    def __init__(self, status: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        return self._hear(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once it has ended. Raises subprocess.TimeoutExpired."""
        code = self._hear(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a forked child", timeout or 0.0)
        return code

    def terminate(self) -> None:
        """Send SIGTERM to it alone, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def release(self) -> None:
        """Let its process id go, once it has ended and nothing more is to be killed."""
        self._status.close()

    def _hear(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._status.settimeout(timeout)
            with contextlib.suppress(BlockingIOError, TimeoutError):
                words = self._status.recv(SHORT)
                # Without a word the server is gone, and the kernel has killed its children.
                self.returncode = int(words.removeprefix(ENDED)) if words else -signal.SIGKILL
        return self.returncode


@dataclass
class ForkServer:
    """A running fork server and our end of its socket."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    is_ready: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def can_fork(self) -> bool:
        """True once it has imported everything and waits."""
        if not self.is_ready:
            self.control.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                self.is_ready = bool(self.control.recv(SHORT))
        return self.is_ready and self.process.poll() is None

    def fork(self, wish: dict[str, Any], pipe: int, log: int) -> Forked:
        """Return a new child. Raises OSError where the server is gone."""
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with its, self.lock:
                self.control.setblocking(True)
                socket.send_fds(self.control, [json.dumps(wish).encode()], [its.fileno(), pipe, log])
            words = ours.recv(SHORT)
            if not words.startswith(BEGUN):
                raise ConnectionResetError("the forked child ended before it began")
            return Forked(ours, int(words.removeprefix(BEGUN)))
        except OSError:
            ours.close()
            raise

    def close(self) -> None:
        """End the server, at whatever it is, and with it every child it still has."""
        self.control.close()
        self.process.kill()
        self.process.wait()


_servers: dict[tuple[str, ...], ForkServer | None] = {}
"""Libraries → their server; None once they were wanted a first time."""
_lock = threading.Lock()


def prepare(libraries: tuple[str, ...]) -> None:
    """Start the server for these libraries, unless it runs; it is ready when it is."""
    with _lock:
        if libraries and _is_wanting(libraries):
            _servers[libraries] = _start(libraries)


def find_server(libraries: tuple[str, ...]) -> ForkServer | None:
    """Return a server that can fork now; None, and perhaps a start of one, where there is none yet."""
    if not libraries:
        return None
    with _lock:
        if libraries not in _servers:
            _servers[libraries] = None
            return None
        if _is_wanting(libraries):
            _servers[libraries] = _start(libraries)
        server = _servers[libraries]
    return server if server is not None and server.can_fork() else None


def _is_wanting(libraries: tuple[str, ...]) -> bool:
    """True unless a server for the libraries runs, or was given up for good."""
    server = _servers.get(libraries)
    if server is None or server.process.poll() is None:
        return server is None
    if not server.is_ready:
        return False  # it could not even import: children start from nothing, and say themselves what they miss
    server.close()
    return True


def _start(libraries: Sequence[str]) -> ForkServer | None:
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        try:
            process = subprocess.Popen(
                [sys.executable, str(SERVER), str(its.fileno()), *libraries],
                cwd="/",
                env=scrubbed_environment(Path("/"), os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            _log.warning("no process with %s ready could be started: %s", ", ".join(libraries), error)
            return None
    return ForkServer(process, ours)


@atexit.register
def close_all() -> None:
    """End every server with its worker."""
    while _servers:
        _, server = _servers.popitem()
        if server is not None:
            server.close()

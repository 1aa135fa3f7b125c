"""A child process that does the work of one job: started shut in, listened to, stopped for certain.

The one door to the science: tasks start `python -m … RUN_FOLDER` here and nowhere else. The child says how far it
is on a pipe (reporting.py); its standard output and error go to `log.txt` in its folder and are shown on no page,
for a log can say what the data say (TRUST 1.1, Grand Challenge).
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from portal.jobs import reporting
from portal.jobs.cage import ENTER, Cage, scrubbed_environment
from portal.jobs.forking import Forked, find_server
from portal.jobs.limits import Limits
from portal.proof import jcs

LONGEST_LINE = 1 << 20
LONGEST_TEXT = 500
MEBIBYTE = 1 << 20


@dataclass
class Heard:
    """What the child has said so far; only the last of each counts."""

    step: int = 0
    total: int = 0
    message: str = ""
    checkpoint: str = ""
    result: dict[str, Any] | None = None
    failure: tuple[str, str] | None = None
    refused: str = ""
    """Why a line of it could not be understood; empty while all could."""
    n_reports: int = 0

    def take(self, line: bytes) -> None:
        """Take in one line; a line that cannot be understood is kept as the reason to stop the child."""
        try:
            said = jcs.loads(line)
            if not isinstance(said, dict):
                raise ValueError("it is no JSON object")
            self._take_object(said)
        except (TypeError, ValueError, KeyError) as error:
            self.refused = self.refused or f"{error}"
        self.n_reports += 1

    def _take_object(self, said: dict[str, Any]) -> None:
        if "result" in said:
            self.result = dict(said["result"])
        elif "failure" in said:
            self.failure = (str(said["failure"]["code"])[:40], str(said["failure"]["text"])[:LONGEST_TEXT])
        else:
            self.step, self.total = max(0, int(said["step"])), max(0, int(said["total"]))
            self.message = str(said.get("message", ""))[:LONGEST_TEXT]
            self.checkpoint = str(said.get("checkpoint", "") or self.checkpoint)[:64]


@dataclass
class Child:
    """One running child process and everything it starts: its own session, so its own group."""

    process: "subprocess.Popen[bytes] | Forked"
    pipe: int
    limits: Limits
    heard: Heard = field(default_factory=Heard)
    killed_by_us: bool = False
    began: float = field(default_factory=time.monotonic)
    n_oom_kills_before: int = 0
    _buffer: bytes = b""
    _stop_by: float | None = None
    _pipe_ended: bool = False

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def listen(self, seconds: float) -> None:
        """Take in what the child says, waiting at most so long for it to say anything or to end its talk."""
        if self._pipe_ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        else:
            with selectors.DefaultSelector() as selector:
                selector.register(self.pipe, selectors.EVENT_READ)
                selector.select(seconds)
            self._read()
        if self._stop_by is not None and time.monotonic() >= self._stop_by:
            self.kill()

    def ask_to_stop(self, grace_s: float) -> None:
        """Send SIGTERM to the child; `listen` kills the whole group once the grace has passed. Only once."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + grace_s
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def kill(self) -> None:
        """Kill the child and everything in its group."""
        self.killed_by_us = self.killed_by_us or self.is_running
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Leave nothing behind: kill what still runs of the group, hear the last words, close the pipe."""
        self.kill()
        self.process.wait()
        if not self._pipe_ended:
            self._read()
        os.close(self.pipe)
        if isinstance(self.process, Forked):
            self.process.release()

    def measure_memory_mb(self) -> float:
        """Return the resident memory of the child and all its children."""
        total = 0
        with contextlib.suppress(psutil.Error):
            child = psutil.Process(self.process.pid)
            for one in (child, *child.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    total += one.memory_info().rss
        return total / MEBIBYTE

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.began

    @property
    def was_out_of_memory(self) -> bool:
        """True if the kernel killed some process for want of memory since this child began."""
        return count_oom_kills() > self.n_oom_kills_before

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.pipe, 1 << 16):
                self._buffer += piece
                *lines, self._buffer = self._buffer.split(b"\n")
                for line in lines:
                    self.heard.take(line)
                if len(self._buffer) > LONGEST_LINE:
                    self.heard.refused = f"a line of more than {LONGEST_LINE} bytes"
                    self._buffer = b""
            self._pipe_ended = True


def start_child(
    command: list[str],
    folder: Path,
    limits: Limits,
    cage: Cage,
    *,
    number: int = 0,
    hidden: tuple[Path, ...] = (),
    libraries: tuple[str, ...] = (),
) -> Child:
    """Start a command in its run folder, shut in.

    number: tells jobs apart; chooses the user id where children have their own.
    hidden: folders and sockets the child shall not see, where the cage can hide them.
    libraries: what a `python -m` command imports that takes long; it is forked from where they are ready, if they are.
    Raises OSError where the machine can start no process.
    """
    orders = cage.orders_for(folder, number, rlimits_of(limits), hidden)
    _give_folder(folder, orders["user"])
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        with (folder / "log.txt").open("ab") as log:
            process = _fork(command, folder, orders, libraries, writing, log.fileno()) or _start(
                command, folder, orders, writing, log.fileno()
            )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return Child(process, reading, limits, n_oom_kills_before=count_oom_kills())


def _fork(
    command: list[str], folder: Path, orders: dict[str, Any], libraries: tuple[str, ...], pipe: int, log: int
) -> Forked | None:
    """Return a child forked where its libraries are ready; None where there is no such place."""
    server = find_server(libraries) if command[:2] == [sys.executable, "-m"] else None
    if server is None:
        return None
    wish = {
        "orders": orders,
        "module": command[2],
        "arguments": command[3:],
        "folder": str(folder),
        "environment": scrubbed_environment(folder, os.environ),
        "pipe_variable": reporting.PIPE_VARIABLE,
    }
    try:
        return server.fork(wish, pipe, log)
    except OSError:
        return None  # it ended just now; the next child finds another


def _start(command: list[str], folder: Path, orders: dict[str, Any], pipe: int, log: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", str(ENTER), json.dumps(orders), *command],
        cwd=folder,
        env=scrubbed_environment(folder, os.environ) | {reporting.PIPE_VARIABLE: str(pipe)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(pipe,),
        start_new_session=True,
    )


def rlimits_of(limits: Limits) -> dict[str, int]:
    """Return the limits as setrlimit(2) names them. No core file: it would hold what the memory held."""
    found = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": limits.open_files}
    if limits.address_space_mb is not None:
        found["RLIMIT_AS"] = limits.address_space_mb * MEBIBYTE
    if limits.cpu_seconds is not None:
        found["RLIMIT_CPU"] = limits.cpu_seconds
    if limits.file_mb is not None:
        found["RLIMIT_FSIZE"] = limits.file_mb * MEBIBYTE
    return found


def count_oom_kills() -> int:
    """Return how many processes this machine has killed for want of memory since it started (proc(5), vmstat)."""
    with contextlib.suppress(OSError), open("/proc/vmstat", encoding="ascii") as stream:
        for line in stream:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _give_folder(folder: Path, user: int | None) -> None:
    (folder / "tmp").mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)

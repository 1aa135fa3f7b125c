"""Real workers and clocks for the fault tests, and what is done to them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from portal.embedded.running import status_of
from portal.jobs.broker import get_celery
from tests.portal.jobs.children import SAFETY_NET_S, wait_until
from tests.services import ROOT, SERVICES


@dataclass
class Stack:
    """The processes of one test; whatever still runs at its end is killed."""

    environment: dict[str, str]
    folder: Path
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start_worker(self, queue: str = "gpu", pool: str = "solo", concurrency: int = 1, **settings: str) -> "Process":
        """Start a Celery worker and wait until it listens."""
        name = f"worker{len(self.running)}"
        arguments = ["-m", "celery", "-A", "portal.celery", "worker", "-Q", queue, "-n", f"{name}@%h"]
        options = ["-P", pool, "-c", str(concurrency), "-l", "INFO", "--without-mingle", "--without-gossip"]
        worker = self._start(name, [*arguments, *options], {"LOG_LEVEL": "INFO", **settings})
        wait_until(lambda: worker.popen.poll() is not None or (f"{name}@" in worker.log and "ready." in worker.log))
        assert worker.popen.poll() is None, f"the worker ended at once:\n{worker.log[-2000:]}"
        return worker

    def start_clock(self) -> "Process":
        """Start the clock."""
        return self._start(f"clock{len(self.running)}", ["manage.py", "clock"], {"LOG_LEVEL": "INFO"})

    def run_python(self, code: str) -> int:
        """Run a few lines with Django set up, as the web does; return the exit status."""
        whole = f"import django; django.setup()\n{code}"
        process = self._start(f"python{len(self.running)}", ["-c", whole], {"TRABECULA_PROCESS": "test"})
        return process.wait()

    def end(self) -> None:
        """Kill what is left, stopped processes too."""
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    def _start(self, name: str, arguments: list[str], settings: dict[str, str]) -> "Process":
        environment = {**os.environ, **self.environment, "TRABECULA_HOME": str(self.home)}
        # What kind of process it is, each command finds out by itself.
        environment.pop("TRABECULA_PROCESS")
        log_path = self.folder / f"{name}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=environment | settings, stdout=log, stderr=log
            )
        self.running.append(process)
        return Process(process, log_path)


@dataclass
class Process:
    """A worker or a clock."""

    popen: "subprocess.Popen[bytes]"
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def wait(self) -> int:
        """Wait for the end; return the exit status."""
        return self.popen.wait(SAFETY_NET_S)

    def find_child(self) -> psutil.Process:
        """Return the process that does the work."""
        return wait_until(self._find_child)

    def _find_child(self) -> psutil.Process | None:
        with contextlib.suppress(psutil.Error):
            for one in psutil.Process(self.popen.pid).children(recursive=True):
                if "portal.jobs.demonstration" in one.cmdline() and "enter.py" not in " ".join(one.cmdline()):
                    return one
        return None


@contextlib.contextmanager
def stack(environment: dict[str, str], folder: Path) -> Iterator[Stack]:
    """Give a stack; show the logs where a test fails."""
    found = Stack(environment, folder)
    found.home.mkdir()
    empty_broker()
    try:
        yield found
    finally:
        found.end()
        for path in sorted(folder.glob("*.log")):
            sys.stdout.write(f"--- {path.name}\n{path.read_text('utf-8', 'replace')[-4000:]}\n")


def empty_broker() -> None:
    """Forget the messages of earlier tests."""
    with get_celery().connection_for_write() as connection, connection.channel() as channel:
        for queue in ("web", "gpu"):
            channel.queue_purge(queue)


def kill_broker(*, with_its_data: bool = False) -> None:
    """Kill the broker without warning; its supervisor starts it again."""
    before = find_broker()
    if with_its_data:
        data = SERVICES.supervisor.places.valkey  # type: ignore[union-attr]
        files = [path for path in data.rglob("*") if path.is_file() and "aof" in path.name]
        assert files, "the broker keeps no file: there is nothing to lose"
        for path in files:
            path.unlink()
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: find_broker() != before and status_of(SERVICES.home)["stage"] == "ready")


def find_broker() -> int:
    """Return the process id of the broker."""
    return next(one["pid"] for one in status_of(SERVICES.home)["processes"] if one["name"] == "valkey")


class Relay:
    """A socket between a worker and PostgreSQL that can be cut and joined again: a network, for one worker alone."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder, self.target = folder, target
        self.path = folder / ".s.PGSQL.5432"
        self._ends: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def join(self) -> None:
        """Let connections through."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self.path.unlink()
        while self._ends:
            with contextlib.suppress(OSError):
                self._ends.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = listener.accept()[0]
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self.target))
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

"""The whole portal as its own processes: a web server, a worker for each queue, the clock, the scorer."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.doors.processes import free_port
from tests.faults.processes import Stack, stack
from tests.portal.jobs.children import wait_until
from tests.services import ROOT

WEB = {"SECOND_FACTOR_REQUIRED": "0", "FRESH_SIGN_IN_SECONDS": "3600"}
"""The cast carries no telephone, and on a busy machine a ceremony takes them longer than a person."""


@contextmanager
def running_house(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Start every process of the portal; yield its address."""
    with stack(environment, folder) as house:
        port = free_port(0)
        _start_scorer(house)
        _start_web(house, port)
        house.start_clock()
        for queue in ("web", "gpu"):
            house.start_worker(queue)
        wait_until(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}"


def _start_web(house: Stack, port: int) -> None:
    argv = ["-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    _start(house, "web", [*argv, "--threads", "6", "--no-control-socket"], {**os.environ, **house.environment, **WEB})


def _start_scorer(house: Stack) -> None:
    """The scorer holds its own role's address and no other, and knows no broker."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "BROKER_URL"))}
    own = {"DATABASE_URL_SCORER": house.environment["DATABASE_URL_SCORER"]}
    _start(house, "scorer", ["-m", "cohort.vault.scorer"], kept | own)


def _start(house: Stack, name: str, arguments: list[str], environment: dict[str, str]) -> None:
    # What kind of process it is, each command finds out by itself.
    whole = {key: value for key, value in environment.items() if key != "TRABECULA_PROCESS"}
    whole["TRABECULA_HOME"] = str(house.home)
    with (house.folder / f"{name}.log").open("wb") as log:
        argv = [sys.executable, *arguments]
        house.running.append(subprocess.Popen(argv, cwd=ROOT, env=whole, stdout=log, stderr=log))


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

"""The portal's own processes, as the supervisor keeps them: web, two workers, the clock, the scorer."""

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable

from portal.doors.home import ROOT, House
from portal.embedded.processes import Process

WORKER_ARGUMENTS = ("--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")


def web_process(house: House, port: int) -> Process:
    """Return the web server, on the loopback address alone."""
    argv = (sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2")
    return Process(
        name="web",
        argv=(*argv, "--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "20", "--no-control-socket"),
        environment=house.environment("web"),
        cwd=ROOT,
        is_ready=_answers(port),
    )


def worker_process(house: House, queue: str) -> Process:
    """Return the worker of one queue."""
    argv = (sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-Q", queue, "-n", f"{queue}@%h")
    return Process(
        name=f"worker-{queue}", argv=(*argv, *WORKER_ARGUMENTS), environment=house.environment("worker"), cwd=ROOT
    )


def clock_process(house: House) -> Process:
    """Return the clock: it sweeps the jobs and seals the audit."""
    return Process(
        name="clock", argv=(sys.executable, "manage.py", "clock"), environment=house.environment("clock"), cwd=ROOT
    )


def scorer_process(house: House) -> Process:
    """Return the scorer: it alone speaks as `tb_scorer`, and no broker and no page reaches it.

    Here it runs as the same user of the machine as the rest; where that must not be, docker/compose.yaml gives it one
    of its own (and demo custody says so on every page).
    """
    environment = house.environment("scorer")
    # Whatever the shell had: no other role's address and no broker's for the one process that opens labels.
    for name in [one for one in environment if one.startswith(("DATABASE_URL", "BROKER_URL"))]:
        if name != "DATABASE_URL_SCORER":
            environment.pop(name)
    argv = (sys.executable, "-m", "cohort.vault.scorer")
    return Process(name="scorer", argv=argv, environment=environment, cwd=ROOT)


def free_port(wanted: int) -> int:
    """Return the wanted port if it is free on the loopback address, else one that the system gives."""
    for port in (wanted, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise OSError("no port is free on 127.0.0.1")


def _answers(port: int) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return is_ready

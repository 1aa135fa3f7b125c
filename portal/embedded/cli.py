"""`python -m portal.embedded run|status|stop|env|remove HOME`: the embedded services from the command line."""

import argparse
import json
import logging
import os
import shlex
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from portal.embedded.environment import environment_for
from portal.embedded.errors import HomeInUse, HomeRefused, ServiceFailed
from portal.embedded.lock import is_locked
from portal.embedded.places import Places
from portal.embedded.removing import remove_home
from portal.embedded.reserve import DEFAULT_RESERVE_MB
from portal.embedded.running import status_of
from portal.embedded.supervisor import Supervisor
from portal.embedded.survivors import same_process

POLL_S = 0.05


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 not so, 2 refused."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (HomeInUse, HomeRefused, ServiceFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.embedded", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function, says in (
        ("run", _run, "start both services and keep them up until Ctrl-C"),
        ("status", _status, "say what is up; exit code 1 when nothing is"),
        ("stop", _stop, "stop the services and wait until they are gone"),
        ("env", _env, "write the environment as `export` lines (it holds passwords)"),
        ("remove", _remove, "delete a home, its cluster and its sockets for good"),
    ):
        command = commands.add_parser(name, help=says, description=says)
        command.add_argument("home", type=Path, metavar="HOME", help="the folder of all data")
        command.set_defaults(command=function)
        if name == "run":
            command.add_argument("--reserve-mb", type=int, default=DEFAULT_RESERVE_MB, help="space kept back, in MB")
        if name == "remove":
            command.add_argument("--yes", action="store_true", help="really")
    return parser


def _run(options: argparse.Namespace) -> int:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    leave = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        leave.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    supervisor = Supervisor(options.home, reserve_mb=options.reserve_mb)
    supervisor.start()
    try:
        sys.stdout.write(f"the services of {supervisor.places.home} are up\n")
        sys.stdout.flush()
        leave.wait()
    finally:
        supervisor.stop()
    return 0


def _status(options: argparse.Namespace) -> int:
    status = status_of(options.home)
    sys.stdout.write(json.dumps(status, indent=1) + "\n")
    return 0 if status["stage"] == "ready" and not status["alarms"] else 1


def _stop(options: argparse.Namespace) -> int:
    places = Places.of(options.home)
    status = status_of(options.home)
    if status["stage"] == "stopped":
        sys.stdout.write("nothing runs there\n")
        return 0
    if same_process(int(status["pid"]), str(status["birth"])) is not None:
        os.kill(int(status["pid"]), signal.SIGTERM)
    while is_locked(places.lock):
        time.sleep(POLL_S)
    sys.stdout.write("stopped\n")
    return 0


def _env(options: argparse.Namespace) -> int:
    for name, value in environment_for(options.home).items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


def _remove(options: argparse.Namespace) -> int:
    if not options.yes:
        raise HomeRefused(f"this deletes {Places.of(options.home).home} and its database for good; say --yes to do it")
    remove_home(options.home)
    return 0

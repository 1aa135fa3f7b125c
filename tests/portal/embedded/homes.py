"""Homes for tests of the embedded services, and what the tests look at from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from portal.embedded.places import Places
from portal.embedded.removing import remove_home
from portal.embedded.running import Services
from portal.embedded.survivors import find_processes

CHECKOUT = Path(__file__).parents[3]
SAFETY_NET_S = 90.0


def wait_until(condition: Callable[[], bool], says: str) -> None:
    """Return when the condition holds; the deadline is a safety net, not a measure."""
    deadline = time.monotonic() + SAFETY_NET_S
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {says}"
        time.sleep(0.02)


@contextmanager
def temporary_home(path: Path) -> Iterator[Path]:
    """Give a path for a home, and delete what was made of it afterwards."""
    try:
        yield path
    finally:
        if (path / "run").is_dir():
            remove_home(path)


def forget_the_past(home: Path) -> Path:
    """Return the home of an earlier test with its logs emptied; it costs less than a new one."""
    assert processes_of(home) == [], "an earlier test left something running"
    for log in (home / "logs").iterdir():
        log.unlink()
    return home


def processes_of(home: Path, *, but: str = "nothing") -> list[psutil.Process]:
    """Return every living server process of a home: the database's and the broker's."""
    places = Places.of(home)
    sockets = str(places.sockets())

    def is_ours(command: list[str]) -> bool:
        line = " ".join(command)
        is_here = f"postgres: {places.cluster_name}: " in line or str(places.data) in line or sockets in line
        return is_here and but not in line

    return list(find_processes(places.account.uid, is_ours))


def postgres_of(home: Path) -> list[psutil.Process]:
    """Return every living process of a home's database server."""
    return processes_of(home, but="valkey")


def make_table(services: Services) -> None:
    """Make a table that the pages' role may write to, as a migration would."""
    with psycopg.connect(services.environment["DATABASE_URL_DEPLOY"]) as connection:
        connection.execute("SET ROLE tb_owner")
        connection.execute("DROP TABLE IF EXISTS written")
        connection.execute("CREATE TABLE written (writer int, number int, PRIMARY KEY (writer, number))")
        connection.execute("GRANT USAGE ON SCHEMA public TO tb_web")
        connection.execute("GRANT SELECT, INSERT ON written TO tb_web")


@contextmanager
def supervised_by_another_process(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m portal.embedded run HOME` until its services are up; kill it afterwards if it still lives."""
    child = subprocess.Popen(
        [sys.executable, "-m", "portal.embedded", "run", str(home), *options],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])},
        text=True,
    )
    assert child.stdout is not None
    try:
        assert "are up" in child.stdout.readline()
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()
        wait_until(lambda: processes_of(home) == [], "the services end with their supervisor")

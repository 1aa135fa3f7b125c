"""The ordinary doors of Django work without `./run`: one DATABASE_URL, one BROKER_URL, nothing else prepared."""

import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from portal.doors.processes import free_port
from tests.browser import until
from tests.services import ROOT, SERVICES, drop_database, superuser


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What somebody exports: the address of an empty database with one login that owns it."""
    name = f"trabecula_plain_{secrets.token_hex(4)}"
    with superuser(SERVICES) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    # psycopg's key-value form of the superuser's address as the URI that DATABASE_URL wants.
    parts = dict(part.split("=", 1) for part in SERVICES.superuser_conninfo(name).replace("'", "").split(" "))
    address = f"postgresql://{parts['user']}:{parts['password']}@/{name}?host={parts['host']}"
    ours = ("DATABASE_URL", "TRABECULA", "DJANGO")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    home = tmp_path_factory.mktemp("plain")
    yield {**kept, "DATABASE_URL": address, "TRABECULA_HOME": str(home), "DEBUG": "1"}
    drop_database(SERVICES, name)


@contextmanager
def started(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_migrate_and_runserver_and_a_worker_work_by_themselves(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    port = free_port(0)
    with started(environment, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"):
        assert until(lambda: answers(port), "the page of runserver")
    worker = ("-m", "celery", "-A", "portal.celery", "worker", "-Q", "gpu", "-P", "solo", "-n", "plain@%h")
    with started(environment, *worker, "--loglevel", "INFO") as process:
        assert process.stderr is not None
        assert any(b"ready." in line for line in process.stderr), "the worker says that it is ready"


def test_without_a_database_one_sentence_says_what_to_do() -> None:
    ours = ("DATABASE_URL", "BROKER_URL", "TRABECULA", "DJANGO", "SECRET_KEY")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Trabecula cannot start: the setting SECRET_KEY is missing")
    assert "./run demo" in done.stderr
    assert "Traceback" not in done.stderr

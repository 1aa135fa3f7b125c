"""The real services of a test session: an embedded PostgreSQL and broker in a home of their own, migrated once.

A pytest plugin (see pyproject.toml), because settings want the addresses before anything of Django is imported.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from portal.doors.quality import without_services
from portal.embedded.removing import remove_home
from portal.embedded.running import Services, running

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "trabecula"
"""The migrated database nobody writes to: every other one is a copy of it."""
SHARED = "trabecula_tests"
"""The copy for tests that roll back."""

AT_EASE = {"fsync": "off", "full_page_writes": "off", "idle_in_transaction_session_timeout": "0"}
"""Settings of the tests' own cluster; see `run_at_ease`."""
FAST = {
    # Small enough for tests, large enough for a busy machine.
    "JOB_LEASE_SECONDS": "3",
    "JOB_HEARTBEAT_SECONDS": "0.5",
    "JOB_RESEND_SECONDS": "0.5",
    "JOB_STOP_GRACE_SECONDS": "10",
    # Most workers of tests run one job or none.
    "JOB_LIBRARIES_READY": "false",
    "CLOCK_SWEEP_SECONDS": "0.3",
    "CLOCK_SEAL_SECONDS": "0.3",
    "BEHIND_TLS": "0",
    "SERVE_STATIC_FROM_SOURCE": "1",
    "LOG_LEVEL": "WARNING",
}


def with_database(environment: dict[str, str], name: str) -> dict[str, str]:
    """Return the environment with every address leading to another database."""
    return {
        key: value.replace(f"/{TEMPLATE}?", f"/{name}?") if key.startswith("DATABASE_URL") else value
        for key, value in environment.items()
    }


def only_hands_out() -> bool:
    """Return whether this process gives the tests to others (pytest -n), which have services of their own."""
    return "PYTEST_XDIST_WORKER" not in os.environ and any(word.startswith("-n") for word in sys.argv[1:])


def start() -> Services:
    """Start the services, migrate the template, copy the shared database, and hand the addresses to Django."""
    if only_hands_out():
        os.environ.update(without_services(), DJANGO_SETTINGS_MODULE="portal.settings")
        return Services(ROOT, {}, None)
    stack = contextlib.ExitStack()
    services = stack.enter_context(_services())
    atexit.register(stack.close)
    os.environ.update(FAST)
    environment = {**os.environ, **services.environment}
    run_at_ease(services)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    copy_database(services, SHARED)
    os.environ.update(with_database(services.environment, SHARED))
    os.environ["TRABECULA_PROCESS"] = "test"
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    return services


def run_at_ease(services: Services) -> None:
    """Let the tests' own cluster wait neither for the disk nor end a transaction in which a slow machine computes.

    No test cuts the power, and each makes a database or two; a test's transaction lasts as long as the test. What holds
    when a process is killed holds without it too (PostgreSQL, "fsync"), as long as a commit waits for its record to be
    written: synchronous_commit stays. Services that a test starts for itself have the real settings.
    """
    with superuser(services) as cursor:
        for name, value in AT_EASE.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = {value}")
        cursor.execute("SELECT pg_reload_conf()")


def copy_database(services: Services, name: str, template: str = TEMPLATE) -> None:
    """Make a fresh copy of the migrated template, or of another that nobody is connected to."""
    with superuser(services) as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE {template} OWNER tb_owner')
        # Rights on a database are not copied with it.
        cursor.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        cursor.execute("SELECT string_agg(rolname, ', ') FROM pg_roles WHERE rolname LIKE 'tb\\_%' AND rolcanlogin")
        cursor.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {cursor.fetchone()[0]}')


def drop_database(services: Services, name: str) -> None:
    """Drop a copy, whoever is still connected."""
    with superuser(services) as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def superuser(services: Services, database: str = "postgres") -> Iterator[psycopg.Cursor[tuple[object, ...]]]:
    """Give a cursor of the cluster's superuser, in autocommit."""
    with psycopg.connect(services.superuser_conninfo(database), autocommit=True) as connection:
        yield connection.cursor()


@contextlib.contextmanager
def _services() -> Iterator[Services]:
    home = Path(tempfile.mkdtemp(prefix="trabecula-tests-"))
    # Nothing is collected for tests; without the folder the server of static files warns.
    (home / "static").mkdir()
    try:
        with running(home, reserve_mb=0) as services:
            yield services
    finally:
        remove_home(home)


SERVICES = start()

"""How pg_dump and pg_restore are called: the address as an option, the password through the environment alone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.embedded.account import Account
from portal.embedded.binaries import binaries_for
from portal.embedded.errors import BackupRefused, HomeRefused

DEPLOY_VARIABLE = "DATABASE_URL_DEPLOY"

COUNTED = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""


def deploy_conninfo(environment: Mapping[str, str]) -> str:
    """Return how the deploy role connects; backups are made and restored as that role."""
    url = environment.get(DEPLOY_VARIABLE)
    if not url:
        raise BackupRefused(f"{DEPLOY_VARIABLE} is not set: backups are made and restored as the role tb_deploy")
    return make_conninfo(url)


def count_rows(connection: psycopg.Connection) -> dict[str, int]:
    """Return the rows of every table, by `schema.table`."""
    # With it on, a policy would hide rows from the count without a word.
    connection.execute("SET row_security = off")
    counts = {}
    for schema, table in connection.execute(COUNTED).fetchall():
        query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(schema, table))
        try:
            (counts[f"{schema}.{table}"],) = connection.execute(query).fetchone() or (0,)
        except psycopg.errors.InsufficientPrivilege as error:
            words = error.diag.message_primary
            raise BackupRefused(f"the role tb_deploy may not read all of {schema}.{table}: {words}") from None
    return counts


def dump(conninfo: str, snapshot: str, target: IO[bytes]) -> None:
    """Write the database, as that snapshot sees it, to an open file in PostgreSQL's custom format."""
    options = ["--format=custom", f"--snapshot={snapshot}", "--no-password"]
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            [_tool("pg_dump", conninfo), *options, f"--dbname={_without_password(conninfo)}"],
            env=_environment(conninfo),
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=errors,
            check=False,
        )
        _check("pg_dump", done.returncode, errors)


@contextmanager
def restoring(conninfo: str) -> Iterator[IO[bytes]]:
    """Give a stream to write a dump into; it is restored as one transaction, and refused as a whole on an error."""
    with tempfile.TemporaryFile() as errors:
        options = ["--exit-on-error", "--single-transaction", "--no-password"]
        child = subprocess.Popen(
            [_tool("pg_restore", conninfo), *options, f"--dbname={_without_password(conninfo)}"],
            env=_environment(conninfo),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        assert child.stdin is not None
        try:
            yield child.stdin
            child.stdin.close()
        except BrokenPipeError:
            pass  # it gave up, and says why below
        except BaseException:
            child.kill()
            child.wait()
            raise
        _check("pg_restore", child.wait(), errors)


def _check(program: str, code: int, errors: IO[bytes]) -> None:
    if code != 0:
        errors.seek(0)
        # Errors of these programs name tables and roles. The lines with statements and rows are left out.
        lines = [line for line in errors.read().decode("utf-8", "replace").splitlines() if "error:" in line]
        raise BackupRefused(f"{program} ended with code {code}: {' '.join(lines)[:500]}")


def _tool(program: str, conninfo: str) -> str:
    """Return the path of a program: the machine's own for a database elsewhere (ours has no TLS), else ours."""
    is_socket = str(conninfo_to_dict(conninfo).get("host", "")).startswith("/")
    installed = shutil.which(program)
    if installed and not is_socket:
        return installed
    try:
        return binaries_for(Account("", os.geteuid(), os.getegid(), is_another=False)).postgres(program)
    except HomeRefused:
        if installed:
            return installed
        raise BackupRefused(f"{program} was not found: install the client programs of PostgreSQL 18") from None


def _without_password(conninfo: str) -> str:
    shown = {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if key != "password"}
    return make_conninfo("", **shown)


def _environment(conninfo: str) -> dict[str, str]:
    # PG… variables of this process could add options of their own.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "PGPASSWORD": str(conninfo_to_dict(conninfo).get("password", "")), "LC_ALL": "C"}

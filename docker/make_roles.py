"""Make the database and its roles on a real PostgreSQL: run once at each start, before the migrations.

Connects as the superuser by PGHOST, PGUSER and PGPASSWORD_FILE. It is given password verifiers, never passwords, so
no statement, and no log of statements, can hold one. Everything here can run twice.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from portal.core.database_roles import LOGIN_ROLES, create_roles_sql
from portal.embedded.bootstrap import create_database, open_database, set_roles

DATABASE = "trabecula"


def make_roles(superuser: str, verifiers: Mapping[str, str]) -> None:
    """Make roles and database on the server that `superuser` connects to.

    Raises ValueError if a login role has no verifier: it would be left without a password.
    """
    missing = sorted({role.name for role in LOGIN_ROLES} - set(verifiers))
    if missing:
        raise ValueError(f"no password verifier for {', '.join(missing)}: make new secrets with docker.make_secrets")
    with psycopg.connect(superuser, autocommit=True) as connection:
        for statement in create_roles_sql(verifiers):
            connection.execute(statement.encode())
        set_roles(connection, {})  # the time limits; passwords are set already
        is_there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if is_there is None:
        create_database(superuser, DATABASE)
    else:
        open_database(superuser, DATABASE)


def main() -> int:
    """Read the two secrets, make the roles, and say so."""
    password = Path(os.environ["PGPASSWORD_FILE"]).read_text(encoding="utf-8").strip()
    verifiers = json.loads(Path(os.environ["VERIFIERS_FILE"]).read_text(encoding="utf-8"))
    make_roles(make_conninfo(dbname="postgres", password=password), verifiers)
    sys.stdout.write(f"{len(verifiers)} roles may log in to the database {DATABASE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

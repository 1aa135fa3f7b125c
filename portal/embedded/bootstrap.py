"""What every start makes sure of inside the cluster: the roles, their passwords, the database and who may enter it.

Everything here can run twice, and the second time writes nothing. Grants on schemas and tables stand in migrations.
"""

import psycopg
from psycopg import sql

from portal.core.database_roles import LOGIN_ROLES, OWNER, create_roles_sql
from portal.embedded.environment import DATABASE, database_password
from portal.embedded.places import Places
from portal.embedded.postgres import Postgres
from portal.embedded.scram import is_verifier_of, make_verifier

# A page never needs longer; a forgotten cross join would hold a connection for hours. Workers and migrations may.
STATEMENT_TIMEOUTS = {"tb_web": "30s"}


def prepare_cluster(places: Places) -> None:
    """Make the roles and the database of a home whose server is up."""
    passwords = {role.name: database_password(places, role.name) for role in LOGIN_ROLES}
    superuser = Postgres(places).conninfo()
    with psycopg.connect(superuser, autocommit=True) as connection:
        set_roles(connection, passwords)
        for name in ("postgres", "template1"):
            _close_to_the_public(connection, name)
        is_there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if is_there is None:
        create_database(superuser, DATABASE)
    else:
        open_database(superuser, DATABASE)


def set_roles(connection: psycopg.Connection, passwords: dict[str, str]) -> None:
    """Make the roles that are missing and write the verifiers that do not fit their passwords."""
    found: dict[str, str | None] = dict(connection.execute("SELECT rolname, rolpassword FROM pg_authid").fetchall())
    stale = {name: text for name, text in passwords.items() if not is_verifier_of(found.get(name), text)}
    is_complete = {OWNER, *passwords} <= set(found)
    if stale or not is_complete:
        for statement in create_roles_sql({name: make_verifier(text) for name, text in stale.items()}):
            connection.execute(statement)
    for name, limit in STATEMENT_TIMEOUTS.items():
        wanted = f"statement_timeout={limit}"
        query = "SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = %s::regrole"
        row = connection.execute(query, [name]).fetchone()
        if row is None or wanted not in row[0]:
            connection.execute(
                sql.SQL("ALTER ROLE {} SET statement_timeout = {}").format(sql.Identifier(name), sql.Literal(limit))
            )


def create_database(superuser: str, name: str, template: str = "template0") -> None:
    """Make a database that the owner role owns and only the portal's roles may enter.

    superuser: how to connect as the superuser. template: an empty one, or a migrated one for tests (privileges on a
    database are not copied from its template, so they are granted here).
    """
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )
    open_database(superuser, name)


def open_database(superuser: str, name: str) -> None:
    """Let the portal's roles, and nobody else, connect to a database."""
    with psycopg.connect(superuser, autocommit=True, dbname=name) as connection:
        _close_to_the_public(connection, name)
        if _is_open(connection, "SELECT nspacl FROM pg_namespace WHERE nspname = %s", "public"):
            connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        roles = [role.name for role in LOGIN_ROLES]
        missing = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT has_database_privilege(oid, %s, 'CONNECT')",
            [roles, name],
        ).fetchall()
        for (role,) in missing:
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role))
            )


def _close_to_the_public(connection: psycopg.Connection, name: str) -> None:
    if _is_open(connection, "SELECT datacl FROM pg_database WHERE datname = %s", name):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def _is_open(connection: psycopg.Connection, query: str, name: str) -> bool:
    """Return whether PUBLIC (grantee 0) holds any privilege; no list at all means the open default."""
    acl = f"SELECT acl IS NULL OR EXISTS (SELECT FROM aclexplode(acl) WHERE grantee = 0) FROM ({query}) AS held(acl)"
    return connection.execute(acl, [name]).fetchone() == (True,)

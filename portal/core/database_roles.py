"""The database's roles: who may log in, and as what. One list for the embedded cluster, docker and migrations.

Pure: no Django, no connection. Grants on schemas and tables stand in the migrations; here are only the roles,
because a role belongs to the whole cluster and must exist before the first migration runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

OWNER = "tb_owner"
"""Owns every object. Nobody logs in as it; the deploy role takes it on for migrations."""


@dataclass(frozen=True)
class LoginRole:
    """A role somebody logs in as, and the sentence that says who."""

    name: str
    purpose: str


LOGIN_ROLES: tuple[LoginRole, ...] = (
    LoginRole("tb_deploy", "migrations, backup, restore and the offline check of the audit"),
    LoginRole("tb_web", "pages and API"),
    LoginRole("tb_worker", "Celery workers and the processes they start"),
    LoginRole("tb_sealer", "the sealer: sees commitments, never values"),
    LoginRole("tb_ident", "names, birth dates and contacts (schema identity)"),
    LoginRole("tb_clinical", "fractures, DXA values, readings (schema outcome)"),
    LoginRole("tb_allocator", "the concealed draw (schema vault, tables of the draw only)"),
    LoginRole("tb_label_writer", "sealing of labels: may insert, may not read (schema vault)"),
    LoginRole("tb_snapshot", "the snapshot builder: outcomes of training participants only (schema outcome)"),
    LoginRole("tb_scorer", "the scorer, after the lock (schema vault)"),
    LoginRole("tb_audit", "the auditor: reads the ledger"),
)


def create_roles_sql(verifiers: Mapping[str, str]) -> list[str]:
    """Return the statements that make every role that is missing and set its password verifier.

    verifiers: role name → SCRAM-SHA-256 verifier (never the plain password: a statement can end in a log).
    A role without a verifier gets no password, so it can only be reached by SET ROLE.
    Every statement can run twice.
    """
    statements = [_create_sql(OWNER, "NOLOGIN")]
    for role in LOGIN_ROLES:
        statements.append(_create_sql(role.name, "LOGIN"))
        if role.name in verifiers:
            statements.append(f"ALTER ROLE {role.name} PASSWORD '{_checked(verifiers[role.name])}'")
    statements.append(f"GRANT {OWNER} TO tb_deploy WITH INHERIT TRUE, SET TRUE")
    return statements


def _create_sql(name: str, login: str) -> str:
    # CREATE ROLE has no IF NOT EXISTS.
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN "
        f"CREATE ROLE {name} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION; END IF; END $$"
    )


def _checked(verifier: str) -> str:
    if not verifier.startswith("SCRAM-SHA-256$") or "'" in verifier:
        raise ValueError("a password verifier must begin with 'SCRAM-SHA-256$' and hold no quote")
    return verifier

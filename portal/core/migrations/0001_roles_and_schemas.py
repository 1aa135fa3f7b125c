"""Roles, schemas and their default grants, before any table exists (DECISIONS "Database", TRUST 1.5)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from portal.core.database_roles import LOGIN_ROLES, OWNER, create_roles_sql

SCHEMAS = ("identity", "outcome", "vault")

WRITE = "SELECT, INSERT, UPDATE, DELETE"
# schema -> role -> rights on every later table of it. Vault gives nothing by default: each of its tables says who.
DEFAULT_GRANTS = {
    "public": {"tb_web": WRITE, "tb_worker": WRITE, "tb_audit": ""},
    "identity": {"tb_ident": WRITE},
    "outcome": {"tb_clinical": WRITE},
    "vault": {},
}
USAGE = {
    "public": (
        "tb_web",
        "tb_worker",
        "tb_sealer",
        "tb_ident",
        "tb_clinical",
        "tb_allocator",
        "tb_label_writer",
        "tb_scorer",
        "tb_audit",
    ),
    "identity": ("tb_ident", "tb_sealer"),
    "outcome": ("tb_clinical", "tb_sealer"),
    "vault": ("tb_allocator", "tb_label_writer", "tb_scorer", "tb_sealer"),
}


def create_missing_roles(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the roles when the database was not prepared; this needs a login that may (CREATEROLE)."""
    with editor.connection.cursor() as cursor:
        names = [OWNER, *(role.name for role in LOGIN_ROLES)]
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [names])
        if cursor.fetchone()[0] < len(names):
            for statement in create_roles_sql({}):
                cursor.execute(statement)
            # One login for everything (development): it may become each role, but does not inherit their rights.
            for name in names:
                cursor.execute(f"GRANT {name} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE")


def create_schemas(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the schemas and say who may use what is put into them."""
    statements = ["REVOKE ALL ON SCHEMA public FROM PUBLIC"]
    statements += [f"CREATE SCHEMA IF NOT EXISTS {schema}" for schema in SCHEMAS]
    for schema, roles in USAGE.items():
        statements += [f"GRANT USAGE ON SCHEMA {schema} TO {role}" for role in roles]
    for schema, rights_of in DEFAULT_GRANTS.items():
        for role, rights in rights_of.items():
            if rights:
                defaults = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT"
                statements.append(f"{defaults} {rights} ON TABLES TO {role}")
                statements.append(f"{defaults} USAGE ON SEQUENCES TO {role}")
    with editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    # Default grants reach only tables made after them, so this comes before the libraries' tables too.
    run_before = [
        ("contenttypes", "0001_initial"),
        ("auth", "0001_initial"),
        ("sessions", "0001_initial"),
        ("axes", "0001_initial"),
    ]
    operations = [
        # No reverse: dropping a schema would drop what people entered.
        migrations.RunPython(create_missing_roles),
        migrations.RunPython(create_schemas),
    ]

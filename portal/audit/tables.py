"""SQL of the audit: the event tables, the trigger that writes them, and what keeps them append-only.

Written by hand and not with a history package, for three reasons (ARCHITECTURE.md, "Audit"): one event table per
schema instead of one per model, so that the sealer and the verifier read four tables and what was written to a
closed schema stays inside it; a salted commitment on each event; and the refusal, in the database, of a write
outside an act.
"""

from collections.abc import Sequence
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState, StateApps

from portal.audit.models import ZONES

OUTSIDE_ACT = "TB001"
APPEND_ONLY = "TB002"

EVENT_TABLE = """
CREATE TABLE {zone}.audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    era integer NOT NULL,
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    act_id uuid NOT NULL,
    source text NOT NULL,
    row_key text NOT NULL,
    subject text,
    payload jsonb,
    salt bytea,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    CHECK ((payload IS NULL) = (salt IS NULL))
)
"""

_INSERT = """IF TG_TABLE_SCHEMA = '{zone}' THEN
        INSERT INTO {zone}.audit_event (era, act_id, source, row_key, subject, payload, salt, commitment)
        VALUES ((SELECT max(id) FROM public.audit_era), act::uuid, TG_TABLE_NAME, whole ->> key_column,
            CASE WHEN subject_column <> '' THEN whole ->> subject_column END,
            payload, salt, sha256(salt || convert_to(payload::text, 'UTF8')));"""
# One written statement a zone: a statement put together at run time would be planned anew for every row.
_INSERTS = "\n    ELS".join(_INSERT.format(zone=zone) for zone in ZONES) + "\n    END IF;"

# The trigger runs as the owner, so that no role needs the right to write events and none can forge one.
# A commitment is sha256(salt || payload as text); jsonb's text is the same each time it is read.
AUDIT_ROW = f"""
CREATE FUNCTION public.audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    act text := current_setting('trabecula.act_id', true);
    left_out text[] := TG_ARGV[0]::text[];
    key_column text := TG_ARGV[1];
    subject_column text := TG_ARGV[2];
    found jsonb;
    whole jsonb;
    payload jsonb;
    salt bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
BEGIN
    IF act IS NULL OR act = '' THEN
        RAISE EXCEPTION 'a write to %.% was tried outside an act', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = '{OUTSIDE_ACT}';
    END IF;
    whole := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    found := whole - left_out;
    IF TG_OP = 'UPDATE' AND found = to_jsonb(OLD) - left_out THEN
        RETURN NULL;
    END IF;
    payload := jsonb_build_object('act', act, 'op', TG_OP, 'source', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME,
        'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'values', found);
    {_INSERTS}
    RETURN NULL;
END $body$
"""

# An event may lose its values and its salt, together and for good (erasure at level 4); nothing else may change.
KEEP_EVENT = f"""
CREATE FUNCTION public.audit_keep_event() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.payload IS NULL AND NEW.salt IS NULL
       AND (NEW.id, NEW.era, NEW.transaction, NEW.at, NEW.act_id, NEW.source, NEW.row_key, NEW.commitment)
         = (OLD.id, OLD.era, OLD.transaction, OLD.at, OLD.act_id, OLD.source, OLD.row_key, OLD.commitment) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %.% is refused: the audit is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '{APPEND_ONLY}';
END $body$
"""

KEEP_ALL = f"""
CREATE FUNCTION public.audit_keep_all() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the table is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '{APPEND_ONLY}';
END $body$
"""

# A read is counted up, one at a time; nothing of it can be taken back.
KEEP_READ = f"""
CREATE FUNCTION public.audit_keep_read() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.n_reads = OLD.n_reads + 1
       AND (NEW.actor, NEW.what, NEW.subject, NEW.quarter_at)
         = (OLD.actor, OLD.what, OLD.subject, OLD.quarter_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on the record of reads is refused: it only counts up', TG_OP USING ERRCODE = '{APPEND_ONLY}';
END $body$
"""

# The chain is checked where it grows: a link that does not follow the last one is refused.
CHAIN_LINK = """
CREATE FUNCTION public.audit_chain_link() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('trabecula.ledger'));
    SELECT seq, hash INTO last FROM public.audit_ledgerentry ORDER BY seq DESC LIMIT 1;
    IF NEW.seq <> coalesce(last.seq + 1, 1) OR (last.hash IS NOT NULL AND NEW.prev_hash <> last.hash) THEN
        RAISE EXCEPTION 'ledger entry % does not follow entry %', NEW.seq, last.seq USING ERRCODE = '40001';
    END IF;
    RETURN NEW;
END $body$
"""


def quoted(table: str) -> str:
    """Return a table's name as SQL wants it; a name with a schema is quoted already."""
    return table if table.startswith('"') else f'"{table}"'


def audit_sql(table: str, left_out: Sequence[str] = (), key: str = "id", subject: str = "") -> list[str]:
    """Return the statements that put a table under audit and forbid its TRUNCATE."""
    names = "{" + ",".join(left_out) + "}"
    return [
        f"CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON {quoted(table)} FOR EACH ROW "
        f"EXECUTE FUNCTION public.audit_row('{names}', '{key}', '{subject}')",
        f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {quoted(table)} "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.audit_keep_all()",
    ]


def append_only_sql(table: str, function: str = "audit_keep_all") -> list[str]:
    """Return the statements that refuse UPDATE, DELETE and TRUNCATE on a table."""
    return [
        f"CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON {quoted(table)} "
        f"FOR EACH ROW EXECUTE FUNCTION public.{function}()",
        f"CREATE TRIGGER keep_table BEFORE TRUNCATE ON {quoted(table)} "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.audit_keep_all()",
    ]


class PutUnderAudit(migrations.RunSQL):
    """Migration step: from here on every write to the table leaves an event.

    left_out: columns that never enter the audit (password hashes, keys).
    subject: column that names the participant a row is about, so that an erasure finds its events.
    """

    def __init__(self, table: str, left_out: Sequence[str] = (), key: str = "id", subject: str = "") -> None:
        drop: list[str | tuple[str, Any]] = [
            f"DROP TRIGGER audit_row ON {quoted(table)}",
            f"DROP TRIGGER audit_no_truncate ON {quoted(table)}",
        ]
        super().__init__([*audit_sql(table, left_out, key, subject)], drop)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Triggers are no part of the models' state."""


class RunStatements(migrations.RunPython):
    """Migration step: run statements one by one, as server-side binding wants."""

    def __init__(self, statements: Sequence[str]) -> None:
        def run(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
            with editor.connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

        super().__init__(run)

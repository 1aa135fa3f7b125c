"""SQL that makes the database itself refuse what must never happen: columns that never change, rows that stay."""

from collections.abc import Sequence

IMMUTABLE = "TB004"

NEVER_CHANGE = f"""
CREATE FUNCTION public.core_never_change() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        IF to_jsonb(NEW) -> name IS DISTINCT FROM to_jsonb(OLD) -> name THEN
            RAISE EXCEPTION 'the column % of % never changes', name, TG_TABLE_NAME USING ERRCODE = '{IMMUTABLE}';
        END IF;
    END LOOP;
    RETURN NEW;
END $body$
"""


def never_change_sql(table: str, columns: Sequence[str], when: str = "") -> str:
    """Return the statement that forbids changing columns of a table, always or while `when` holds of the old row."""
    condition = f"WHEN ({when}) " if when else ""
    name = "never_change_" + ("while" if when else "ever")
    arguments = ", ".join(f"'{column}'" for column in columns)
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION public.core_never_change({arguments})"
    )

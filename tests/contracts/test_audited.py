"""Every table of ours is under audit, or stands on the list of those that are not, with its reason."""

from django.apps import apps
from django.db import connection

from portal.core.routing import schema_of
from tests.database import rolls_back

NOT_AUDITED = {
    "audit_read": "is itself the audit; counts up",
    "audit_era": "is itself the audit; append-only",
    "audit_ledgerentry": "is itself the audit; append-only",
    "audit_batch": "is itself the audit; append-only",
    "jobs_lease": "heartbeats and progress: the job's own row is audited",
}


def list_tables() -> dict[str, str]:
    """Return our own tables, name → schema."""
    ours = [
        model
        for app in apps.get_app_configs()
        if app.name.split(".")[0] in {"portal", "cohort", "modelling"}
        for model in app.get_models()
    ]
    return {
        model._meta.db_table.split('"')[-2 if '"' in model._meta.db_table else 0]: schema_of(model) for model in ours
    }


@rolls_back
def test_every_table_is_under_audit_or_on_the_list() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_row'")
        audited = {name.split(".")[-1].strip('"') for (name,) in cursor.fetchall()}
    tables = list_tables()
    assert len(audited) > 10
    assert set(tables) - audited - set(NOT_AUDITED) == set()
    assert set(NOT_AUDITED) & audited == set()


@rolls_back
def test_the_list_of_exceptions_names_only_tables_that_are_there() -> None:
    assert set(NOT_AUDITED) - set(list_tables()) == set()

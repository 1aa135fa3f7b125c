"""A signing and a withdrawal stay as they were recorded; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql

ITEMS = ["part", "rad", "gp", "incid", "records", "link", "contact", "future", "commercial", "ai", "recontact"]
SIGNED = ["id", "participant_id", "form_id", "signed_on", "taken_by_id", "mode", "copy_given"]


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0001_first_tables"),
        ("participants", "0002_guards_and_audit"),
    ]
    operations = [
        RunStatements(
            [
                never_change_sql("consent_consent", [*SIGNED, *(f"con_i_{item}" for item in ITEMS)]),
                never_change_sql("consent_withdrawal", ["id", "participant_id", "level", "withdrawn_on"]),
            ]
        ),
        PutUnderAudit("consent_consent", subject="participant_id"),
        PutUnderAudit("consent_withdrawal", subject="participant_id"),
    ]

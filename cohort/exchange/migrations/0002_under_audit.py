"""A table is imported once and its row stays; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_first_tables")]
    operations = [
        RunStatements(append_only_sql("exchange_tableimport")[:1]),
        PutUnderAudit("exchange_tableimport"),
    ]

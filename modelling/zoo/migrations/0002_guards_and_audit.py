"""A model version has its snapshot's origin, and never changes and never goes; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql


class Migration(migrations.Migration):
    dependencies = [("zoo", "0001_first_tables"), ("datasets", "0002_guards_grants_and_audit")]
    operations = [
        RunStatements(
            [
                "ALTER TABLE zoo_modelversion ADD CONSTRAINT modelversion_origin_is_the_snapshots "
                "FOREIGN KEY (snapshot_id, origin) REFERENCES datasets_snapshot (id, origin)",
                *append_only_sql("zoo_modelversion")[:1],
            ]
        ),
        PutUnderAudit("zoo_modelversion"),
    ]

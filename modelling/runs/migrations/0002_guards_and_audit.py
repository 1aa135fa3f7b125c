"""A run has its snapshot's origin and keeps what was asked of it; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql

ASKED = ["id", "study_id", "snapshot_id", "origin", "task", "number", "config", "created_by_id", "asked_at"]


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_first_tables"), ("zoo", "0002_guards_and_audit")]
    operations = [
        RunStatements(
            [
                "ALTER TABLE runs_trainingrun ADD CONSTRAINT run_origin_is_the_snapshots "
                "FOREIGN KEY (snapshot_id, origin) REFERENCES datasets_snapshot (id, origin)",
                never_change_sql("runs_trainingrun", ASKED),
                never_change_sql("runs_trainingrun", ["model_id"], when="OLD.model_id IS NOT NULL"),
            ]
        ),
        PutUnderAudit("runs_trainingrun", left_out=("curves",)),
    ]

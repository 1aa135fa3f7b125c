"""A snapshot has its study's origin and never changes once built; who is in it, two closed roles may read."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql
from portal.core.guards import never_change_sql

ROW = '"vault"."dataset_row"'
ASKED = ["id", "study_id", "origin", "task", "rule_version", "purpose", "asked_columns", "modalities", "made_by_id"]
BUILT = ["sha256", "n", "n_events", "consent_root", "manifest", "flow", "attempt", "built_at", "job_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0001_first_tables"),
        ("core", "0004_snapshot_role"),
        ("enrolment", "0003_part_of"),
    ]
    operations = [
        RunStatements(
            [
                "ALTER TABLE datasets_snapshot ADD CONSTRAINT snapshot_origin_is_the_studys "
                "FOREIGN KEY (study_id, origin) REFERENCES study_study (id, origin)",
                never_change_sql("datasets_snapshot", ASKED),
                never_change_sql("datasets_snapshot", BUILT, when="OLD.sha256 <> ''"),
                f"GRANT SELECT, INSERT ON {ROW} TO tb_snapshot",
                f"GRANT SELECT ON {ROW} TO tb_scorer",
                *append_only_sql(ROW)[:1],
            ]
        ),
        PutUnderAudit("datasets_snapshot"),
        PutUnderAudit(ROW, key="token", subject="participant_id"),
    ]

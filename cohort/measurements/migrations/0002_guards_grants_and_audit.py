"""The origin goes down from the series; a value stays as measured; a worker adds to the closed schema blindly."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql

OPEN = "measurements_measurement"
CLOSED = '"outcome"."measurement"'


class Migration(migrations.Migration):
    dependencies = [
        ("measurements", "0001_first_tables"),
        ("imaging", "0002_guards_and_audit"),
        ("core", "0004_snapshot_role"),
    ]
    operations = [
        RunStatements(
            [
                f"ALTER TABLE {OPEN} ADD CONSTRAINT measurement_origin_is_the_series "
                "FOREIGN KEY (series_id, origin) REFERENCES imaging_series (id, origin)",
                f"ALTER TABLE {OPEN} ADD CONSTRAINT measurement_origin_is_the_participants "
                "FOREIGN KEY (participant_id, origin) REFERENCES participants_participant (id, origin)",
                *append_only_sql(OPEN),
                *append_only_sql(CLOSED),
            ]
        ),
        RunStatements(
            [
                # What a DXA gave: a worker writes it down and cannot read it again; the clinic reads it.
                "GRANT USAGE ON SCHEMA outcome TO tb_worker",
                f"GRANT INSERT ON {CLOSED} TO tb_worker",
                f"ALTER TABLE {CLOSED} ENABLE ROW LEVEL SECURITY",
                f"CREATE POLICY clinic_works ON {CLOSED} TO tb_clinical USING (true) WITH CHECK (true)",
                f"CREATE POLICY worker_adds ON {CLOSED} FOR INSERT TO tb_worker WITH CHECK (true)",
            ]
        ),
        PutUnderAudit(OPEN, subject="participant_id"),
        PutUnderAudit(CLOSED, subject="participant_id"),
    ]

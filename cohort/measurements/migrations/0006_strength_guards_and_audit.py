"""The origin goes down from the series to its tests; what was chosen never changes, and what came out is kept once."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql
from portal.core.guards import never_change_sql

TEST, VALUE = "measurements_strengthtest", "measurements_strengthvalue"
ASKED = ["id", "participant_id", "series_id", "origin", "job_id", "version", "recipe", "pixel_sha256", "asked_at"]
FOUND = ["facts", "field_sha256", "picture_sha256", "tested_at"]


class Migration(migrations.Migration):
    dependencies = [
        ("measurements", "0005_strength_tests"),
        ("imaging", "0002_guards_and_audit"),
        ("jobs", "0002_under_audit"),
    ]
    operations = [
        RunStatements(
            [
                f"ALTER TABLE {TEST} ADD CONSTRAINT strengthtest_origin_is_the_series "
                "FOREIGN KEY (series_id, origin) REFERENCES imaging_series (id, origin)",
                f"ALTER TABLE {TEST} ADD CONSTRAINT strengthtest_origin_is_the_participants "
                "FOREIGN KEY (participant_id, origin) REFERENCES participants_participant (id, origin)",
                f"ALTER TABLE {VALUE} ADD CONSTRAINT strengthvalue_participant_is_the_tests "
                f"FOREIGN KEY (test_id, participant_id) REFERENCES {TEST} (id, participant_id)",
                never_change_sql(TEST, ASKED),
                never_change_sql(TEST, FOUND, when="OLD.tested_at IS NOT NULL"),
                *append_only_sql(VALUE),
            ]
        ),
        PutUnderAudit(TEST, subject="participant_id"),
        PutUnderAudit(VALUE, subject="participant_id"),
    ]

"""The origin goes down from the series; which series by which version in which job never changes."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql

TABLE = "measuring_seriesmeasuring"


class Migration(migrations.Migration):
    dependencies = [
        ("measuring", "0001_first_tables"),
        ("imaging", "0002_guards_and_audit"),
        ("jobs", "0002_under_audit"),
    ]
    operations = [
        RunStatements(
            [
                f"ALTER TABLE {TABLE} ADD CONSTRAINT seriesmeasuring_origin_is_the_series "
                "FOREIGN KEY (series_id, origin) REFERENCES imaging_series (id, origin)",
                never_change_sql(TABLE, ["id", "series_id", "participant_id", "origin", "version", "job_id"]),
            ]
        ),
        PutUnderAudit(TABLE, subject="participant_id"),
    ]

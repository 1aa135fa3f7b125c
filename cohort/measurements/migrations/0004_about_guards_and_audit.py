"""The origin goes down from the series to pictures and remarks, too; both stay as they were written."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql

TABLES = ("picture", "remark")


class Migration(migrations.Migration):
    dependencies = [
        ("measurements", "0003_picture_remark"),
        ("imaging", "0002_guards_and_audit"),
    ]
    operations = [
        RunStatements(
            [
                statement
                for name in TABLES
                for statement in (
                    f"ALTER TABLE measurements_{name} ADD CONSTRAINT {name}_origin_is_the_series "
                    "FOREIGN KEY (series_id, origin) REFERENCES imaging_series (id, origin)",
                    f"ALTER TABLE measurements_{name} ADD CONSTRAINT {name}_origin_is_the_participants "
                    "FOREIGN KEY (participant_id, origin) REFERENCES participants_participant (id, origin)",
                    *append_only_sql(f"measurements_{name}"),
                )
            ]
        ),
        *(PutUnderAudit(f"measurements_{name}", subject="participant_id") for name in TABLES),
    ]

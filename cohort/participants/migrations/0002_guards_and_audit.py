"""A participant's origin is the study's, for good; every write leaves an event that an erasure can find."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0001_first_tables"),
        ("study", "0002_guards_and_audit"),
    ]
    operations = [
        RunStatements(
            [
                "ALTER TABLE participants_participant ADD CONSTRAINT participant_origin_is_the_studys "
                "FOREIGN KEY (study_id, origin) REFERENCES study_study (id, origin)",
                never_change_sql("participants_participant", ["id", "study_id", "origin", "code", "number"]),
            ]
        ),
        PutUnderAudit("participants_participant", subject="id"),
    ]

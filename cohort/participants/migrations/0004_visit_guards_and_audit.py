"""A visit's origin is its participant's; whose it is never changes; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql


class Migration(migrations.Migration):
    dependencies = [("participants", "0003_visit")]
    operations = [
        RunStatements(
            [
                "ALTER TABLE participants_visit ADD CONSTRAINT visit_origin_is_the_participants "
                "FOREIGN KEY (participant_id, origin) REFERENCES participants_participant (id, origin)",
                never_change_sql("participants_visit", ["id", "participant_id", "origin", "code"]),
            ]
        ),
        PutUnderAudit("participants_visit", subject="participant_id"),
    ]

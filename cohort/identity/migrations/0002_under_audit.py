"""Every write to an identity leaves an event, inside the identity schema with nothing readable in it."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_first_tables"), ("audit", "0002_triggers_and_grants")]
    operations = [
        PutUnderAudit('"identity"."person"', left_out=("name_digest", "number_digest"), subject="participant_id"),
    ]

"""What became of a job leaves an event; what was asked of it never changes. Leases are not under audit: heartbeats."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit
from portal.core.guards import never_change_sql

ASKED = ("id", "kind", "queue", "spec", "spec_sha256", "origin", "site_id", "created_by_id")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_first_tables"),
        ("audit", "0002_triggers_and_grants"),
        ("core", "0003_never_change"),
    ]
    operations = [
        PutUnderAudit("jobs_job"),
        migrations.RunSQL(
            [never_change_sql("jobs_job", ASKED)],
            ["DROP TRIGGER never_change_ever ON jobs_job"],
        ),
    ]

"""Every write to a site leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit


class Migration(migrations.Migration):
    dependencies = [("sites", "0001_first_tables"), ("audit", "0002_triggers_and_grants")]
    operations = [PutUnderAudit("sites_site")]

"""When a withdrawal was written down stays as it was."""

from django.db import migrations

from portal.audit.tables import RunStatements
from portal.core.guards import never_change_sql

# A trigger of this name is there already; a table can have several.
STAYS = never_change_sql("consent_withdrawal", ["recorded_at"]).replace("never_change_ever", "never_change_recorded_at")


class Migration(migrations.Migration):
    dependencies = [("consent", "0003_withdrawal_recorded_at")]
    operations = [RunStatements([STAYS])]

"""Every write to an account or a second factor leaves an event, without its secrets."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_first_tables"),
        ("audit", "0002_triggers_and_grants"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations = [
        PutUnderAudit("accounts_user", left_out=("password", "last_login")),
        PutUnderAudit("mfa_authenticator", left_out=("data", "last_used_at")),
    ]

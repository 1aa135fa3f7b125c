"""Who came in by whom never changes and is never deleted: the rule of seven days rests on it (TRUST 1.3)."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql

GIVEN_FACTS = ("id", "user_id", "purpose", "token_hash", "created_by_id", "created_at", "expires_at")
CLOSED = "OLD.used_at IS NOT NULL OR OLD.ended_at IS NOT NULL"


class Migration(migrations.Migration):
    # No reverse for the guards: taking them back would let somebody rewrite who let whom in.
    dependencies = [("accounts", "0003_invitations"), ("core", "0003_never_change")]
    operations = [
        PutUnderAudit("accounts_invitation", left_out=("token_hash",)),
        RunStatements(
            [
                never_change_sql("accounts_invitation", GIVEN_FACTS),
                # A link works once: what was used or ended stays so.
                never_change_sql("accounts_invitation", ("used_at", "ended_at"), when=CLOSED),
                never_change_sql("accounts_user", ("id", "created_by_id", "date_joined")),
                "REVOKE DELETE ON accounts_invitation, accounts_user FROM tb_web, tb_worker",
            ]
        ),
    ]

"""Roles that one person may never hold together are refused by the database too; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements

# The pairs of portal.roles.separation (a test holds the two together).
REFUSE_TOGETHER = """
CREATE FUNCTION public.roles_refuse_together() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE other text;
BEGIN
    -- Two grants to one person at the same moment must see each other.
    PERFORM pg_advisory_xact_lock(hashtext('roles.' || NEW.user_id::text));
    SELECT held.role INTO other FROM public.roles_membership held
    WHERE held.user_id = NEW.user_id AND held.id <> NEW.id
      AND daterange(held.starts_on, held.ends_on, '[]') && daterange(NEW.starts_on, NEW.ends_on, '[]')
      AND (least(held.role, NEW.role), greatest(held.role, NEW.role)) IN
          (('analyst', 'custodian'), ('analyst', 'assessor'), ('admin', 'custodian'))
    LIMIT 1;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'the roles % and % may not be held by one person', other, NEW.role USING ERRCODE = 'TB003';
    END IF;
    RETURN NULL;
END $body$
"""


class Migration(migrations.Migration):
    dependencies = [("roles", "0001_first_tables"), ("audit", "0002_triggers_and_grants")]
    operations = [
        RunStatements(
            [
                REFUSE_TOGETHER,
                "CREATE TRIGGER refuse_together AFTER INSERT OR UPDATE ON roles_membership "
                "FOR EACH ROW EXECUTE FUNCTION public.roles_refuse_together()",
            ]
        ),
        PutUnderAudit("roles_membership"),
    ]

"""One function tells which part somebody was drawn into; three roles may ask it, none of them a page's."""

from django.db import migrations

from portal.audit.tables import RunStatements


class Migration(migrations.Migration):
    dependencies = [("enrolment", "0002_guards_grants_and_audit"), ("core", "0004_snapshot_role")]
    operations = [
        RunStatements(
            [
                "CREATE FUNCTION vault.part_of(participant uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER "
                "SET search_path = '' AS $$ SELECT CASE WHEN is_test THEN 'test' ELSE 'train' END "
                "FROM vault.assignment WHERE participant_id = participant $$",
                "REVOKE ALL ON FUNCTION vault.part_of(uuid) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION vault.part_of(uuid) TO tb_snapshot, tb_label_writer, tb_scorer",
            ]
        )
    ]

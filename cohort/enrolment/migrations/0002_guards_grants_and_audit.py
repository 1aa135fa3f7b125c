"""The draw: only its own role may add to it and read it, nobody may change it; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql

DRAW_TABLES = ('"vault"."draw_nonce"', '"vault"."draw_seed"', '"vault"."assignment"')


class Migration(migrations.Migration):
    dependencies = [
        ("enrolment", "0001_first_tables"),
        ("consent", "0002_guards_and_audit"),
    ]
    operations = [
        RunStatements([f"GRANT SELECT, INSERT ON {table} TO tb_allocator" for table in DRAW_TABLES]),
        RunStatements([statement for table in DRAW_TABLES for statement in append_only_sql(table)[:1]]),
        RunStatements(
            [
                "ALTER TABLE enrolment_screening ADD CONSTRAINT screening_origin_is_the_studys "
                "FOREIGN KEY (study_id, origin) REFERENCES study_study (id, origin)",
            ]
        ),
        PutUnderAudit("enrolment_screening", subject="participant_id"),
        PutUnderAudit('"vault"."draw_nonce"', left_out=("nonce",)),
        PutUnderAudit('"vault"."draw_seed"', left_out=("seed",), key="study_id"),
        PutUnderAudit('"vault"."assignment"', subject="participant_id"),
    ]

"""Who may read outcomes, row by row, and what never changes; every write leaves an event.

The snapshot builder reads outcomes of training participants only, the label writer those of test participants only
(to seal them); somebody who was never drawn is seen by neither. The policies are not forced on the owner: nobody logs
in as it, and a forced policy would stop pg_dump, which backs up as a member of it.
"""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql

STAYS = ["id", "participant_id", "visit_id", "origin", "form", "number"]
ANSWERS = ["answers", "missing", "comments", "set_aside", "typed"]
OUTCOMES = '"outcome"."record"'
CLOSED = "OLD.state <> 'draft' AND NEW.state <> 'draft'"


class Migration(migrations.Migration):
    dependencies = [
        ("crf", "0001_first_tables"),
        ("participants", "0004_visit_guards_and_audit"),
        ("enrolment", "0003_part_of"),
    ]
    operations = [
        RunStatements(
            [
                "ALTER TABLE crf_record ADD CONSTRAINT record_origin_is_the_visits "
                "FOREIGN KEY (visit_id, origin) REFERENCES participants_visit (id, origin)",
                "ALTER TABLE crf_record ADD CONSTRAINT record_person_is_the_visits "
                "FOREIGN KEY (visit_id, participant_id) REFERENCES participants_visit (id, participant_id)",
            ]
        ),
        RunStatements(
            [
                statement
                for table in ("crf_record", OUTCOMES)
                for statement in (never_change_sql(table, STAYS), never_change_sql(table, ANSWERS, CLOSED))
            ]
        ),
        RunStatements(
            [
                f"GRANT SELECT ON {OUTCOMES} TO tb_snapshot, tb_label_writer",
                f"ALTER TABLE {OUTCOMES} ENABLE ROW LEVEL SECURITY",
                f"CREATE POLICY clinic_works ON {OUTCOMES} TO tb_clinical USING (true) WITH CHECK (true)",
                f"CREATE POLICY snapshot_sees_training ON {OUTCOMES} FOR SELECT TO tb_snapshot "
                "USING (vault.part_of(participant_id) = 'train')",
                f"CREATE POLICY label_writer_sees_test ON {OUTCOMES} FOR SELECT TO tb_label_writer "
                "USING (vault.part_of(participant_id) = 'test')",
            ]
        ),
        PutUnderAudit("crf_record", subject="participant_id"),
        PutUnderAudit(OUTCOMES, subject="participant_id"),
    ]

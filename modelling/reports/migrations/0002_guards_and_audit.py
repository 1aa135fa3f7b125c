"""A kept report is of its evaluation's origin and never changes; keeping one leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_first_tables"),
        ("blinded", "0002_guards_grants_and_audit"),
        ("audit", "0002_triggers_and_grants"),
    ]
    operations = [
        RunStatements(append_only_sql("reports_report")[:1]),
        RunStatements(
            [
                "ALTER TABLE reports_report ADD CONSTRAINT report_origin_is_the_evaluations "
                "FOREIGN KEY (evaluation_id, origin) REFERENCES blinded_evaluation (id, origin)",
            ]
        ),
        PutUnderAudit("reports_report", left_out=("pdf",)),
    ]

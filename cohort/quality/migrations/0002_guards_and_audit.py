"""The origin goes down from the visit; what was asked and said stays; its words stay out of the audit."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql
from portal.core.guards import never_change_sql

QUERY, MESSAGE = "quality_query", "quality_message"
STAYS = ["id", "participant_id", "visit_id", "origin", "form", "number", "variable", "raised_by_id", "raised_at"]


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0001_first_tables"),
        ("participants", "0004_visit_guards_and_audit"),
    ]
    operations = [
        RunStatements(
            [
                f"ALTER TABLE {QUERY} ADD CONSTRAINT query_origin_is_the_visits "
                "FOREIGN KEY (visit_id, origin) REFERENCES participants_visit (id, origin)",
                f"ALTER TABLE {QUERY} ADD CONSTRAINT query_person_is_the_visits "
                "FOREIGN KEY (visit_id, participant_id) REFERENCES participants_visit (id, participant_id)",
                never_change_sql(QUERY, STAYS),
                *append_only_sql(MESSAGE),
            ]
        ),
        # Somebody may tell an outcome in a question all the same, and the audit is read by more people than queries.
        PutUnderAudit(QUERY, subject="participant_id", left_out=("form", "number", "variable")),
        PutUnderAudit(MESSAGE, subject="participant_id", left_out=("text",)),
    ]

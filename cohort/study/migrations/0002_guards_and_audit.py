"""What the protocol fixes never changes once enrolment is open; every write leaves an event."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql

FIXED_COLUMNS = [
    "code",
    "basis",
    "min_age_years",
    "min_age_counts",
    "n_test_per_block",
    "small_team",
    "opened_at",
    "protocol_sha256",
]


class Migration(migrations.Migration):
    dependencies = [
        ("study", "0001_first_tables"),
        ("audit", "0002_triggers_and_grants"),
        ("core", "0003_never_change"),
    ]
    operations = [
        RunStatements(
            [
                never_change_sql("study_study", ["id", "origin"]),
                never_change_sql("study_study", FIXED_COLUMNS, when="OLD.state <> 'setting_up'"),
            ]
        ),
        PutUnderAudit("study_study"),
        PutUnderAudit("study_studysite"),
        PutUnderAudit("study_ethicsapproval"),
        PutUnderAudit("study_consentform"),
        PutUnderAudit("study_device"),
    ]

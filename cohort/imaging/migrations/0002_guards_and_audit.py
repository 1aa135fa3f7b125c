"""The origin goes down from the participant; what a series is never changes; names of files stay out of the audit."""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements
from portal.core.guards import never_change_sql


def _same_as(table: str, columns: str, other: str, other_columns: str, name: str) -> str:
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {other} ({other_columns})"


WHAT_IT_IS = ["modality", "region", "side", "attempt", "kind", "unit", "n_instances", "rows", "columns"]
SERIES_IS = ["id", "upload_id", "participant_id", "visit_id", "origin", *WHAT_IT_IS]
SERIES_IS += ["spacing_mm", "spacing_is", "pixel_sha256"]
WHOSE = ("participant_id, origin", "participants_participant", "id, origin")
WHEN = ("visit_id, participant_id", "participants_visit", "id, participant_id")


class Migration(migrations.Migration):
    dependencies = [
        ("imaging", "0001_first_tables"),
        ("participants", "0004_visit_guards_and_audit"),
        ("jobs", "0002_under_audit"),
    ]
    operations = [
        RunStatements(
            [
                _same_as("imaging_upload", *WHOSE, "upload_origin_is_the_participants"),
                _same_as("imaging_upload", *WHEN, "upload_visit_is_the_participants"),
                _same_as("imaging_series", *WHOSE, "series_origin_is_the_participants"),
                _same_as("imaging_series", *WHEN, "series_visit_is_the_participants"),
                _same_as(
                    "imaging_series",
                    "upload_id, origin",
                    "imaging_upload",
                    "id, origin",
                    "series_origin_is_the_uploads",
                ),
                never_change_sql(
                    "imaging_upload",
                    ["id", "participant_id", "visit_id", "origin", "modality", "side", "attempt", "made_by_id"],
                ),
                never_change_sql("imaging_series", SERIES_IS),
                never_change_sql(
                    "imaging_uploadedfile", ["id", "upload_id", "participant_id", "name", "sha256", "n_bytes"]
                ),
                never_change_sql(
                    "imaging_storedfile", ["id", "series_id", "role", "number", "name", "sha256", "n_bytes"]
                ),
                never_change_sql(
                    "imaging_seriesfacts", ["series_id", "participant_id", "taken_on", "maker", "device", "serial"]
                ),
            ]
        ),
        PutUnderAudit("imaging_upload", subject="participant_id", left_out=("match_salt", "fingerprints")),
        PutUnderAudit("imaging_series", subject="participant_id"),
        PutUnderAudit("imaging_seriesfacts", subject="participant_id", key="series_id"),
        # A file's name on somebody's disk can hold a patient's name or number.
        PutUnderAudit("imaging_uploadedfile", subject="participant_id", left_out=("name", "reason")),
        PutUnderAudit("imaging_storedfile"),
        PutUnderAudit("imaging_referenceimage", key="slug"),
    ]

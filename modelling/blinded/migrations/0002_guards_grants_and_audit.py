"""The database holds the order of the states, two persons for each step, one origin, and who reads what when."""

from django.db import migrations

from modelling.blinded.guards import GRANTS, GUARD_STATE, GUARD_SUBMISSION, POLICIES, TRIGGERS
from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql
from portal.core.guards import never_change_sql

ALWAYS = ("id", "study_id", "origin", "task", "look", "drafted_at")
BY_OPENING = ("title", "protocol", "protocol_sha256", "custody_keys", "is_demo_custody", "public_key", "opened_at")
BY_SEALING = ("label_batch", "n_labels", "label_root", "split_root", "exclusions_sha256", "sealed_at")
BY_LOCK = ("manifest", "manifest_sha256", "locked_at", "test_snapshot_id")


def after(*states: str) -> str:
    """Return the condition that a row has left these states."""
    return "OLD.state NOT IN (" + ", ".join(f"'{state}'" for state in states) + ")"


def named(name: str, statement: str) -> str:
    """Return a trigger's statement under another name, so that a table can have several."""
    return statement.replace("never_change_while", f"never_change_{name}")


def same_origin(table: str, column: str, target: str) -> str:
    """Return the statement that ties the origin of a row to that of the row it points to."""
    name = f"{table.removeprefix('blinded_')}_origin_is_that_of_{column.removesuffix('_id')}"
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, origin) REFERENCES {target} (id, origin)"


class Migration(migrations.Migration):
    dependencies = [
        ("blinded", "0001_first_tables"),
        ("vault", "0002_guards_grants_and_audit"),
        ("study", "0002_guards_and_audit"),
    ]
    operations = [
        RunStatements(
            [
                same_origin("blinded_evaluation", "study_id", "study_study"),
                same_origin("blinded_evaluation", "test_snapshot_id", "datasets_snapshot"),
                same_origin("blinded_submission", "evaluation_id", "blinded_evaluation"),
                same_origin("blinded_submission", "model_version_id", "zoo_modelversion"),
                "ALTER TABLE blinded_approval ADD CONSTRAINT approval_names_the_proposer "
                "FOREIGN KEY (proposal_id, proposer_id) REFERENCES blinded_proposal (id, proposer_id)",
            ]
        ),
        RunStatements([GUARD_STATE, GUARD_SUBMISSION, *TRIGGERS]),
        RunStatements(
            [
                never_change_sql("public.blinded_evaluation", ALWAYS),
                named("once_opened", never_change_sql("public.blinded_evaluation", BY_OPENING, after("draft"))),
                named(
                    "once_sealed",
                    never_change_sql("public.blinded_evaluation", BY_SEALING, after("draft", "enrolling")),
                ),
                named(
                    "once_locked",
                    never_change_sql(
                        "public.blinded_evaluation", BY_LOCK, after("draft", "enrolling", "sealed", "submitted")
                    ),
                ),
                named(
                    "once_predicted",
                    never_change_sql(
                        "public.blinded_submission",
                        ("predictions_sha256", "model_version_id", "role"),
                        "OLD.predictions_sha256 <> ''",
                    ),
                ),
            ]
        ),
        RunStatements([s for table in ("blinded_proposal", "blinded_approval") for s in append_only_sql(table)[:1]]),
        RunStatements([*POLICIES, *GRANTS]),
        PutUnderAudit("blinded_evaluation"),
        PutUnderAudit("blinded_submission"),
        PutUnderAudit("blinded_proposal"),
        PutUnderAudit("blinded_approval"),
    ]

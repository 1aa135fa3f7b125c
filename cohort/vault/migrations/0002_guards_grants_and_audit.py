"""Who may do what in the vault: each table says it for itself. Rows that hang on a state get their rules with it.

sealed_label, prediction, score_sheet and revealed_label are closed to everybody here: the policies that open them by
an evaluation's state come with the evaluations (modelling.blinded), whose table they ask.
"""

from django.db import migrations

from portal.audit.tables import PutUnderAudit, RunStatements, append_only_sql
from portal.core.guards import never_change_sql

GRANTS = {
    "request": {"tb_web": "SELECT, INSERT", "tb_scorer": "SELECT, UPDATE"},
    "sealing_key": {"tb_scorer": "SELECT, INSERT", "tb_web": "SELECT", "tb_label_writer": "SELECT"},
    "sealed_share": {"tb_scorer": "SELECT, INSERT", "tb_web": "SELECT"},
    "given_share": {"tb_web": "SELECT, INSERT", "tb_scorer": "SELECT"},
    "label_batch": {"tb_label_writer": "INSERT", "tb_scorer": "SELECT"},
    "sealed_label": {"tb_label_writer": "INSERT", "tb_scorer": "SELECT"},
    "prediction": {"tb_worker": "INSERT", "tb_scorer": "SELECT", "tb_web": "SELECT"},
    "score_sheet": {"tb_scorer": "SELECT, INSERT", "tb_web": "SELECT"},
    "revealed_label": {"tb_scorer": "SELECT, INSERT", "tb_web": "SELECT"},
}
BY_STATE = ("sealed_label", "prediction", "score_sheet", "revealed_label")
LEFT_OUT = {
    "sealed_share": ("ciphertext",),
    "given_share": ("ciphertext",),
    "label_batch": ("salt", "exclusions"),
    "sealed_label": ("ciphertext",),
    "prediction": ("content", "weights"),
    "score_sheet": ("body", "scoring"),
    "revealed_label": ("value", "nonce"),
}
KEYS = {"sealing_key": "evaluation_id", "score_sheet": "evaluation_id"}
SUBJECTS = {"sealed_label": "participant_id", "revealed_label": "participant_id"}
STAYS = ("id", "evaluation_id", "kind", "asked_by", "asked_at")


class Migration(migrations.Migration):
    dependencies = [
        ("vault", "0001_first_tables"),
        ("core", "0004_snapshot_role"),
        ("audit", "0002_triggers_and_grants"),
        ("accounts", "0001_first_tables"),
    ]
    operations = [
        RunStatements(
            [
                "GRANT USAGE ON SCHEMA vault TO tb_web, tb_worker",
                "GRANT SELECT ON vault_custodykey TO tb_scorer",
                # The scorer's own acts, and the ledger's entries of what it did.
                "GRANT INSERT ON audit_act TO tb_scorer",
                "GRANT SELECT, INSERT ON audit_ledgerentry TO tb_scorer",
            ]
        ),
        RunStatements(
            [
                f"GRANT {rights} ON vault.{table} TO {role}"
                for table, roles in GRANTS.items()
                for role, rights in roles.items()
            ]
        ),
        RunStatements([f"ALTER TABLE vault.{table} ENABLE ROW LEVEL SECURITY" for table in (*BY_STATE, "request")]),
        RunStatements(
            [
                "CREATE POLICY web_asks ON vault.request FOR INSERT TO tb_web "
                "WITH CHECK (state = 'asked' AND one_time_key = '' AND result IS NULL)",
                "CREATE POLICY web_looks ON vault.request FOR SELECT TO tb_web USING (true)",
                "CREATE POLICY scorer_works ON vault.request FOR ALL TO tb_scorer USING (true)",
            ]
        ),
        RunStatements(
            [
                statement
                for table in GRANTS
                if table != "request"
                for statement in append_only_sql(f'"vault"."{table}"')[:1]
            ]
        ),
        RunStatements(
            [
                never_change_sql("vault.request", STAYS),
                never_change_sql("vault.request", ("state", "result"), "OLD.state IN ('done', 'failed')"),
                never_change_sql("public.vault_custodykey", ("id", "custodian_id", "public_key", "is_demo")),
            ]
        ),
        PutUnderAudit("vault_custodykey"),
        *(
            PutUnderAudit(
                f'"vault"."{table}"',
                left_out=LEFT_OUT.get(table, ()),
                key=KEYS.get(table, "id"),
                subject=SUBJECTS.get(table, ""),
            )
            for table in GRANTS
        ),
    ]

"""Event tables, the triggers that fill and keep them, and who may read what of the audit."""

from django.db import migrations

from portal.audit.models import ZONES
from portal.audit.tables import (
    AUDIT_ROW,
    CHAIN_LINK,
    EVENT_TABLE,
    KEEP_ALL,
    KEEP_EVENT,
    KEEP_READ,
    PutUnderAudit,
    RunStatements,
    append_only_sql,
)

EVENT_TABLES = [
    statement
    for zone in ZONES
    for statement in (
        EVENT_TABLE.format(zone=zone),
        f"CREATE INDEX ON {zone}.audit_event (era, transaction, id)",
        f"CREATE INDEX ON {zone}.audit_event (act_id)",
        f"CREATE INDEX ON {zone}.audit_event (source, row_key, id)",
        f"CREATE INDEX ON {zone}.audit_event (subject) WHERE subject IS NOT NULL",
        f"REVOKE ALL ON {zone}.audit_event FROM tb_web, tb_worker, tb_ident, tb_clinical, tb_audit",
        # The sealer sees that something was written and its commitment, never what.
        f"GRANT SELECT (id, era, transaction, commitment) ON {zone}.audit_event TO tb_sealer",
        *append_only_sql(f'"{zone}"."audit_event"', "audit_keep_event"),
    )
]

GRANTS = [
    "REVOKE ALL ON audit_era, audit_batch, audit_ledgerentry, audit_act, audit_read FROM tb_web, tb_worker",
    "GRANT SELECT ON audit_era, audit_batch, audit_ledgerentry, audit_act, audit_read TO tb_web, tb_worker, tb_audit",
    "GRANT SELECT ON audit_event TO tb_web, tb_audit",
    "GRANT INSERT ON audit_act, audit_ledgerentry TO tb_web, tb_worker",
    "GRANT INSERT, UPDATE (n_reads) ON audit_read TO tb_web",
    "GRANT USAGE ON SEQUENCE audit_read_id_seq TO tb_web",
    "GRANT SELECT ON audit_era, audit_batch, audit_ledgerentry TO tb_sealer",
    "GRANT INSERT ON audit_batch, audit_ledgerentry TO tb_sealer",
    "GRANT USAGE ON SEQUENCE audit_batch_id_seq TO tb_sealer",
]

KEPT = [
    *append_only_sql("audit_act"),
    *append_only_sql("audit_era"),
    *append_only_sql("audit_ledgerentry"),
    *append_only_sql("audit_batch"),
    *append_only_sql("audit_read", "audit_keep_read"),
    "CREATE TRIGGER chain_link BEFORE INSERT ON audit_ledgerentry "
    "FOR EACH ROW EXECUTE FUNCTION public.audit_chain_link()",
]


class Migration(migrations.Migration):
    # No reverse: an audit that can be taken back is none.
    dependencies = [("audit", "0001_first_tables")]
    operations = [
        RunStatements([AUDIT_ROW, KEEP_EVENT, KEEP_ALL, KEEP_READ, CHAIN_LINK]),
        RunStatements(EVENT_TABLES),
        RunStatements(["INSERT INTO audit_era (id, began_at, reason) VALUES (1, now(), 'first set-up')"]),
        RunStatements([*KEPT, *GRANTS]),
        PutUnderAudit("audit_act", subject=""),
    ]

"""What the web may check and hand out of the audit: the ledger's chain, and that each batch opens to its root.

Whether each event is what its commitment says is checked by `manage.py verify_audit`, which alone reads every zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from portal.audit.models import ZONES, Batch, LedgerEntry
from portal.audit.record import head, to_entry
from portal.proof import batches, jcs, ledger
from portal.proof.findings import Finding

LEAF_BYTES = 32
AT_ONCE = 500
"""Rows held in memory at a time: a batch can have a million leaves, a ledger a million entries."""


@dataclass(frozen=True)
class Standing:
    """How far the audit is sealed. The events of closed zones that no batch holds yet are counted by the command."""

    head: LedgerEntry | None
    sealed_at: datetime | None
    n_sealed: dict[str, int]
    n_unsealed: int


@dataclass
class ChainReport:
    """What was checked and what was found wrong."""

    n_entries: int = 0
    n_batches: int = 0
    findings: list[Finding] = field(default_factory=list)


def find_standing() -> Standing:
    """Return the ledger's head, when something was sealed last, and how many events are sealed in each zone."""
    last = Batch.objects.select_related("entry").order_by("-pk").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT zone, sum(octet_length(leaves) / %s) FROM audit_batch GROUP BY zone", [LEAF_BYTES])
        n_sealed = {zone: int(n) for zone, n in cursor.fetchall()}
        cursor.execute(
            "SELECT count(*) FROM audit_event WHERE era = (SELECT max(id) FROM audit_era) AND transaction >= coalesce("
            "(SELECT max(to_transaction) FROM audit_batch WHERE zone = 'public' AND era_id = "
            "(SELECT max(id) FROM audit_era)), 0)::text::xid8"
        )
        n_unsealed = int(cursor.fetchone()[0])
    sealed_at = _read_at(last.entry) if last else None
    return Standing(head(), sealed_at, {zone: n_sealed.get(zone, 0) for zone in ZONES}, n_unsealed)


def check_chain() -> ChainReport:
    """Check the chain from its beginning, and every batch against the ledger entry that holds its root."""
    report = ChainReport()
    roots: dict[int, ledger.Entry] = {}

    def counted() -> Iterator[ledger.Entry]:
        for entry in list_entries():
            report.n_entries += 1
            if batches.is_batch_body(entry.body):
                roots[entry.seq] = entry
            yield entry

    report.findings += ledger.verify_chain(counted())
    for batch in list_batches():
        report.n_batches += 1
        report.findings += batches.check_batch(batch, roots.pop(batch.seq, None))
    report.findings += [Finding(f"ledger entry {seq}", "no batch", "the batch of its root") for seq in roots]
    return report


def list_entries(up_to_seq: int | None = None) -> Iterator[ledger.Entry]:
    """Yield the ledger in order, up to an entry."""
    found = LedgerEntry.objects.order_by("seq")
    if up_to_seq is not None:
        found = found.filter(seq__lte=up_to_seq)
    return map(to_entry, found.iterator(chunk_size=AT_ONCE))


def list_batches(up_to_seq: int | None = None) -> Iterator[batches.Batch]:
    """Yield the sealed batches in the order of the ledger, up to an entry: commitments, never values."""
    found = Batch.objects.order_by("entry_id")
    if up_to_seq is not None:
        found = found.filter(entry_id__lte=up_to_seq)
    for row in found.iterator(chunk_size=AT_ONCE):
        packed = bytes(row.leaves)
        leaves = tuple(packed[at : at + LEAF_BYTES] for at in range(0, len(packed), LEAF_BYTES))
        yield batches.Batch(row.entry_id, row.zone, leaves)


def _read_at(entry: LedgerEntry) -> datetime | None:
    body = jcs.loads(entry.body.encode())
    at = body.get("at") if isinstance(body, dict) else None
    return datetime.fromisoformat(at) if isinstance(at, str) else None

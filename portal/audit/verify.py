"""Check the whole audit and name every row that is not what it was.

Three questions, from the outside in: does the ledger's chain hold? does each batch open to its root in the ledger?
is each event what its commitment says? Runs as the owner, which alone may read every zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from portal.audit.models import ZONES, Batch, LedgerEntry
from portal.audit.record import to_entry
from portal.proof import ledger, merkle
from portal.proof.findings import Finding


@dataclass
class Report:
    """What was checked and what was found wrong."""

    findings: list[Finding] = field(default_factory=list)
    n_entries: int = 0
    n_batches: int = 0
    n_events: int = 0
    n_unsealed: int = 0
    erased: list[str] = field(default_factory=list)
    head: str = ""

    @property
    def holds(self) -> bool:
        """True if nothing was found wrong."""
        return not self.findings


def verify_audit(anchor: ledger.Anchor | None = None) -> Report:
    """Check chain, batches and events; with an anchor from outside also that the end was not cut off."""
    report = Report()
    entries = [to_entry(row) for row in LedgerEntry.objects.order_by("seq")]
    report.n_entries = len(entries)
    report.head = entries[-1].hash if entries else ""
    report.findings += ledger.verify_chain(entries)
    if anchor is not None:
        report.findings += ledger.check_anchor(entries, anchor)
    roots = {
        (entry.seq, body["zone"], body["root"]): body["n"]
        for entry in entries
        if isinstance(body := entry.body, dict) and body.get("kind") == "audit.batch"
    }
    events = {zone: dict(_read_events(zone)) for zone in ZONES}
    for batch in Batch.objects.order_by("pk"):
        _check_batch(batch, roots, events[batch.zone], report)
    for (seq, zone, root), _ in roots.items():
        report.findings.append(Finding(f"ledger entry {seq}", "no batch", f"the batch of zone {zone}, root {root}"))
    for zone, left in events.items():
        # What no batch names yet: its commitment must hold all the same.
        report.n_unsealed += len(left)
        for event_id, event in left.items():
            _check_event(zone, event_id, event, report)
    return report


@dataclass(frozen=True)
class _Event:
    source: str
    row_key: str
    commitment: bytes
    computed: bytes | None

    def describe(self, zone: str, event_id: int) -> str:
        return f"event {event_id} of {zone} (row {self.row_key} of {self.source})"


def _read_events(zone: str) -> Iterator[tuple[int, _Event]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, source, row_key, commitment, sha256(salt || convert_to(payload::text, 'UTF8')) "
            f"FROM {zone}.audit_event ORDER BY id"
        )
        while rows := cursor.fetchmany(5000):
            for event_id, source, row_key, commitment, computed in rows:
                yield event_id, _Event(source, row_key, bytes(commitment), bytes(computed) if computed else None)


def _check_batch(batch: Batch, roots: dict[Any, Any], events: dict[int, _Event], report: Report) -> None:
    report.n_batches += 1
    packed = bytes(batch.leaves)
    leaves = [packed[at : at + 32] for at in range(0, len(packed), 32)]
    where = f"batch {batch.pk} of {batch.zone}"
    root = merkle.compute_root(leaves).hex()
    if roots.pop((batch.entry_id, batch.zone, root), None) != len(batch.event_ids) or len(leaves) != len(
        batch.event_ids
    ):
        report.findings.append(Finding(where, f"root {root}", f"a root that ledger entry {batch.entry_id} names"))
    for event_id, leaf in zip(batch.event_ids, leaves, strict=False):
        event = events.pop(event_id, None)
        if event is None:
            report.findings.append(Finding(f"event {event_id} of {batch.zone}", "no row", "the row that was sealed"))
            continue
        if event.commitment != leaf:
            report.findings.append(
                Finding(
                    event.describe(batch.zone, event_id), f"commitment {event.commitment.hex()}", f"sealed {leaf.hex()}"
                )
            )
        _check_event(batch.zone, event_id, event, report)


def _check_event(zone: str, event_id: int, event: _Event, report: Report) -> None:
    report.n_events += 1
    if event.computed is None:
        report.erased.append(event.describe(zone, event_id))
    elif event.computed != event.commitment:
        report.findings.append(
            Finding(event.describe(zone, event_id), "values that were changed", "the values of its commitment")
        )

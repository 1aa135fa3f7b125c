"""The sealer: puts the commitments of finished transactions into Merkle batches and their roots into the ledger.

Only transactions older than the oldest running one are sealed, so no writer ever waits and no later event can
appear inside a sealed range. It speaks as `tb_sealer`, which sees commitments and never values.
"""

from dataclasses import dataclass

from django.db import connections, transaction

from portal.audit.models import ZONES, Batch, Era
from portal.audit.record import append_to_ledger
from portal.proof import jcs, merkle

ALIAS = "sealer"


@dataclass(frozen=True)
class Range:
    """Events of one zone and era, from one transaction number up to another."""

    zone: str
    era: int
    from_transaction: int
    to_transaction: int
    event_ids: list[int]
    leaves: list[bytes]


def seal(using: str = ALIAS) -> int:
    """Seal what can be sealed now; return the number of events. Nothing to seal writes nothing."""
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            # One sealer at a time, and the same lock order as every other writer of the ledger.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trabecula.ledger'))")
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            horizon = int(cursor.fetchone()[0])
        eras = list(Era.objects.using(using).order_by("pk"))
        ranges = [
            found for era in eras for zone in ZONES if (found := _read_range(using, zone, era, eras[-1], horizon))
        ]
        for one in ranges:
            _write_batch(using, one)
    return sum(len(one.leaves) for one in ranges)


def _read_range(using: str, zone: str, era: Era, newest: Era, horizon: int) -> Range | None:
    last = Batch.objects.using(using).filter(zone=zone, era=era).order_by("-to_transaction").first()
    start = last.to_transaction if last else 0
    # An era that ended with a restore has no running transaction left.
    stop = horizon if era.pk == newest.pk else 2**62
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"SELECT id, commitment FROM {zone}.audit_event "
            "WHERE era = %s AND transaction >= %s::text::xid8 AND transaction < %s::text::xid8 "
            "ORDER BY transaction, id",
            [era.pk, str(start), str(stop)],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    return Range(zone, era.pk, start, stop, [row[0] for row in rows], [bytes(row[1]) for row in rows])


def _write_batch(using: str, one: Range) -> None:
    facts: dict[str, jcs.Json] = {
        "zone": one.zone,
        "root": merkle.compute_root(one.leaves).hex(),
        "n": len(one.leaves),
    }
    Batch.objects.using(using).create(
        entry=append_to_ledger("audit.batch", facts, using),
        zone=one.zone,
        era_id=one.era,
        from_transaction=one.from_transaction,
        to_transaction=one.to_transaction,
        event_ids=one.event_ids,
        leaves=b"".join(one.leaves),
    )

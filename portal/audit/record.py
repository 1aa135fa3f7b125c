"""What is written into the audit by hand: reads of closed things, and entries of the ledger."""

from datetime import datetime

from django.db import connections
from django.utils import timezone

from portal.audit.models import LedgerEntry
from portal.core.errors import OutsideAct
from portal.proof import jcs, ledger
from portal.roles.actors import Actor


def record_read(actor: Actor, what: str, subject: object) -> None:
    """Count one look at a closed thing: one row per actor, object and quarter of an hour."""
    now = timezone.now()
    quarter = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_read (actor, what, subject, quarter_at, n_reads) VALUES (%s, %s, %s, %s, 1) "
            "ON CONFLICT (actor, what, subject, quarter_at) DO UPDATE SET n_reads = audit_read.n_reads + 1",
            [actor.label, what, str(subject), quarter],
        )


def append_to_ledger(kind: str, facts: dict[str, jcs.Json], using: str = "default") -> LedgerEntry:
    """Append one entry to the chain, inside the transaction that is open.

    The chain is locked until the transaction ends, so keep it short. `at` is the database's clock.
    Raises ValueError when that clock stands before the last entry: somebody must look before anything is written.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        raise OutsideAct("the ledger is written inside a transaction only")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trabecula.ledger'))")
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    last = LedgerEntry.objects.using(using).order_by("-seq").first()
    entry = ledger.append(to_entry(last) if last else None, {"kind": kind, "at": ledger.write_time(now), **facts})
    return LedgerEntry.objects.using(using).create(
        seq=entry.seq, prev_hash=entry.prev_hash, body=jcs.dumps(entry.body).decode(), hash=entry.hash
    )


def to_entry(row: LedgerEntry) -> ledger.Entry:
    """Return a stored row as the pure code knows it."""
    return ledger.Entry(row.seq, row.prev_hash, jcs.loads(row.body.encode()), row.hash)


def head() -> LedgerEntry | None:
    """Return the newest entry: what is anchored outside."""
    return LedgerEntry.objects.order_by("-seq").first()

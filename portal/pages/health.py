"""Is the portal alive, and can it work? Short answers for machines, without a secret or a version."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from portal.jobs.broker import get_celery
from portal.jobs.clock import BEAT

CLOCK_LATE_SECONDS = 60
BROKER_WAIT_SECONDS = 2


@dataclass(frozen=True)
class Finding:
    """What one check found. `word` is one of a few fixed words; an error's own text could name a host."""

    name: str
    ready: bool
    word: str
    age_seconds: int | None = None


def check_database() -> Finding:
    """Ask the database for nothing at all."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Finding("database", False, "unreachable")
    return Finding("database", True, "ok")


def check_broker() -> Finding:
    """Open one connection to the broker and close it."""
    try:
        with get_celery().connection_for_write(connect_timeout=BROKER_WAIT_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_WAIT_SECONDS)
    except OperationalError:
        return Finding("broker", False, "unreachable")
    return Finding("broker", True, "ok")


def check_clock() -> Finding:
    """Ask when the clock swept last. Without it nothing is lost, but waiting jobs and the audit's chain stand still."""
    try:
        beat = cache.get(BEAT)
    except DatabaseError:
        return Finding("clock", False, "unknown")
    if beat is None:
        return Finding("clock", False, "never")
    age = max(0, int(timezone.now().timestamp() - float(beat)))
    late = age > max(CLOCK_LATE_SECONDS, 6 * settings.CLOCK_SWEEP_SECONDS)
    return Finding("clock", not late, "late" if late else "ok", age)


CHECKS: tuple[Callable[[], Finding], ...] = (check_database, check_broker, check_clock)


def find_readiness() -> list[Finding]:
    """Run every check."""
    return [check() for check in CHECKS]

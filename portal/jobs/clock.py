"""The clock: what has to happen again and again, with nobody asking. One clock works at a time.

The lock is PostgreSQL's and belongs to the connection: it falls when the clock dies, and when the connection
breaks, so each round begins by making sure of it.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection, connections

BEAT = "clock.beat_at"
"""Cache key of the second (Unix time) in which the clock did its last round; /health/ready looks at it."""

LOCK = "SELECT pg_try_advisory_lock(hashtext('trabecula.clock'))"
LONGEST_WAIT_S = 30.0

_log = logging.getLogger(__name__)


@dataclass
class Duty:
    """One thing to do every so many seconds."""

    name: str
    every_s: float
    do: Callable[[], object]
    due_at: float = 0.0


_further: list[Duty] = []


def add_duty(duty: Duty) -> None:
    """Enter a duty of an app above this one, from its `AppConfig.ready`."""
    _further.append(duty)


def list_further_duties() -> list[Duty]:
    """Return the duties that apps entered."""
    return list(_further)


class Clock:
    """A loop over duties that outlives the loss of database and broker."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self.duties = duties
        self.stopped = threading.Event()
        self._holds_lock_on: object | None = None
        self._n_failures = 0

    def stop(self, number: int | None = None, frame: FrameType | None = None) -> None:
        """End after the duty that is being done; a signal handler."""
        self.stopped.set()

    def run(self) -> None:
        """Do the rounds until stopped."""
        while not self.stopped.is_set():
            self.stopped.wait(self.do_round())
        connections.close_all()

    def do_round(self) -> float:
        """Do what is due; return how many seconds to wait for the next round."""
        try:
            if not self._is_the_one():
                return min(duty.every_s for duty in self.duties)
            for duty in self.duties:
                if time.monotonic() >= duty.due_at and not self.stopped.is_set():
                    duty.do()
                    duty.due_at = time.monotonic() + duty.every_s
            cache.set(BEAT, time.time(), timeout=None)
        except (OperationalError, InterfaceError) as error:
            return self._back_off(error)
        self._n_failures = 0
        return max(0.05, min(duty.due_at for duty in self.duties) - time.monotonic())

    def _is_the_one(self) -> bool:
        connection.ensure_connection()
        if connection.connection is self._holds_lock_on and connection.is_usable():
            return True
        if not connection.is_usable():
            connection.close()
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
            if not cursor.fetchone()[0]:
                return False
        self._holds_lock_on = connection.connection
        _log.info("this clock does the rounds now")
        return True

    def _back_off(self, error: Exception) -> float:
        connections.close_all()
        self._holds_lock_on = None
        wait_s = min(LONGEST_WAIT_S, 0.5 * 2.0**self._n_failures)
        self._n_failures += 1
        _log.warning("the database is out of reach (%s); the next round in %.1f s", type(error).__name__, wait_s)
        return wait_s


def stop_on_signals(clock: Clock) -> None:
    """Let SIGTERM and SIGINT end the clock cleanly."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, clock.stop)

"""The door to the embedded services: start them, or join those that another process of ours keeps up already."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.embedded.environment import environment_for
from portal.embedded.errors import HomeInUse, ServiceFailed
from portal.embedded.lock import is_locked
from portal.embedded.places import Places
from portal.embedded.postgres import Postgres
from portal.embedded.reserve import DEFAULT_RESERVE_MB
from portal.embedded.supervisor import Supervisor

POLL_S = 0.02
JOIN_WITHIN_S = 1800.0
"""A safety net: the other supervisor may have a long recovery to wait for."""


@dataclass(frozen=True)
class Services:
    """Running services. `supervisor` is None where another process keeps them up."""

    home: Path
    environment: dict[str, str] = field(repr=False)
    supervisor: Supervisor | None

    def superuser_conninfo(self, database: str = "postgres") -> str:
        """Return how to connect as the superuser; for tests and restore only."""
        return Postgres(Places.of(self.home)).conninfo(database)


@contextlib.contextmanager
def running(home: Path | str, *, reserve_mb: int = DEFAULT_RESERVE_MB) -> Iterator[Services]:
    """Give the services of a home while the block runs: started and stopped here, or those that run already.

    Joined services end with the process that started them, not with this block.
    """
    supervisor = _start_or_join(Places.of(home), reserve_mb)
    try:
        places = Places.of(home)
        yield Services(places.home, environment_for(places.home), supervisor)
    finally:
        if supervisor is not None:
            supervisor.stop()


def status_of(home: Path | str) -> dict[str, Any]:
    """Return what the live supervisor of a home last wrote down; `stage` is 'stopped' where there is none."""
    places = Places.of(home)
    if not is_locked(places.lock):
        return {"stage": "stopped", "home": str(places.home), "processes": [], "alarms": {}}
    try:
        found: dict[str, Any] = json.loads(places.status.read_text("utf-8"))
    except FileNotFoundError:
        return {"stage": "starting", "home": str(places.home), "processes": [], "alarms": {}}
    return found


def _start_or_join(places: Places, reserve_mb: int) -> Supervisor | None:
    deadline = time.monotonic() + JOIN_WITHIN_S
    while time.monotonic() < deadline:
        # A new object each time: one that failed to start is spent.
        supervisor = Supervisor(places.home, reserve_mb=reserve_mb)
        try:
            supervisor.start()
        except HomeInUse:
            if status_of(places.home)["stage"] == "ready":
                return None
            time.sleep(POLL_S)  # it is starting, and we join it; or stopping, and we start
        else:
            return supervisor
    raise ServiceFailed(f"the supervisor of {places.home} neither became ready nor left within {JOIN_WITHIN_S:.0f} s")

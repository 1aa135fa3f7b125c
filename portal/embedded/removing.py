"""Delete a home for good, with what of it lies elsewhere."""

import shutil
from pathlib import Path

from portal.embedded.errors import HomeRefused
from portal.embedded.lock import HomeLock
from portal.embedded.places import Places


def remove_home(home: Path | str) -> None:
    """Delete a home with its cluster and its sockets; refuse while they are in use."""
    places = Places.of(home)
    if not places.home.is_dir():
        raise HomeRefused(f"{places.home} is not there")
    if not places.run.is_dir():
        raise HomeRefused(f"{places.home} is not a home of the portal; nothing was deleted")
    lock = HomeLock(places.lock)
    lock.acquire()
    try:
        if places.sockets().exists():
            shutil.rmtree(places.sockets())
        if places.account.is_another and places.cluster.exists():
            shutil.rmtree(places.cluster)
        shutil.rmtree(places.home)
    finally:
        lock.release()

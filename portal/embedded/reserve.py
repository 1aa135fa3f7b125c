"""A file that holds disk space back for the hour when the disk is full.

PostgreSQL stops when it cannot write its log of changes, and then cannot start either, because recovery writes too.
Deleting this file gives it the room to come up, keep every committed row and let somebody tidy the disk.
"""

import errno
import logging
import os
import shutil
from pathlib import Path

from portal.embedded.files import sync_folder
from portal.embedded.places import Places

DEFAULT_RESERVE_MB = 64
"""Room for the end of a recovery: a checkpoint and some segments of 16 MB each."""

MEBIBYTE = 1024 * 1024
LOW_MB = 128
"""Below this the next large import may fill the disk."""
DISK_FULL = "No space left on device"

log = logging.getLogger(__name__)


def renew_reserve(places: Places, megabytes: int) -> bool:
    """Set the reserve aside, if it is missing and four times as much is free; return whether it is there."""
    wanted = megabytes * MEBIBYTE
    if places.reserve.exists():
        return True
    if wanted == 0 or shutil.disk_usage(places.cluster).free < 4 * wanted:
        return False
    unfinished = places.reserve.with_name("reserve.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, wanted)
    except OSError as error:
        unfinished.unlink()
        if error.errno in {errno.ENOSPC, errno.EOPNOTSUPP, errno.EINVAL}:
            log.warning("no disk space could be set aside in %s (%s)", places.cluster, error.strerror)
            return False
        raise
    finally:
        os.close(descriptor)
    unfinished.rename(places.reserve)
    sync_folder(places.cluster)
    return True


def low_disk(folder: Path) -> str | None:
    """Return a sentence while little of the folder's disk is free, else None."""
    free_mb = shutil.disk_usage(folder).free // MEBIBYTE
    return f"only {free_mb} MB are free on the disk of {folder}" if free_mb < LOW_MB else None


def release_reserve(reserve: Path) -> str:
    """Delete the reserve, if it is there; return the sentence for the operator."""
    try:
        reserve.unlink()
    except FileNotFoundError:
        return "the disk is full, and the reserve is used up: free some space, then the database starts by itself"
    return "the disk is full: the reserve was deleted so that the database can start; free some space, then restart"

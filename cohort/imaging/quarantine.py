"""Files as they arrive: streamed to a folder that nobody is served from, hashed on the way, whole or not there.

HOME/quarantine/<upload>/<file>          0600; a name of ours, never the sender's
HOME/quarantine/<upload>/.<file>.part    while it arrives
"""

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from cohort.imaging import limits
from portal.core.errors import Refused
from portal.core.hashing import CHUNK
from portal.core.storage import FULL, StorageFull, make_private_folder, refuse_full_disk, sync_folder

FORGOTTEN_S = 3600.0
"""A file that no row names is left alone for this long: its row may be about to be committed."""


class Readable(Protocol):
    """Something a body is read from, a piece at a time."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class Received:
    """A file that lies in quarantine, on the disk, under a name of ours."""

    upload_pk: uuid.UUID
    file_pk: uuid.UUID
    sha256: str
    n_bytes: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return path_of(self.upload_pk, self.file_pk)


def quarantine_folder() -> Path:
    """Return the folder of all that has arrived and was not read."""
    return Path(settings.HOME) / "quarantine"


def path_of(upload_pk: uuid.UUID, file_pk: uuid.UUID) -> Path:
    """Return where a file of an upload lies."""
    return quarantine_folder() / str(upload_pk) / str(file_pk)


def refuse_too_large(n_bytes: int) -> None:
    """Raise Refused for a file above the limit, StorageFull where the disk has no room: before a byte is read."""
    most = limits.largest_file_bytes()
    if n_bytes > most:
        raise Refused(f"the file has {n_bytes / 2**20:.0f} MB; the limit is {most // 2**20} MB")
    refuse_full_disk(quarantine_folder(), n_bytes)


def receive(upload_pk: uuid.UUID, body: Readable, n_bytes: int) -> Received:
    """Write a body of exactly `n_bytes` into quarantine; return once it is on the disk.

    Raises Refused where fewer bytes came than were announced or more than are allowed, StorageFull where the disk
    has no room. Nothing is left behind then.
    """
    refuse_too_large(n_bytes)
    file_pk = uuid.uuid4()
    final = path_of(upload_pk, file_pk)
    make_private_folder(final.parent)
    part = final.with_name(f".{file_pk}.part")
    digest, n_written = hashlib.sha256(), 0
    with _nothing_left(part), open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        while n_written < n_bytes and (chunk := body.read(min(CHUNK, n_bytes - n_written))):
            digest.update(chunk)
            stream.write(chunk)
            n_written += len(chunk)
        if n_written != n_bytes:
            raise Refused(f"the file broke off after {n_written} of {n_bytes} bytes; send it again")
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(part, final)
    sync_folder(final.parent)
    return Received(upload_pk, file_pk, digest.hexdigest(), n_written)


def drop_upload(upload_pk: uuid.UUID) -> None:
    """Delete whatever is left of an upload."""
    shutil.rmtree(quarantine_folder() / str(upload_pk), ignore_errors=True)


def list_forgotten(older_than_s: float = FORGOTTEN_S) -> Iterator[tuple[Path, uuid.UUID | None]]:
    """Yield files that have lain for a while, each with the key of the row it should have; None for a half one."""
    before = time.time() - older_than_s
    for path in quarantine_folder().glob("*/*"):
        # The time of its last change of name: a file handed on to another upload keeps the age of its bytes.
        if path.is_file() and path.stat().st_ctime < before:
            is_part = path.name.endswith(".part")
            yield path, None if is_part else uuid.UUID(path.name)


def drop_empty_folders() -> None:
    """Delete the folders of uploads of which nothing is left."""
    for folder in quarantine_folder().glob("*"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def _nothing_left(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in FULL:
            raise StorageFull("the disk is full: free some space, then send the file again") from None
        raise
    except BaseException:
        part.unlink(missing_ok=True)
        raise

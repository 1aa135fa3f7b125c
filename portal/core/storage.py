"""The content-addressed store: each file lies under the SHA-256 of its bytes, once, whoever brought it.

    HOME/blobs/ab/ab12…        written whole or not at all, never changed, readable by its owner alone

A blob is on the disk, with its name, before `put_file` returns: a row that names it can be committed afterwards.
"""

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from portal.core.errors import TrabeculaError, UnreadableFile
from portal.core.hashing import CHUNK, sha256_file

MIN_FREE_PERCENT = 5
"""Below this share of the disk nothing large is taken in: the database must still be able to write (TRUST 4.4)."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class StorageFull(TrabeculaError):
    """The disk has no room for what somebody wants to keep; nothing of it was kept."""


def blobs_folder() -> Path:
    """Return the folder of all blobs."""
    return Path(settings.HOME) / "blobs"


def path_of(sha256: str) -> Path:
    """Return where the blob of a digest lies, whether it is there or not. Raises ValueError for no digest."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"'{sha256}' is no SHA-256; wanted 64 hexadecimal digits in lower case")
    return blobs_folder() / sha256[:2] / sha256


def has_blob(sha256: str) -> bool:
    """True if the store holds the blob; its bytes are not looked at."""
    return path_of(sha256).is_file()


def put_file(source: Path) -> str:
    """Copy a file into the store and return its SHA-256. The same content is kept once.

    Raises StorageFull; nothing is left behind then.
    """
    refuse_full_disk(blobs_folder(), source.stat().st_size)
    with source.open("rb") as stream:
        return _put(iter(lambda: stream.read(CHUNK), b""))


def put_bytes(content: bytes) -> str:
    """Keep bytes in the store and return their SHA-256. Raises StorageFull."""
    refuse_full_disk(blobs_folder(), len(content))
    return _put([content])


def open_blob(sha256: str, *, verify: bool = False) -> BinaryIO:
    """Open a blob for reading; with `verify`, only after its bytes were found to be what its name says.

    Raises UnreadableFile where it is missing, torn or changed.
    """
    path = path_of(sha256)
    if verify:
        verify_blob(sha256)
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise UnreadableFile(f"the stored file {sha256[:12]} is missing; restore it from the backup") from None


def verify_blob(sha256: str) -> None:
    """Raise UnreadableFile unless the blob is there and its bytes are what its name says."""
    path = path_of(sha256)
    if not path.is_file():
        raise UnreadableFile(f"the stored file {sha256[:12]} is missing; restore it from the backup")
    if (found := sha256_file(path)) != sha256:
        raise UnreadableFile(
            f"the stored file {sha256[:12]} was changed: its bytes have the SHA-256 {found[:12]}; "
            "restore it from the backup"
        )


def refuse_full_disk(folder: Path, n_bytes: int = 0) -> None:
    """Raise StorageFull unless `n_bytes` more leave at least MIN_FREE_PERCENT of the folder's disk free."""
    make_private_folder(folder)
    disk = shutil.disk_usage(folder)
    if disk.free - n_bytes < disk.total * MIN_FREE_PERCENT / 100:
        raise StorageFull(
            f"the disk has {disk.free // 2**20} MB free, and {n_bytes // 2**20} MB more would leave less than "
            f"{MIN_FREE_PERCENT} % of it: free some space, then try again"
        )


def make_private_folder(folder: Path) -> Path:
    """Make a folder and what is missing above it, each for its owner alone; return it."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder onto the disk: a rename is lost with the power otherwise."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(chunks: Iterable[bytes]) -> str:
    folder = make_private_folder(blobs_folder())
    part = folder / f".{secrets.token_hex(16)}.part"
    digest = hashlib.sha256()
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            for chunk in chunks:
                digest.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        return _settle(part, digest.hexdigest())
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("the disk is full: free some space, then try again") from None
        raise
    finally:
        part.unlink(missing_ok=True)


def _settle(part: Path, sha256: str) -> str:
    final = path_of(sha256)
    # A torn one of this name is replaced: what came now was hashed as it was written.
    if not (final.is_file() and final.stat().st_size == part.stat().st_size):
        make_private_folder(final.parent)
        os.rename(part, final)
        sync_folder(final.parent)
    return sha256

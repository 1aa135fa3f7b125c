"""Files that are whole or absent, and folders that are private. Modes of folders we did not make are never changed."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from portal.embedded.errors import HomeRefused

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def make_folder(path: Path, mode: int = PRIVATE_FOLDER) -> bool:
    """Make one folder with exactly this mode; return False, and change nothing, where it is there already."""
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        if not path.is_dir():
            raise HomeRefused(f"{path} is a file, and a folder is wanted there") from None
        return False
    path.chmod(mode)  # mkdir's mode is cut by the umask
    return True


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: a rename is not until its folder is synced (fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replacing(path: Path, mode: int = PRIVATE_FILE) -> Iterator[IO[bytes]]:
    """Open a new file for writing that takes the name `path` only when all of it is on the disk."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes, mode: int = PRIVATE_FILE) -> None:
    """Write a small file so that a reader sees the old text or the new one, never half."""
    with replacing(path, mode) as stream:
        stream.write(content)


def holds(path: Path, content: bytes) -> bool:
    """Return whether a file is there with exactly this content (then nothing needs writing, even on a full disk)."""
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False

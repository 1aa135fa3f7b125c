"""Secrets of a home: one file each, made once, readable by the owner alone."""

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from portal.embedded.errors import HomeRefused
from portal.embedded.files import PRIVATE_FILE, sync_folder

SECRET_BYTES = 32
"""256 bits from the system's generator; base64url, so that a URL or a libpq string takes it as it is."""


def ensure_secret(folder: Path, name: str) -> str:
    """Return the secret of this name, making it the first time. Of two makers at once, one wins and both agree."""
    with contextlib.suppress(FileNotFoundError):
        return read_secret(folder, name)
    store_secret(folder, name, secrets.token_urlsafe(SECRET_BYTES))
    return read_secret(folder, name)


def store_secret(folder: Path, name: str, value: str) -> bool:
    """Write a secret that is not there yet; return False, and change nothing, where one is."""
    descriptor, unfinished = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(value)
            stream.flush()
            os.fchmod(descriptor, PRIVATE_FILE)
            os.fsync(descriptor)
        # link(2) fails where the name is taken, so a secret in use can never be overwritten or seen half written.
        os.link(unfinished, folder / name)
    except FileExistsError:
        return False
    finally:
        Path(unfinished).unlink()
    sync_folder(folder)
    return True


def read_secret(folder: Path, name: str) -> str:
    """Return a secret; refuse one that others may read, since it may be known already."""
    path = folder / name
    with path.open(encoding="utf-8") as stream:
        mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
        if mode & 0o077:
            raise HomeRefused(f"the secret {path} has mode {mode:04o}, so others may have read it; wanted 0600")
        value = stream.read()
    if not value:
        raise HomeRefused(f"the secret {path} is empty")
    return value


def list_secrets(folder: Path) -> list[str]:
    """Return the names of all secrets of a home."""
    return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))

"""The file of keys beside a backup: the key of that backup, and the portal's own that its rows and files need."""

import json
import logging
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.errors import BackupRefused
from portal.embedded.files import write_whole

FORMAT = "trabecula-keys"
VERSION = 2
WANTED = f"{FORMAT} {VERSION}"
KEY_BYTES = 32

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Keys:
    """What opens one backup. manifest_sha256: of the backup they belong to. secrets: the portal's own, by name."""

    backup_key: bytes
    manifest_sha256: str
    secrets: Mapping[str, str]


def keys_file_of(file: Path) -> Path:
    """Return where the keys of a backup lie."""
    return file.with_name(f"{file.name}.keys")


def write_keys(path: Path, keys: Keys) -> None:
    """Write them, for their owner alone."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "manifest_sha256": keys.manifest_sha256,
        "backup_key": keys.backup_key.hex(),
        "secrets": dict(keys.secrets),
    }
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


def read_keys(file: Path) -> Keys:
    """Return the keys that lie beside a backup. Raises BackupRefused where there are none that can be read."""
    path = keys_file_of(file)
    if not path.exists():
        raise BackupRefused(f"{path} is missing: the backup is encrypted, and only its keys open it")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        log.warning("%s can be read by others; it should have mode 0600", path)
    try:
        content = json.loads(path.read_bytes())
        found = f"{content['format']} {content['version']}"
        if found != WANTED:
            raise BackupRefused(f"{path} holds {found}; this portal reads {WANTED}")
        return Keys(_read_key(content["backup_key"]), content["manifest_sha256"], dict(content["secrets"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{path} is not a file of keys that can be read: {error!r}") from None


def _read_key(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"its key has {len(key)} bytes, wanted {KEY_BYTES}")
    return key

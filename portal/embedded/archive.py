"""The file of a backup: one encrypted tar, each member with its SHA-256, and a manifest that lists them all.

The manifest comes last, because only then are the hashes known of what was streamed; its own hash follows it. So a
file cut short, a member added, lost, changed or out of its place is noticed before anything is restored.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from portal.embedded.errors import BackupRefused
from portal.embedded.sealed import Opener, opened

FORMAT = "trabecula-backup"
VERSION = 2
DATABASE_MEMBER = "database.dump"
FOLDERS = ("blobs", "snapshots", "quarantine", "originals")
"""The folders of a home whose files rows of the database name; each file is a member under its path in the home."""
MANIFEST_MEMBER = "manifest.json"
SEAL_MEMBER = "manifest.sha256"
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Member:
    """One file of the archive. size in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    row_counts: rows by `schema.table`, counted in the very snapshot that was dumped.
    ledger_head: the last entry of the audit ledger, to be compared with one kept elsewhere; None before there is one.
    gone_meanwhile: files that were erased between the listing and the reading, so are rightly not in it.
    """

    created_at: str
    server_version: str
    row_counts: dict[str, int]
    ledger_head: dict[str, Any] | None
    gone_meanwhile: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    format: str = FORMAT
    version: int = VERSION

    def text(self) -> bytes:
        """Return the manifest as it is stored."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True, default=str) + "\n").encode()


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to that many bytes; none at the end."""


class HashingReader:
    """Gives what it reads, and knows the SHA-256 of it afterwards."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Return up to that many bytes; none at the end."""
        piece = self._source.read(size)
        self._hash.update(piece)
        return piece

    def read_all(self) -> None:
        """Read to the end."""
        while self.read(CHUNK_BYTES):
            pass

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def add_member(archive: tarfile.TarFile, name: str, source: IO[bytes], size: int) -> Member:
    """Stream one file into the archive. Raises OSError if it is shorter than its size."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    reader = HashingReader(source)
    archive.addfile(entry, reader)
    return Member(name, size, reader.sha256)


def add_manifest(archive: tarfile.TarFile, manifest: Manifest) -> str:
    """Close the archive with the manifest and its hash; return the hash."""
    text = manifest.text()
    digest = hashlib.sha256(text).hexdigest()
    add_member(archive, MANIFEST_MEMBER, io.BytesIO(text), len(text))
    add_member(archive, SEAL_MEMBER, io.BytesIO(digest.encode()), len(digest))
    return digest


def verify_archive(path: Path, key: bytes) -> tuple[Manifest, str]:
    """Read every byte of a backup and compare it; return the manifest and its hash, or raise BackupRefused."""
    found: list[Member] = []
    contents: dict[str, bytes] = {}

    def take(name: str, size: int, stream: IO[bytes]) -> None:
        if name in {MANIFEST_MEMBER, SEAL_MEMBER}:
            contents[name] = stream.read()
            return
        reader = HashingReader(stream)
        reader.read_all()
        found.append(Member(name, size, reader.sha256))

    walk(path, key, take)
    if set(contents) != {MANIFEST_MEMBER, SEAL_MEMBER}:
        last = found[-1].name if found else "its beginning"
        raise BackupRefused(f"{path} ends or is damaged after {last}: it has no whole manifest")
    digest = hashlib.sha256(contents[MANIFEST_MEMBER]).hexdigest()
    if digest.encode() != contents[SEAL_MEMBER]:
        raise BackupRefused(f"{MANIFEST_MEMBER} of {path} was changed: its hash is {digest[:16]}…")
    manifest = _read_manifest(path, contents[MANIFEST_MEMBER])
    _compare(path, manifest.members, found)
    return manifest, digest


def walk(path: Path, key: bytes, take: Callable[[str, int, IO[bytes]], None]) -> None:
    """Call `take(name, size, stream)` for each member in order; refuse what a backup never holds."""
    try:
        with opened(path, key) as source:
            _walk(path, source, take)
            source.read_to_the_end()
    except tarfile.TarError as error:
        raise BackupRefused(f"{path} is not a whole backup: {error}") from None


def _walk(path: Path, source: Opener, take: Callable[[str, int, IO[bytes]], None]) -> None:
    with tarfile.open(fileobj=source, mode="r|") as archive:  # type: ignore[call-overload]
        for entry in archive:
            stream = archive.extractfile(entry) if entry.isreg() else None
            if stream is None or not _is_allowed(entry.name):
                raise BackupRefused(f"{path} holds '{entry.name}', which no backup does; nothing was read from it")
            with stream:
                take(entry.name, entry.size, stream)


def _is_allowed(name: str) -> bool:
    if name in {DATABASE_MEMBER, MANIFEST_MEMBER, SEAL_MEMBER}:
        return True
    parts = PurePosixPath(name).parts
    return parts[0] in FOLDERS and len(parts) > 1 and ".." not in parts and "\\" not in name


def _read_manifest(path: Path, text: bytes) -> Manifest:
    content = json.loads(text)
    found = (content.get("format"), content.get("version"))
    if found != (FORMAT, VERSION):
        raise BackupRefused(f"{path} is of format {found[0]} {found[1]}; this portal reads {FORMAT} {VERSION}")
    return Manifest(**{**content, "members": [Member(**member) for member in content["members"]]})


def _compare(path: Path, listed: list[Member], found: list[Member]) -> None:
    by_name = {member.name: member for member in found}
    if len(by_name) != len(found):
        raise BackupRefused(f"{path} holds a member twice")
    for member in listed:
        other = by_name.pop(member.name, None)
        if other is None:
            raise BackupRefused(f"{member.name} is missing from {path}")
        if other != member:
            raise BackupRefused(
                f"{member.name} in {path} was changed: {other.size} bytes with SHA-256 {other.sha256[:16]}…, "
                f"wanted {member.size} with {member.sha256[:16]}…"
            )
    if by_name:
        raise BackupRefused(f"{path} holds {next(iter(by_name))}, which its manifest does not list")

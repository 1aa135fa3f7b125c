"""Write a backup: the database as one snapshot sees it, and every blob, in one file that proves itself.

The keys that open encrypted blobs and fields are not in it. They go into a file of their own beside it, so that the
two can be kept by different people: the backup alone tells nothing that is encrypted, the keys alone nothing at all.
"""

import json
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from portal.embedded.archive import BLOB_PREFIX, DATABASE_MEMBER, Manifest, Member, add_manifest, add_member
from portal.embedded.dumping import count_rows, deploy_conninfo, dump
from portal.embedded.environment import ENVIRONMENT_SECRETS
from portal.embedded.errors import BackupRefused
from portal.embedded.files import replacing
from portal.embedded.secrets import list_secrets, read_secret

KEYS_FORMAT = "trabecula-keys"
KEYS_VERSION = 1
LEDGER_TABLE = "public.audit_ledgerentry"

MACHINE_SECRETS = ("database_", "broker_", "postgres_")
"""Passwords of the services of one machine. Another machine makes its own."""


@dataclass(frozen=True)
class BackupReport:
    """What was written."""

    file: Path
    keys_file: Path
    n_blobs: int
    n_bytes: int
    n_rows: int
    manifest_sha256: str


def keys_file_of(file: Path) -> Path:
    """Return where the keys of a backup lie."""
    return file.with_name(f"{file.name}.keys")


def write_backup(environment: Mapping[str, str], home: Path, file: Path) -> BackupReport:
    """Back the portal up into `file` and its keys into `file`.keys; both appear whole or not at all.

    environment: DATABASE_URL_DEPLOY, and the secrets where they do not lie in the home.
    """
    for path in (file, keys_file_of(file)):
        if path.exists():
            raise BackupRefused(f"{path} is there already; a backup never overwrites one")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        dumped = Path(folder) / DATABASE_MEMBER
        seen = _dump_with_counts(deploy_conninfo(environment), dumped)
        with replacing(file) as stream, tarfile.open(fileobj=stream, mode="w:", format=tarfile.PAX_FORMAT) as archive:
            members, gone = [], []
            with dumped.open("rb") as source:
                members.append(add_member(archive, DATABASE_MEMBER, source, dumped.stat().st_size))
            dumped.unlink()
            # After the database: a blob is written before the row that names it, so each row's blob is here by now.
            for name in list(_blobs(home / "blobs")):
                member = _add_blob(archive, home / "blobs", name)
                members.append(member) if member else gone.append(name)
            manifest = Manifest(**seen, members=members, gone_meanwhile=gone)
            digest = add_manifest(archive, manifest)
            _write_keys(environment, home, file, digest)
    return BackupReport(
        file=file,
        keys_file=keys_file_of(file),
        n_blobs=len(members) - 1,
        n_bytes=file.stat().st_size,
        n_rows=sum(manifest.row_counts.values()),
        manifest_sha256=digest,
    )


def _dump_with_counts(conninfo: str, target: Path) -> dict[str, Any]:
    """Dump one snapshot and count its rows; return what the manifest says of it."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        # The transaction waits for pg_dump, which may take longer than an idle transaction is given.
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute("SET statement_timeout = 0")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        row_counts = count_rows(connection)
        ledger_head = _ledger_head(connection)
        dump(conninfo, snapshot, target)
        connection.execute("COMMIT")
        return {
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "server_version": connection.info.parameter_status("server_version") or "",
            "row_counts": row_counts,
            "ledger_head": ledger_head,
        }


def _ledger_head(connection: psycopg.Connection) -> dict[str, Any] | None:
    if connection.execute("SELECT to_regclass(%s)", [LEDGER_TABLE]).fetchone() == (None,):
        return None
    row = connection.execute(f"SELECT seq, hash FROM {LEDGER_TABLE} ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else {"seq": row[0], "hash": row[1]}


def _blobs(folder: Path) -> Iterator[str]:
    """Yield every file under the folder in order; refuse what is neither file nor folder.

    A name that begins with a dot is a file still being written, or one set aside: no row names it.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if folder.is_dir() else ():
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from (f"{entry.name}/{below}" for below in _blobs(Path(entry.path)))
        elif entry.is_file(follow_symlinks=False):
            yield entry.name
        else:
            raise BackupRefused(f"{entry.path} is neither a file nor a folder; nothing of that kind belongs there")


def _add_blob(archive: tarfile.TarFile, folder: Path, name: str) -> Member | None:
    """Stream one blob; None if it was erased since it was listed."""
    try:
        source = (folder / name).open("rb")
    except FileNotFoundError:
        return None
    with source:
        found = os.fstat(source.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BackupRefused(f"{folder / name} is not a file any more")
        return add_member(archive, f"{BLOB_PREFIX}{name}", source, found.st_size)


def _write_keys(environment: Mapping[str, str], home: Path, file: Path, digest: str) -> None:
    found = {
        name: read_secret(home / "secrets", name)
        for name in (list_secrets(home / "secrets") if (home / "secrets").is_dir() else ())
        if not name.startswith(MACHINE_SECRETS)
    }
    found |= {name: environment[name] for name in ENVIRONMENT_SECRETS if environment.get(name)}
    content = {"format": KEYS_FORMAT, "version": KEYS_VERSION, "manifest_sha256": digest, "secrets": found}
    with replacing(keys_file_of(file)) as stream:
        stream.write((json.dumps(content, indent=1) + "\n").encode())

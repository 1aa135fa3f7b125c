"""Write a backup: the database as one snapshot sees it, and every file that its rows name, in one encrypted file.

The key that opens it, made for this backup alone, and the portal's own keys are not in it. They go into a file beside
it, so that the two can be kept by different people: the backup alone tells nothing, and the keys alone nothing either.
"""

import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg

from portal.embedded.archive import DATABASE_MEMBER, FOLDERS, Manifest, Member, add_manifest, add_member
from portal.embedded.dumping import count_rows, deploy_conninfo, dump
from portal.embedded.environment import ENVIRONMENT_SECRETS
from portal.embedded.errors import BackupRefused
from portal.embedded.files import replacing
from portal.embedded.keysfile import Keys, keys_file_of, write_keys
from portal.embedded.sealed import Sealer, make_key
from portal.embedded.secrets import list_secrets, read_secret

LEDGER_TABLE = "public.audit_ledgerentry"

MACHINE_SECRETS = ("database_", "broker_", "postgres_")
"""Passwords of the services of one machine. Another machine makes its own."""


@dataclass(frozen=True)
class BackupReport:
    """What was written."""

    file: Path
    keys_file: Path
    n_files: int
    n_bytes: int
    n_rows: int
    manifest_sha256: str


def write_backup(environment: Mapping[str, str], home: Path, file: Path) -> BackupReport:
    """Back the portal up into `file` and its keys into `file`.keys; both appear whole or not at all.

    environment: DATABASE_URL_DEPLOY, and the secrets where they do not lie in the home.
    """
    for path in (file, keys_file_of(file)):
        if path.exists():
            raise BackupRefused(f"{path} is there already; a backup never overwrites one")
    key = make_key()
    # The dump, in plain text for a moment, is a file without a name on the disk on which the database itself lies:
    # not beside the backup, and gone with this process however it ends.
    with tempfile.TemporaryFile(dir=home) as dumped, replacing(file) as stream:
        seen = _dump_with_counts(deploy_conninfo(environment), dumped)
        sealer = Sealer(stream, key)
        with tarfile.open(fileobj=sealer, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            members, gone = [_add_dump(archive, dumped)], []
            # After the database: a file is written before the row that names it, so each row's file is here by now.
            for name in [name for folder in FOLDERS for name in _list_files(home / folder, folder)]:
                member = _add_file(archive, home, name)
                members.append(member) if member else gone.append(name)
            manifest = Manifest(**seen, members=members, gone_meanwhile=gone)
            digest = add_manifest(archive, manifest)
        sealer.finish()
        _write_keys(environment, home, file, digest, key)
    return BackupReport(
        file=file,
        keys_file=keys_file_of(file),
        n_files=len(members) - 1,
        n_bytes=file.stat().st_size,
        n_rows=sum(manifest.row_counts.values()),
        manifest_sha256=digest,
    )


def _dump_with_counts(conninfo: str, target: IO[bytes]) -> dict[str, Any]:
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


def _add_dump(archive: tarfile.TarFile, dumped: IO[bytes]) -> Member:
    # pg_dump wrote by a descriptor of its own: the size is asked of the file, not of our place in it.
    dumped.seek(0)
    return add_member(archive, DATABASE_MEMBER, dumped, os.fstat(dumped.fileno()).st_size)


def _list_files(folder: Path, name: str) -> Iterator[str]:
    """Yield every file under the folder in order, as `name`/…; refuse what is neither file nor folder.

    A name that begins with a dot is a file still being written, or one set aside: no row names it.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if folder.is_dir() else ():
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _list_files(Path(entry.path), f"{name}/{entry.name}")
        elif entry.is_file(follow_symlinks=False):
            yield f"{name}/{entry.name}"
        else:
            raise BackupRefused(f"{entry.path} is neither a file nor a folder; nothing of that kind belongs there")


def _add_file(archive: tarfile.TarFile, home: Path, name: str) -> Member | None:
    """Stream one file; None if it was erased since it was listed."""
    try:
        source = (home / name).open("rb")
    except FileNotFoundError:
        return None
    with source:
        found = os.fstat(source.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BackupRefused(f"{home / name} is not a file any more")
        return add_member(archive, name, source, found.st_size)


def _write_keys(environment: Mapping[str, str], home: Path, file: Path, digest: str, key: bytes) -> None:
    found = {
        name: read_secret(home / "secrets", name)
        for name in (list_secrets(home / "secrets") if (home / "secrets").is_dir() else ())
        if not name.startswith(MACHINE_SECRETS)
    }
    found |= {name: environment[name] for name in ENVIRONMENT_SECRETS if environment.get(name)}
    write_keys(keys_file_of(file), Keys(key, digest, found))

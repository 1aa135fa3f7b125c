"""Restore a backup: prove it, build a second database beside the first, compare it, then swap the two names.

Until the swap, which is one transaction, the portal's database is untouched. Files are only ever added: they are named
by their content or by a key of their own, so one too many is no harm. What the restore replaces is kept, and the report
says under which name.
"""

import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.embedded.archive import (
    CHUNK_BYTES,
    DATABASE_MEMBER,
    FOLDERS,
    HashingReader,
    Manifest,
    verify_archive,
    walk,
)
from portal.embedded.bootstrap import create_database
from portal.embedded.dumping import COUNTED, count_rows, deploy_conninfo, restoring
from portal.embedded.errors import BackupRefused
from portal.embedded.files import PRIVATE_FILE, make_folder, replacing, sync_folder
from portal.embedded.keysfile import keys_file_of, read_keys
from portal.embedded.places import Places
from portal.embedded.postgres import Postgres
from portal.embedded.sealed import refuse_unsealed
from portal.embedded.secrets import read_secret, store_secret

SUPERUSER_VARIABLE = "DATABASE_URL_SUPERUSER"

READ_ONLY = {"snapshots": 0o400}
"""Folders whose files nobody changes once they are written; the portal keeps them so."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestoreReport:
    """What was restored. kept_database: the former one's new name, or None where it was empty and is gone."""

    backup_created_at: str
    n_rows: int
    n_tables: int
    n_files: int
    n_files_added: int
    keys_restored: tuple[str, ...]
    keys_set_aside: tuple[str, ...]
    kept_database: str | None


def restore_backup(environment: Mapping[str, str], home: Path, file: Path, *, replace: bool = False) -> RestoreReport:
    """Restore `file` and the keys in `file`.keys, without which it cannot be opened.

    environment: DATABASE_URL_DEPLOY; and DATABASE_URL_SUPERUSER where the database is not the embedded one.
    replace: wanted where the database holds tables; the former database is kept beside under another name.
    Raises BackupRefused, with nothing changed, where the backup, its keys or the place do not allow it.
    """
    refuse_unsealed(file)
    keys = read_keys(file)
    manifest, digest = verify_archive(file, keys.backup_key)
    if keys.manifest_sha256 != digest:
        raise BackupRefused(f"{keys_file_of(file)} belongs to another backup than {file}")
    deploy, superuser = deploy_conninfo(environment), _superuser(environment, home)
    name = str(conninfo_to_dict(deploy)["dbname"])
    was_empty = _is_empty(superuser, name)
    if not was_empty and not replace:
        raise BackupRefused(f"the database '{name}' is not empty; ask for it to be replaced, or restore elsewhere")
    stamp = _stamp()
    fresh = f"{name}_restored_{stamp}_{os.urandom(3).hex()}"
    create_database(superuser, fresh)
    try:
        n_added = _fill(file, keys.backup_key, manifest, make_conninfo(deploy, dbname=fresh), home)
        set_aside = _put_keys(home / "secrets", keys.secrets, stamp)
        try:
            kept = _swap(superuser, name, fresh, f"{name}_before_{stamp}")
        except BaseException:
            _take_keys_back(home / "secrets", set_aside, stamp)
            raise
    except BaseException:
        _drop(superuser, fresh)
        raise
    if was_empty:
        _drop(superuser, kept)
    return RestoreReport(
        backup_created_at=manifest.created_at,
        n_rows=sum(manifest.row_counts.values()),
        n_tables=len(manifest.row_counts),
        n_files=len(manifest.members) - 1,
        n_files_added=n_added,
        keys_restored=tuple(sorted(keys.secrets)),
        keys_set_aside=set_aside,
        kept_database=None if was_empty else kept,
    )


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%d%H%M%S}"


def _superuser(environment: Mapping[str, str], home: Path) -> str:
    url = environment.get(SUPERUSER_VARIABLE)
    if url:
        return make_conninfo(url)
    places = Places.of(home)
    host = conninfo_to_dict(deploy_conninfo(environment)).get("host")
    if not places.claim.exists() or host != str(places.sockets()):
        raise BackupRefused(f"{SUPERUSER_VARIABLE} is not set: to restore means to make a database and to swap two")
    return Postgres(places).conninfo()


def _is_empty(superuser: str, name: str) -> bool:
    with psycopg.connect(superuser, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            raise BackupRefused(f"there is no database '{name}'; start the portal once, so that it is made")
    with psycopg.connect(superuser, autocommit=True, dbname=name) as connection:
        return connection.execute(COUNTED).fetchone() is None


def _fill(file: Path, key: bytes, manifest: Manifest, fresh: str, home: Path) -> int:
    """Restore the dump into the fresh database and add the files; return how many files were not here yet."""
    wanted = {member.name: member.sha256 for member in manifest.members}
    added = 0

    def take(name: str, _size: int, stream: IO[bytes]) -> None:
        nonlocal added
        if name == DATABASE_MEMBER:
            with restoring(fresh) as target:
                shutil.copyfileobj(stream, target, CHUNK_BYTES)
        elif name.partition("/")[0] in FOLDERS:
            added += _add_file(home, name, stream, wanted[name])

    walk(file, key, take)
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        found = count_rows(connection)
        if found != manifest.row_counts:
            differing = sorted(set(found.items()) ^ set(manifest.row_counts.items()))[0][0]
            raise BackupRefused(
                f"{differing} has {found.get(differing)} rows after the restore, "
                f"and the backup says {manifest.row_counts.get(differing)}"
            )
        connection.execute("ANALYZE")
    return added


def _add_file(home: Path, name: str, stream: IO[bytes], sha256: str) -> bool:
    path, folder = home / name, name.partition("/")[0]
    if _has(path, sha256):
        return False
    for above in reversed(path.relative_to(home).parents[:-1]):
        make_folder(home / above)
    if path.exists():
        # Not beside it: a folder of a snapshot holds what its manifest lists and nothing else.
        aside = home / folder / f".{path.name}.damaged-{os.urandom(3).hex()}"
        path.rename(aside)
        log.warning("a file differed from the backup's and was set aside as %s", aside)
    reader = HashingReader(stream)
    with replacing(path, READ_ONLY.get(folder, PRIVATE_FILE)) as target:
        while piece := reader.read(CHUNK_BYTES):
            target.write(piece)
        if reader.sha256 != sha256:
            raise BackupRefused(f"{name} changed in the backup while it was being restored")
    return True


def _has(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as stream:
            reader = HashingReader(stream)
            reader.read_all()
    except FileNotFoundError:
        return False
    return reader.sha256 == sha256


def _put_keys(folder: Path, keys: Mapping[str, str], stamp: str) -> tuple[str, ...]:
    """Put the backup's keys into the home; return the names of those that replaced others."""
    set_aside = []
    for name, value in keys.items():
        if store_secret(folder, name, value) or read_secret(folder, name) == value:
            continue
        (folder / name).rename(folder / f".before-{stamp}.{name}")
        store_secret(folder, name, value)
        set_aside.append(name)
    sync_folder(folder)
    return tuple(set_aside)


def _take_keys_back(folder: Path, names: tuple[str, ...], stamp: str) -> None:
    for name in names:
        (folder / f".before-{stamp}.{name}").replace(folder / name)
    sync_folder(folder)


def _swap(superuser: str, name: str, fresh: str, before: str) -> str:
    """Give the fresh database the name and the former one another, in one transaction; return the former's."""
    old, new, kept = sql.Identifier(name), sql.Identifier(fresh), sql.Identifier(before)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(old))
        try:
            ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ANY(%s)"
            connection.execute(ended, [[name, fresh]])
            with connection.transaction():
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, kept))
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(new, old))
        except BaseException:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(old))
            raise
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(kept))
    return before


def _drop(superuser: str, name: str) -> None:
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

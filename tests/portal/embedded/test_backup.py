"""Backup and restore: all of it comes back, a changed byte is named, and nothing is ever half restored."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from portal.embedded import archive
from portal.embedded.account import Account
from portal.embedded.archive import verify_archive
from portal.embedded.backup import write_backup
from portal.embedded.binaries import binaries_for
from portal.embedded.bootstrap import create_database
from portal.embedded.dumping import dump
from portal.embedded.errors import BackupRefused
from portal.embedded.keysfile import keys_file_of, read_keys
from portal.embedded.places import Places
from portal.embedded.restore import restore_backup
from portal.embedded.running import Services, running
from portal.embedded.sealed import PIECE_BYTES, Sealer, make_key, opened
from tests.portal.embedded.homes import temporary_home

PEOPLE = 300
CANARY = b"a label nobody may read off a backup"
FILES = {
    "blobs/aa/first": b"\x00\x01" * 5000,
    "blobs/bb/cc/second": b"a scan",
    "blobs/zz/empty": b"",
    "snapshots/5d/images/film/one.npy": b"a film" * 1000,
    "snapshots/5d/manifest.json": b"{}",
    "quarantine/7e/a-file": b"acknowledged, not yet read",
    "originals/8f": b"encrypted already",
}
"""One or more of every folder, in the order in which a backup takes them."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Give running services with a study in them: tables, a guarded schema, a ledger, blobs, keys."""
    with temporary_home(tmp_path_factory.mktemp("source") / "home") as home, running(home, reserve_mb=0) as services:
        with psycopg.connect(services.environment["DATABASE_URL_DEPLOY"]) as connection:
            connection.execute("SET ROLE tb_owner")
            connection.execute(
                "CREATE TABLE person (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, code text UNIQUE)"
            )
            connection.execute("INSERT INTO person (code) SELECT 'P' || n FROM generate_series(1, %s) AS n", [PEOPLE])
            connection.execute("CREATE SCHEMA vault")
            connection.execute("CREATE TABLE vault.label (person int REFERENCES person, sealed bytea)")
            connection.execute("INSERT INTO vault.label SELECT id, sha256(code::bytea) FROM person")
            connection.execute("ALTER TABLE vault.label ENABLE ROW LEVEL SECURITY")
            connection.execute("GRANT USAGE ON SCHEMA vault TO tb_scorer")
            connection.execute("GRANT SELECT ON vault.label TO tb_scorer")
            connection.execute("UPDATE vault.label SET sealed = %s WHERE person = 1", [CANARY])
            connection.execute("CREATE TABLE audit_ledgerentry (seq bigint PRIMARY KEY, body text, hash text)")
            connection.execute("INSERT INTO audit_ledgerentry VALUES (1, 'first', 'aa'), (2, 'second', 'bb')")
        for name, content in FILES.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield services


@pytest.fixture(scope="module")
def backup(source: Services, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a backup of the study."""
    file = tmp_path_factory.mktemp("backups") / "study.tar"
    write_backup(source.environment, source.home, file)
    return file


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    """Give a copy of the backup, and of its keys, to spoil."""
    shutil.copy(keys_file_of(backup), tmp_path / "copy.tar.keys")
    return Path(shutil.copy(backup, tmp_path / "copy.tar"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Give the running services of another home."""
    with temporary_home(tmp_path_factory.mktemp("target") / "home") as home, running(home, reserve_mb=0) as services:
        yield services


@pytest.fixture
def target(elsewhere: Services) -> Iterator[Services]:
    """Give another home with an empty database, no blobs and keys of its own."""
    yield elsewhere
    with psycopg.connect(elsewhere.superuser_conninfo(), autocommit=True) as connection:
        for name in databases(elsewhere) - {"postgres"}:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    create_database(elsewhere.superuser_conninfo(), "trabecula")
    for folder in archive.FOLDERS:
        shutil.rmtree(elsewhere.home / folder, ignore_errors=True)
    (elsewhere.home / "blobs").mkdir(mode=0o700)
    for path in (elsewhere.home / "secrets").iterdir():
        if path.name in elsewhere.environment:
            path.write_text(elsewhere.environment[path.name])
        elif path.name.startswith(".before-"):
            path.unlink()


def ask(services: Services, query: str, role: str = "_DEPLOY") -> object:
    with psycopg.connect(services.environment[f"DATABASE_URL{role}"]) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def make_something_precious(services: Services) -> None:
    with psycopg.connect(services.environment["DATABASE_URL_DEPLOY"]) as connection:
        connection.execute("CREATE TABLE precious AS SELECT 7 AS x")


def databases(services: Services) -> set[str]:
    with psycopg.connect(services.superuser_conninfo()) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")}


def verify(file: Path) -> tuple[archive.Manifest, str]:
    return verify_archive(file, read_keys(file).backup_key)


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_backup_says_what_is_in_it(source: Services, backup: Path):
    manifest, _ = verify(backup)
    assert manifest.row_counts == {"public.person": PEOPLE, "vault.label": PEOPLE, "public.audit_ledgerentry": 2}
    assert manifest.ledger_head == {"seq": 2, "hash": "bb"}
    assert [member.name for member in manifest.members] == ["database.dump", *FILES]
    second = next(member for member in manifest.members if member.name == "blobs/bb/cc/second")
    assert (second.size, second.sha256) == (6, hashlib.sha256(b"a scan").hexdigest())


def test_a_backup_and_its_keys_are_private(backup: Path):
    assert backup.stat().st_mode & 0o777 == 0o600
    assert keys_file_of(backup).stat().st_mode & 0o777 == 0o600


def test_the_keys_are_beside_the_backup_and_not_in_it(source: Services, backup: Path):
    keys = json.loads(keys_file_of(backup).read_text())["secrets"]
    assert keys["SECRET_KEY"] == source.environment["SECRET_KEY"]
    assert not [name for name in keys if name.startswith(("database_", "broker_", "postgres_"))]
    for path in (source.home / "secrets").iterdir():
        assert path.read_bytes() not in backup.read_bytes(), path.name


def test_the_backup_alone_tells_nothing(source: Services, backup: Path, tmp_path: Path):
    with opened(backup, read_keys(backup).backup_key) as stream:
        plain = stream.read()
    # The dump is compressed, so what it holds is looked for in what pg_restore makes of it.
    (tmp_path / "plain.tar").write_bytes(plain)
    with tarfile.open(tmp_path / "plain.tar") as tar:
        script = write_script(tar.extractfile("database.dump").read())  # type: ignore[union-attr]
    assert CANARY.hex().encode() in script, "what must not be told is there"
    content = backup.read_bytes()
    for told in (b"PGDMP", b"ustar", b"manifest", b"blobs/aa/first", b"a scan", CANARY.hex().encode()):
        assert told in plain + script, told
        assert told not in content, told


def test_each_backup_has_a_key_of_its_own(source: Services, backup: Path, tmp_path: Path):
    write_backup(source.environment, source.home, tmp_path / "second.tar")
    assert read_keys(tmp_path / "second.tar").backup_key != read_keys(backup).backup_key


def test_the_plain_dump_is_never_a_file_with_a_name(source: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen = []

    def dump_and_look(conninfo: str, snapshot: str, file: IO[bytes]) -> None:
        dump(conninfo, snapshot, file)
        assert os.fstat(file.fileno()).st_size > 0
        named = [path for folder in (tmp_path, source.home) for path in folder.rglob("*") if path.is_file()]
        seen.append([path for path in named if b"PGDMP" in path.read_bytes()[:5]])

    monkeypatch.setattr("portal.embedded.backup.dump", dump_and_look)
    write_backup(source.environment, source.home, tmp_path / "study.tar")
    assert seen == [[]]


def write_script(dumped: bytes) -> bytes:
    """Return a dump as the statements it holds."""
    program = binaries_for(Account("", os.geteuid(), os.getegid(), is_another=False)).postgres("pg_restore")
    return subprocess.run([program, "--file=-"], input=dumped, capture_output=True, check=True).stdout


def test_a_backup_never_overwrites_another(source: Services, backup: Path):
    before = backup.read_bytes()
    with pytest.raises(BackupRefused, match="is there already; a backup never overwrites one"):
        write_backup(source.environment, source.home, backup)
    assert backup.read_bytes() == before


def test_a_backup_without_the_deploy_role_is_refused(source: Services, tmp_path: Path):
    environment = {name: value for name, value in source.environment.items() if name != "DATABASE_URL_DEPLOY"}
    with pytest.raises(BackupRefused, match="DATABASE_URL_DEPLOY is not set"):
        write_backup(environment, source.home, tmp_path / "study.tar")


def test_a_failed_backup_leaves_nothing_behind(source: Services, tmp_path: Path):
    link = source.home / "blobs" / "link"
    link.symlink_to("/etc/passwd")
    try:
        with pytest.raises(BackupRefused, match="is neither a file nor a folder"):
            write_backup(source.environment, source.home, tmp_path / "study.tar")
    finally:
        link.unlink()
    assert list(tmp_path.iterdir()) == []


def test_a_blob_that_is_still_being_written_is_left_out(source: Services, tmp_path: Path):
    unfinished = source.home / "blobs" / ".third.part"
    unfinished.write_bytes(b"half")
    try:
        assert write_backup(source.environment, source.home, tmp_path / "study.tar").n_files == len(FILES)
    finally:
        unfinished.unlink()


def test_a_backup_holds_one_moment_while_people_go_on_writing(
    source: Services, target: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def dump_later(conninfo: str, snapshot: str, file: IO[bytes]) -> None:
        ask(source, "INSERT INTO person (code) VALUES ('who came between') RETURNING id")
        dump(conninfo, snapshot, file)

    monkeypatch.setattr("portal.embedded.backup.dump", dump_later)
    try:
        write_backup(source.environment, source.home, tmp_path / "study.tar")
        assert ask(source, "SELECT count(*) FROM person") == PEOPLE + 1
    finally:
        ask(source, "DELETE FROM person WHERE code = 'who came between' RETURNING id")
    restore_backup(target.environment, target.home, tmp_path / "study.tar")
    assert ask(target, "SELECT count(*) FROM person") == PEOPLE


def test_a_dump_may_take_longer_than_a_transaction_may_be_idle(
    source: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def dump_slowly(conninfo: str, snapshot: str, file: IO[bytes]) -> None:
        threading.Event().wait(0.3)
        dump(conninfo, snapshot, file)

    monkeypatch.setattr("portal.embedded.backup.dump", dump_slowly)
    impatient = make_conninfo(
        source.environment["DATABASE_URL_DEPLOY"], options="-c idle_in_transaction_session_timeout=100ms"
    )
    report = write_backup({"DATABASE_URL_DEPLOY": impatient}, source.home, tmp_path / "study.tar")
    assert report.n_rows == 2 * PEOPLE + 2


def test_rows_that_a_guard_hides_are_not_left_out_in_silence(target: Services, tmp_path: Path):
    with psycopg.connect(target.environment["DATABASE_URL_DEPLOY"]) as connection:
        connection.execute("CREATE TABLE hidden AS SELECT 1 AS x")
        connection.execute("ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    assert ask(target, "SELECT count(*) FROM hidden") == 0
    with pytest.raises(BackupRefused, match=r"the role tb_deploy may not read all of public\.hidden"):
        write_backup(target.environment, target.home, tmp_path / "study.tar")


# --- restoring ------------------------------------------------------------------------------------------------------


def test_everything_comes_back_in_another_home(backup: Path, source: Services, target: Services):
    report = restore_backup(target.environment, target.home, backup)
    assert (report.n_tables, report.n_rows) == (3, 2 * PEOPLE + 2)
    assert (report.n_files, report.n_files_added) == (len(FILES), len(FILES))
    assert report.kept_database is None
    query = (
        "SELECT md5(string_agg(l::text || p::text, ',' ORDER BY id)) FROM vault.label l JOIN person p ON id = person"
    )
    assert ask(target, query) == ask(source, query) is not None
    for name, content in FILES.items():
        path = target.home / name
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == (0o400 if name.startswith("snapshots/") else 0o600), name
        assert {above.stat().st_mode & 0o777 for above in path.parents if target.home in above.parents} == {0o700}
    assert databases(target) == {"postgres", "trabecula"}


def test_owners_rights_and_guards_come_back(backup: Path, target: Services):
    restore_backup(target.environment, target.home, backup)
    assert ask(target, "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'vault'") == "tb_owner"
    assert ask(target, "SELECT relrowsecurity FROM pg_class WHERE relname = 'label'") is True
    # No policy lets it see a row, which is not the same as having no right to look.
    assert ask(target, "SELECT count(*) FROM vault.label", "_SCORER") == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for schema vault"):
        ask(target, "SELECT count(*) FROM vault.label", "")
    ask(target, "INSERT INTO person (code) VALUES ('next') RETURNING id")
    with pytest.raises(psycopg.errors.UniqueViolation):
        ask(target, "INSERT INTO person (code) VALUES ('P1')")


def test_the_keys_come_back_and_those_they_replace_are_kept(backup: Path, source: Services, target: Services):
    before = target.environment["SECRET_KEY"]
    assert before != source.environment["SECRET_KEY"]
    report = restore_backup(target.environment, target.home, backup)
    secrets = target.home / "secrets"
    assert (secrets / "SECRET_KEY").read_text() == source.environment["SECRET_KEY"]
    assert "SECRET_KEY" in report.keys_set_aside
    assert [path.read_text() for path in secrets.glob(".before-*.SECRET_KEY")] == [before]


def test_a_database_that_is_not_empty_is_replaced_only_when_asked_and_is_kept(backup: Path, target: Services):
    make_something_precious(target)
    with pytest.raises(BackupRefused, match="the database 'trabecula' is not empty; ask for it to be replaced"):
        restore_backup(target.environment, target.home, backup)
    assert ask(target, "SELECT x FROM precious") == 7
    report = restore_backup(target.environment, target.home, backup, replace=True)
    assert ask(target, "SELECT to_regclass('precious') IS NULL") is True
    assert ask(target, "SELECT count(*) FROM person") == PEOPLE
    assert report.kept_database is not None
    with psycopg.connect(target.superuser_conninfo(report.kept_database)) as connection:
        assert connection.execute("SELECT x FROM precious").fetchone() == (7,)


def test_people_at_work_do_not_hinder_the_swap(backup: Path, target: Services):
    at_work = psycopg.connect(target.environment["DATABASE_URL"])
    at_work.execute("SELECT 1")
    restore_backup(target.environment, target.home, backup)
    with pytest.raises(psycopg.OperationalError):
        at_work.execute("SELECT 1")
    assert ask(target, "SELECT current_database()::text", "") == "trabecula"


@pytest.mark.parametrize("name", ["blobs/bb/cc/second", "snapshots/5d/manifest.json"])
def test_a_damaged_file_is_put_right_and_the_damaged_one_kept_apart(backup: Path, target: Services, name: str):
    damaged = target.home / name
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"a s-an")
    assert restore_backup(target.environment, target.home, backup).n_files_added == len(FILES)
    assert damaged.read_bytes() == FILES[name]
    assert [path.name for path in damaged.parent.iterdir() if path.name.startswith(".")] == []
    kept = (target.home / name.partition("/")[0]).glob(f".{damaged.name}.damaged-*")
    assert [path.read_bytes() for path in kept] == [b"a s-an"]


def test_a_database_elsewhere_is_not_restored_with_the_homes_superuser(backup: Path, target: Services):
    environment = {"DATABASE_URL_DEPLOY": "postgresql://tb_deploy:x@db.example.org/trabecula"}
    with pytest.raises(BackupRefused, match="DATABASE_URL_SUPERUSER is not set"):
        restore_backup(environment, target.home, backup)


# --- refusing -------------------------------------------------------------------------------------------------------


def flip(file: Path, position: int) -> None:
    with file.open("r+b") as stream:
        stream.seek(position)
        byte = stream.read(1)[0]
        stream.seek(position)
        stream.write(bytes([byte ^ 1]))


def assert_untouched(target: Services) -> None:
    assert databases(target) == {"postgres", "trabecula"}
    assert [path for folder in archive.FOLDERS for path in (target.home / folder).glob("*")] == []
    assert (target.home / "secrets" / "SECRET_KEY").read_text() == target.environment["SECRET_KEY"]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.999])
def test_a_flipped_byte_is_refused_before_anything_is_written(copy: Path, target: Services, share: float):
    flip(copy, 100 + int(share * (copy.stat().st_size - 100)))
    with pytest.raises(BackupRefused, match=r"copy\.tar was changed or cut short between byte \d+ and byte \d+"):
        restore_backup(target.environment, target.home, copy)
    assert_untouched(target)


def test_a_flipped_byte_of_the_head_is_refused(copy: Path):
    flip(copy, 0)
    with pytest.raises(BackupRefused, match=r"copy\.tar is not a whole backup: it does not begin as an encrypted one"):
        verify(copy)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_backup_cut_short_is_refused_before_anything_is_written(copy: Path, target: Services, share: float):
    os.truncate(copy, int(share * copy.stat().st_size))
    with pytest.raises(BackupRefused, match=r"copy\.tar was changed or cut short between byte"):
        restore_backup(target.environment, target.home, copy)
    assert_untouched(target)


def test_a_backup_cut_between_two_pieces_is_refused(tmp_path: Path):
    file, key = tmp_path / "cut.tar", make_key()
    with file.open("wb") as stream:
        sealer = Sealer(stream, key)
        sealer.write(bytes(2 * PIECE_BYTES))
        head = stream.tell() - PIECE_BYTES
        sealer.finish()
    os.truncate(file, head + PIECE_BYTES)
    with pytest.raises(BackupRefused, match=r"cut\.tar ends after \d+ bytes, before its last piece: it was cut short"):
        verify_archive(file, key)


def test_what_was_added_behind_the_end_is_refused(copy: Path):
    with copy.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(BackupRefused, match=r"copy\.tar was changed or cut short|goes on after byte"):
        verify(copy)


def test_another_backups_key_is_refused_and_both_are_named(copy: Path, target: Services):
    keys = json.loads(keys_file_of(copy).read_text())
    keys_file_of(copy).write_text(json.dumps({**keys, "backup_key": make_key().hex()}))
    with pytest.raises(
        BackupRefused, match=r"belong to another backup than .*copy\.tar: it was made with the key \w{8}…"
    ):
        restore_backup(target.environment, target.home, copy)
    assert_untouched(target)


def test_a_backup_without_its_keys_is_refused(copy: Path, target: Services):
    keys_file_of(copy).unlink()
    with pytest.raises(BackupRefused, match=r"copy\.tar\.keys is missing: the backup is encrypted"):
        restore_backup(target.environment, target.home, copy)
    assert_untouched(target)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"version": 1}, "holds trabecula-keys 1; this portal reads trabecula-keys 2"),
        ({"backup_key": "00"}, "its key has 1 bytes, wanted 32"),
        ({"backup_key": None}, "is not a file of keys that can be read: TypeError"),
    ],
)
def test_a_file_of_keys_that_cannot_be_read_is_refused(copy: Path, change: dict[str, object], refusal: str):
    keys = json.loads(keys_file_of(copy).read_text())
    keys_file_of(copy).write_text(json.dumps({**keys, **change}))
    with pytest.raises(BackupRefused, match=refusal):
        read_keys(copy)


def test_a_file_of_keys_that_is_none_is_refused(copy: Path):
    keys_file_of(copy).write_text("not JSON")
    with pytest.raises(BackupRefused, match=r"copy\.tar\.keys is not a file of keys that can be read"):
        read_keys(copy)


def test_a_plain_backup_of_an_earlier_portal_is_named_as_such(copy: Path, target: Services):
    replace_plain(copy, read_members(copy))
    with pytest.raises(BackupRefused, match=r"copy\.tar is a backup in plain text.*\(format 1\).*encrypted ones"):
        restore_backup(target.environment, target.home, copy)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" * 200])
def test_another_file_is_no_backup(tmp_path: Path, content: bytes):
    (tmp_path / "other.tar").write_bytes(content)
    with pytest.raises(BackupRefused, match=r"other\.tar is not a whole backup"):
        verify_archive(tmp_path / "other.tar", make_key())


# Whoever holds the key can write any archive: what is inside is checked too.

Members = list[tuple[str, bytes]]
Change = Callable[[Members], Members]


def read_members(file: Path) -> Members:
    with opened(file, read_keys(file).backup_key) as source, tempfile.TemporaryFile() as plain:
        plain.write(source.read())
        plain.seek(0)
        with tarfile.open(fileobj=plain) as tar:
            return [(entry.name, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]


def replace_plain(file: Path, members: Members) -> None:
    with tarfile.open(file, "w") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            if name.endswith("/link"):
                entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def replace_sealed(file: Path, members: Members) -> None:
    """Write an archive anew with these members, under the same key."""
    replace_plain(file, members)
    seal_again(file, file.read_bytes())


def seal_again(file: Path, plain: bytes) -> None:
    with file.open("wb") as stream:
        sealer = Sealer(stream, read_keys(file).backup_key)
        sealer.write(plain)
        sealer.finish()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda members: [*members, ("blobs/added", b"x")], "holds blobs/added, which its manifest does not list"),
        (
            lambda members: [*members, ("blobs/../../escape", b"x")],
            r"holds 'blobs/\.\./\.\./escape', which no backup does",
        ),
        (lambda members: [*members, ("/etc/passwd", b"x")], "holds '/etc/passwd', which no backup does"),
        (lambda members: [*members, ("secrets/SECRET_KEY", b"x")], "holds 'secrets/SECRET_KEY', which no backup does"),
        (lambda members: [*members, ("blobs/link", b"")], "holds 'blobs/link', which no backup does"),
        (lambda members: [*members, members[1]], "holds a member twice"),
        (lambda members: members[:1] + members[2:], "blobs/aa/first is missing"),
        (lambda members: [*members[:1], (members[1][0], b"y"), *members[2:]], r"blobs/aa/first in .* was changed"),
        (lambda members: members[:-1], "it has no whole manifest"),
        (lambda members: [*members[:-2], (members[-2][0], b"{}"), members[-1]], r"manifest\.json of .* was changed"),
    ],
    ids=["added", "escaping", "absolute", "elsewhere", "link", "twice", "missing", "changed", "no seal", "manifest"],
)
def test_a_member_that_does_not_belong_is_refused(copy: Path, change: Change, refusal: str):
    replace_sealed(copy, change(read_members(copy)))
    with pytest.raises(BackupRefused, match=refusal):
        verify(copy)


def test_an_archive_that_ends_too_early_is_refused(copy: Path):
    with opened(copy, read_keys(copy).backup_key) as source:
        plain = source.read()
    seal_again(copy, plain[: len(plain) // 2])
    with pytest.raises(BackupRefused, match=r"ends or is damaged|is not a whole backup"):
        verify(copy)


def test_a_backup_of_a_later_format_is_refused(source: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "later.tar"
    write_backup(source.environment, source.home, file)
    monkeypatch.setattr(archive, "VERSION", 0)
    with pytest.raises(BackupRefused, match="is of format trabecula-backup 2; this portal reads trabecula-backup 0"):
        verify(file)


def test_keys_of_another_backup_are_refused(copy: Path, target: Services):
    keys = json.loads(keys_file_of(copy).read_text())
    keys_file_of(copy).write_text(json.dumps({**keys, "manifest_sha256": "0" * 64}))
    with pytest.raises(BackupRefused, match="belongs to another backup than"):
        restore_backup(target.environment, target.home, copy)


def test_a_restore_that_fails_on_the_way_changes_nothing(
    backup: Path, target: Services, monkeypatch: pytest.MonkeyPatch
):
    make_something_precious(target)
    monkeypatch.setattr("portal.embedded.restore.count_rows", lambda _connection: {"public.person": PEOPLE - 1})
    with pytest.raises(BackupRefused, match=r"public\.\w+ has \w+ rows after the restore, and the backup says"):
        restore_backup(target.environment, target.home, backup, replace=True)
    assert ask(target, "SELECT x FROM precious") == 7
    assert databases(target) == {"postgres", "trabecula"}
    assert (target.home / "secrets" / "SECRET_KEY").read_text() == target.environment["SECRET_KEY"]


def test_a_swap_that_fails_leaves_the_former_database_open(
    backup: Path, target: Services, monkeypatch: pytest.MonkeyPatch
):
    with psycopg.connect(target.superuser_conninfo(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE trabecula_before_20260101")
    monkeypatch.setattr("portal.embedded.restore._stamp", lambda: "20260101")
    with pytest.raises(psycopg.errors.DuplicateDatabase):
        restore_backup(target.environment, target.home, backup)
    assert ask(target, "SELECT current_database()::text", "") == "trabecula"
    assert databases(target) == {"postgres", "trabecula", "trabecula_before_20260101"}
    assert (target.home / "secrets" / "SECRET_KEY").read_text() == target.environment["SECRET_KEY"]


def test_a_backup_survives_a_home_that_was_lost(source: Services, backup: Path, tmp_path: Path):
    with temporary_home(tmp_path / "new") as home:
        with running(home, reserve_mb=0) as services:
            restore_backup(services.environment, home, backup)
        with running(home, reserve_mb=0) as services:
            assert services.environment["SECRET_KEY"] == source.environment["SECRET_KEY"]
            assert ask(services, "SELECT count(*) FROM person") == PEOPLE
            assert Places.of(home).blobs.joinpath("bb/cc/second").read_bytes() == b"a scan"

"""Backup and restore: all of it comes back, a changed byte is named, and nothing is ever half restored."""

import hashlib
import io
import json
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from portal.embedded import archive
from portal.embedded.archive import verify_archive
from portal.embedded.backup import keys_file_of, write_backup
from portal.embedded.bootstrap import create_database
from portal.embedded.dumping import dump
from portal.embedded.errors import BackupRefused
from portal.embedded.places import Places
from portal.embedded.restore import restore_backup
from portal.embedded.running import Services, running
from tests.portal.embedded.homes import temporary_home

PEOPLE = 300
BLOBS = {"aa/first": b"\x00\x01" * 5000, "bb/cc/second": b"a scan", "zz/empty": b""}


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
            connection.execute("CREATE TABLE audit_ledgerentry (seq bigint PRIMARY KEY, body text, hash text)")
            connection.execute("INSERT INTO audit_ledgerentry VALUES (1, 'first', 'aa'), (2, 'second', 'bb')")
        for name, content in BLOBS.items():
            path = home / "blobs" / name
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
    for path in (elsewhere.home / "blobs").iterdir():
        shutil.rmtree(path)
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


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_backup_says_what_is_in_it(source: Services, backup: Path):
    manifest, _ = verify_archive(backup)
    assert manifest.row_counts == {"public.person": PEOPLE, "vault.label": PEOPLE, "public.audit_ledgerentry": 2}
    assert manifest.ledger_head == {"seq": 2, "hash": "bb"}
    assert [member.name for member in manifest.members] == ["database.dump", *(f"blobs/{name}" for name in BLOBS)]
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
        assert write_backup(source.environment, source.home, tmp_path / "study.tar").n_blobs == len(BLOBS)
    finally:
        unfinished.unlink()


def test_a_backup_holds_one_moment_while_people_go_on_writing(
    source: Services, target: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def dump_later(conninfo: str, snapshot: str, file: Path) -> None:
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
    def dump_slowly(conninfo: str, snapshot: str, file: Path) -> None:
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
    assert (report.n_tables, report.n_rows, report.n_blobs, report.n_blobs_added) == (3, 2 * PEOPLE + 2, 3, 3)
    assert report.kept_database is None
    query = (
        "SELECT md5(string_agg(l::text || p::text, ',' ORDER BY id)) FROM vault.label l JOIN person p ON id = person"
    )
    assert ask(target, query) == ask(source, query) is not None
    for name, content in BLOBS.items():
        assert (target.home / "blobs" / name).read_bytes() == content
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


def test_a_backup_without_its_keys_is_restored_and_says_so(copy: Path, target: Services):
    keys_file_of(copy).unlink()
    assert restore_backup(target.environment, target.home, copy).keys_restored == ()
    assert (target.home / "secrets" / "SECRET_KEY").read_text() == target.environment["SECRET_KEY"]


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


def test_a_damaged_blob_is_put_right_and_the_damaged_one_kept(backup: Path, target: Services):
    damaged = target.home / "blobs" / "bb" / "cc" / "second"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"a s-an")
    assert restore_backup(target.environment, target.home, backup).n_blobs_added == len(BLOBS)
    assert damaged.read_bytes() == b"a scan"
    assert [path.read_bytes() for path in damaged.parent.glob(".second.damaged-*")] == [b"a s-an"]


def test_a_database_elsewhere_is_not_restored_with_the_homes_superuser(backup: Path, target: Services):
    environment = {"DATABASE_URL_DEPLOY": "postgresql://tb_deploy:x@db.example.org/trabecula"}
    with pytest.raises(BackupRefused, match="DATABASE_URL_SUPERUSER is not set"):
        restore_backup(environment, target.home, backup)


# --- refusing -------------------------------------------------------------------------------------------------------


def position_of(file: Path, member: str) -> int:
    with tarfile.open(file) as tar:
        entry = tar.getmember(member)
        assert entry.size > 0
        return entry.offset_data + entry.size // 2


def flip(file: Path, position: int) -> None:
    with file.open("r+b") as stream:
        stream.seek(position)
        byte = stream.read(1)[0]
        stream.seek(position)
        stream.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("member", ["database.dump", "blobs/aa/first", "blobs/bb/cc/second"])
def test_a_flipped_byte_is_refused_and_the_member_named(copy: Path, target: Services, member: str):
    flip(copy, position_of(copy, member))
    with pytest.raises(BackupRefused, match=rf"{member} in .*copy\.tar was changed"):
        restore_backup(target.environment, target.home, copy)
    assert databases(target) == {"postgres", "trabecula"}
    assert list((target.home / "blobs").iterdir()) == []


@pytest.mark.parametrize("member", ["manifest.json", "manifest.sha256"])
def test_a_changed_manifest_is_refused(copy: Path, member: str):
    flip(copy, position_of(copy, member))
    with pytest.raises(BackupRefused, match=r"manifest\.json of .*copy\.tar was changed"):
        verify_archive(copy)


def test_a_changed_header_is_refused(copy: Path):
    flip(copy, position_of(copy, "blobs/bb/cc/second") - 512)
    with pytest.raises(BackupRefused, match="ends or is damaged after blobs/aa/first"):
        verify_archive(copy)


@pytest.mark.parametrize("member", ["database.dump", "blobs/aa/first", "manifest.json", "manifest.sha256"])
def test_a_backup_cut_short_is_refused(copy: Path, member: str):
    os.truncate(copy, position_of(copy, member))
    with pytest.raises(BackupRefused, match=r"ends or is damaged|is not a whole backup"):
        verify_archive(copy)


def test_an_empty_file_is_no_backup(tmp_path: Path):
    (tmp_path / "empty.tar").touch()
    with pytest.raises(BackupRefused, match="is not a whole backup"):
        verify_archive(tmp_path / "empty.tar")


Change = Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda members: [*members, ("blobs/added", b"x")], "holds blobs/added, which its manifest does not list"),
        (
            lambda members: [*members, ("blobs/../../escape", b"x")],
            r"holds 'blobs/\.\./\.\./escape', which no backup does",
        ),
        (lambda members: [*members, ("/etc/passwd", b"x")], "holds '/etc/passwd', which no backup does"),
        (lambda members: [*members, members[1]], "holds a member twice"),
        (lambda members: members[:1] + members[2:], "blobs/aa/first is missing"),
    ],
    ids=["added", "escaping", "absolute", "twice", "missing"],
)
def test_a_member_that_does_not_belong_is_refused(copy: Path, change: Change, refusal: str):
    with tarfile.open(copy) as tar:
        members = [(entry.name, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]
    with tarfile.open(copy, "w") as tar:
        for name, content in change(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    with pytest.raises(BackupRefused, match=refusal):
        verify_archive(copy)


def test_a_link_in_a_backup_is_refused(copy: Path):
    with tarfile.open(copy, "a") as tar:
        entry = tarfile.TarInfo("blobs/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    with pytest.raises(BackupRefused, match="holds 'blobs/link', which no backup does"):
        verify_archive(copy)


def test_a_backup_of_a_later_format_is_refused(source: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "later.tar"
    write_backup(source.environment, source.home, file)
    monkeypatch.setattr(archive, "VERSION", 0)
    with pytest.raises(BackupRefused, match="is of format trabecula-backup 1; this portal reads trabecula-backup 0"):
        verify_archive(file)


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

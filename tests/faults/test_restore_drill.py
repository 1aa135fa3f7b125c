"""The restore drill: a backup brought back on another machine holds the same people, and its ledger verifies.

Run through `./run`'s own doors, on homes of their own (TRUST 4.3; faults 22 and 23).
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.doors.home import House
from portal.embedded.removing import remove_home
from portal.embedded.running import running
from tests.services import ROOT, SERVICES, drop_database, superuser

pytestmark = pytest.mark.fault


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment as a terminal has it: nothing of this test session's services."""
    ours = ("DATABASE_URL", "BROKER_URL", "TRABECULA", "DJANGO", "SECRET", "IDENTITY", "SETUP")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return {**kept, "TRABECULA_HOME": str(home)}


def open_door(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Open a door of `./run` as a person would."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def manage(home: Path, process: str, *arguments: str) -> str:
    """Run one management command on a home whose services this test keeps up."""
    with running(home, reserve_mb=0) as services:
        house = House(services.home, services.supervisor, outside=False, settings={"TRABECULA_DEMO": "1"})
        environment = {**clean_environment(home), **_ours(house.environment(process)), "BEHIND_TLS": "0"}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _ours(environment: dict[str, str]) -> dict[str, str]:
    names = ("DATABASE_URL", "BROKER_URL", "TRABECULA", "SECRET", "IDENTITY", "SETUP")
    mine = {key: value for key, value in environment.items() if key.startswith(names)}
    return {key: value for key, value in mine.items() if os.environ.get(key) != value or key == "TRABECULA_DEMO"}


CANARY = "hung curtains, 3b81d2"
"""What somebody was doing when they broke a bone: it must be in no backup for whoever holds that file alone."""
FILES = {
    "snapshots/0b1e/images/film/a.npy": b"an image of a snapshot",
    "quarantine/77aa/09f3": b"acknowledged, not yet read",
    "originals/41c2": b"encrypted, kept for a while",
}
TELL = f"""
from datetime import date
from cohort.crf.filling import Change
from cohort.crf.services import begin_visit, save_answers
from cohort.participants.models import Visit
from portal.accounts.models import User
from portal.roles.middleware import actor_of
visit = Visit.objects.select_related("participant__study", "participant__site").filter(code="BL").first()
nurse = actor_of(User.objects.get(memberships__role="nurse", memberships__site=visit.participant.site))
if visit.state == "planned":
    begin_visit(actor=nurse, visit=visit, happened_on=min(visit.due_on, date.today()))
told = dict(fxh_any="1", fxh_site="radius_distal", fxh_activity={CANARY!r})
changes = {{name: Change(value=value) for name, value in told.items()}}
saved = save_answers(actor=nurse, visit=visit, form="fxh", number=1, changes=changes, version=0)
assert not saved.refused, saved.refused
"""


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two homes: one with a small study that is sealed, one that does not exist yet."""
    one, other = tmp_path / "one", tmp_path / "other"
    manage(one, "deploy", "migrate", "--verbosity", "0")
    manage(one, "web", "demo_study", "--participants", "3")
    manage(one, "web", "shell", "-c", TELL)
    manage(one, "clock", "seal_audit")
    for name, content in FILES.items():
        (one / name).parent.mkdir(parents=True, exist_ok=True)
        (one / name).write_bytes(content)
    yield one, other
    for home in (one, other):
        if home.exists():
            remove_home(home)


TABLES = (
    "participants_participant",
    "identity.person",
    "vault.assignment",
    f"outcome.record WHERE answers ->> 'fxh_activity' = '{CANARY}'",
)
WHOLE = (3, 3, 3, 1)
"""Rows of each: three people, of whom one told what nobody may read off a backup."""


def count_people(home: Path) -> tuple[int, ...]:
    with running(home, reserve_mb=0) as services, psycopg.connect(services.superuser_conninfo("trabecula")) as one:
        counts = [one.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES]
    return tuple(found[0] for found in counts if found)


def test_a_backup_comes_back_whole_on_another_machine(homes: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = homes
    assert count_people(one) == WHOLE
    backup = tmp_path / "backup.tar"
    done = open_door(one, "backup", str(backup))
    assert done.returncode == 0, done.stderr
    assert not [told for told in (b"PGDMP", b"ustar", CANARY.encode()) if told in backup.read_bytes()]
    done = open_door(other, "restore", str(backup))
    assert done.returncode == 0, done.stdout + done.stderr
    assert count_people(other) == WHOLE
    assert {name: (other / name).read_bytes() for name in FILES} == FILES
    assert (other / "snapshots/0b1e/images/film/a.npy").stat().st_mode & 0o777 == 0o400
    assert manage(other, "web", "demo_study", "--participants", "3").strip() == "the simulated study is there already"
    manage(other, "clock", "seal_audit")
    report = json.loads(manage(other, "deploy", "verify_audit", "--json").splitlines()[0])
    assert (report["findings"], report["n_unsealed"]) == ([], 0)
    assert report["n_events"] > 20


def test_one_flipped_byte_is_refused_and_changes_nothing(homes: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = homes
    backup = tmp_path / "backup.tar"
    assert open_door(one, "backup", str(backup)).returncode == 0
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(bytes(content))
    done = open_door(other, "restore", str(backup))
    assert done.returncode == 1
    assert done.stderr.startswith(f"./run restore: {backup} was changed or cut short between byte ")
    assert not [name for name in FILES if (other / name).exists()]
    with running(other, reserve_mb=0) as services, psycopg.connect(services.superuser_conninfo("trabecula")) as found:
        assert found.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_restore_onto_a_study_is_refused_unless_it_is_asked_for(homes: tuple[Path, Path], tmp_path: Path) -> None:
    one, _ = homes
    backup = tmp_path / "backup.tar"
    assert open_door(one, "backup", str(backup)).returncode == 0
    done = open_door(one, "restore", str(backup))
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    done = open_door(one, "restore", str(backup), "--replace")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "What was there before is kept as the database" in done.stdout
    assert count_people(one) == WHOLE


def test_a_migration_that_was_killed_is_simply_run_again() -> None:
    name = "trabecula_killed_migration"
    with superuser(SERVICES) as cursor:
        cursor.execute(f"CREATE DATABASE {name} OWNER tb_owner")
        cursor.execute(f"GRANT CONNECT ON DATABASE {name} TO tb_deploy")
    environment = {**os.environ, "TRABECULA_PROCESS": "deploy"}
    environment["DATABASE_URL_DEPLOY"] = SERVICES.environment["DATABASE_URL_DEPLOY"].replace("/trabecula?", f"/{name}?")
    command = [sys.executable, "manage.py", "migrate"]
    try:
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as first:
            assert first.stdout is not None
            for line in first.stdout:
                if "audit.0002" in line:
                    first.send_signal(signal.SIGKILL)
                    break
        assert first.returncode != 0
        again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert again.returncode == 0, again.stderr
        assert "roles.0002" in again.stdout
        whole = subprocess.run([*command, "--check"], cwd=ROOT, env=environment, check=False, capture_output=True)
        assert whole.returncode == 0
    finally:
        drop_database(SERVICES, name)

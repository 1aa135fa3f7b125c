"""What each login of the database may not do, tried with straight SQL (TRUST 1.9, attacks 2, 3, 26, 27, 28)."""

import subprocess

import psycopg
import pytest

from cohort.enrolment.models import Assignment
from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.environment import variable_of
from portal.embedded.places import Places
from tests.cast import make_cast, make_participant
from tests.services import SERVICES, superuser

pytestmark = pytest.mark.fault

ROLES = [role.name for role in LOGIN_ROLES if role.name != "tb_deploy"]
REFUSED = r"permission denied|must be superuser|must be owner|only roles with|could not open|not permitted"
MAY_READ = {
    "identity.person": {"tb_ident"},
    "vault.draw_nonce": {"tb_allocator"},
    "vault.draw_seed": {"tb_allocator"},
    "vault.assignment": {"tb_allocator"},
    "outcome.record": {"tb_clinical", "tb_snapshot", "tb_label_writer"},
    "identity.audit_event": set(),
    "outcome.audit_event": set(),
    "vault.audit_event": set(),
}
SEES_THAT_SOMETHING_WAS_WRITTEN = {
    ("tb_sealer", f"SELECT count(*) FROM {zone}.audit_event") for zone in ("identity", "outcome", "vault")
}
SEES_NO_ROW = {("tb_scorer", "SELECT count(*) FROM outcome.record")}
"""It reads columns that a sealed evaluation's protocol names; that no row shows without one, with rows there, is held
by tests/cohort/crf/test_outcome_roles.py."""
POWERS = [
    "SET ROLE tb_owner",
    "SET ROLE tb_ident",
    "SET ROLE tb_allocator",
    "SET SESSION AUTHORIZATION tb_owner",
    "SET session_replication_role = replica",
    "SELECT pg_read_file('postgresql.conf')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY pg_class TO '/tmp/trabecula-attack'",
    "SELECT lo_import('/etc/hostname')",
    "CREATE FUNCTION public.steal() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "ALTER TABLE roles_membership DISABLE TRIGGER ALL",
    "CREATE TABLE public.mine (n int)",
    "DROP TRIGGER audit_row ON roles_membership",
]


@pytest.fixture
def enrolled(fresh_database: dict[str, str]) -> dict[str, str]:
    """A database in which somebody was enrolled, so that there is something to steal."""
    participant = make_participant(make_cast(), "Rosalind")
    assert Assignment.objects.filter(participant_id=participant.pk).exists()
    return fresh_database


def connect(environment: dict[str, str], role: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(environment[variable_of(role)], autocommit=True)


@pytest.mark.parametrize("table", MAY_READ)
def test_closed_tables_open_to_their_own_role_only(enrolled: dict[str, str], table: str) -> None:
    for role in ROLES:
        with connect(enrolled, role) as connection:
            for read in (f"SELECT * FROM {table}", f"SELECT count(*) FROM {table}", f"COPY {table} TO STDOUT"):
                if role in MAY_READ[table] or (role, read) in SEES_THAT_SOMETHING_WAS_WRITTEN:
                    continue
                if (role, read) in SEES_NO_ROW:
                    assert connection.execute(read).fetchone() == (0,)
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(read)


@pytest.mark.parametrize("power", POWERS)
def test_no_login_can_give_itself_power(enrolled: dict[str, str], power: str) -> None:
    for role in ROLES:
        if power == f"SET ROLE {role}":
            continue
        with connect(enrolled, role) as connection, pytest.raises(psycopg.Error, match=REFUSED):
            connection.execute(power)


def test_the_draw_can_be_added_to_but_never_changed(enrolled: dict[str, str]) -> None:
    with connect(enrolled, "tb_allocator") as connection:
        assert connection.execute("SELECT count(*) FROM vault.assignment").fetchone() == (1,)
        for change in ("UPDATE vault.assignment SET is_test = NOT is_test", "DELETE FROM vault.assignment"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)


def test_not_even_the_owner_changes_the_draw(enrolled: dict[str, str]) -> None:
    with connect(enrolled, "tb_deploy") as connection:
        connection.execute("SET ROLE tb_owner")
        for change in ("UPDATE vault.assignment SET is_test = NOT is_test", "DELETE FROM vault.assignment"):
            with pytest.raises(psycopg.DatabaseError, match="append-only"):
                connection.execute(change)


def test_statistics_of_closed_tables_are_closed_too(enrolled: dict[str, str]) -> None:
    database = enrolled["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        cursor.execute("ANALYZE vault.assignment")
        cursor.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'vault'")
        assert cursor.fetchone() != (0,)
    for role in set(ROLES) - {"tb_allocator"}:
        with connect(enrolled, role) as connection:
            assert connection.execute("SELECT count(*) FROM pg_stats WHERE schemaname = 'vault'").fetchone() == (0,)


def test_a_stranger_without_a_password_gets_no_connection(enrolled: dict[str, str]) -> None:
    address = enrolled["DATABASE_URL"]
    bare = "postgresql://tb_web@/" + address.split("@/")[1]
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(bare)


def test_a_name_stands_in_no_file_of_the_cluster_and_in_no_log(fresh_database: dict[str, str]) -> None:
    canary = "Quetzalcoatlina"
    make_participant(make_cast(), canary)
    with superuser(SERVICES) as cursor:
        cursor.execute("CHECKPOINT")
    places = Places.of(SERVICES.home)
    study = "The wrist study"
    folders = [str(places.cluster), str(places.home)]
    assert _files_with(study, folders), "a word that is not secret must be found by the same search"
    assert _files_with(canary, folders) == []


def _files_with(word: str, folders: list[str]) -> list[str]:
    found = subprocess.run(["grep", "-rlia", word, *folders], capture_output=True, text=True, check=False)
    assert found.returncode in {0, 1}, found.stderr
    return found.stdout.splitlines()


def test_the_draw_does_not_follow_order_or_time(fresh_database: dict[str, str]) -> None:
    cast = make_cast()
    for name in ("Ann", "Bea", "Cat", "Dot", "Eve", "Fay", "Gil", "Hal", "Ida", "Joy"):
        make_participant(cast, name)
    drawn = list(Assignment.objects.order_by("position").values_list("is_test", flat=True))
    assert (len(drawn), sum(drawn)) == (10, 3)
    # Rows lie in the order people came; what tells test from training is the keyed order alone.
    lengths = set(Assignment.objects.values_list("stratum", flat=True))
    assert len(lengths) == 1

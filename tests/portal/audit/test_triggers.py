"""The database itself keeps the audit: nothing is written without an act, nothing written can be taken back."""

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from cohort.identity.models import Person
from portal.audit.context import act
from portal.audit.models import Act
from portal.audit.record import append_to_ledger
from portal.audit.sealer import seal
from portal.core.errors import OutsideAct
from portal.roles.actors import SETUP
from portal.sites.models import Site
from tests.cast import hands, make_cast, make_participant
from tests.database import rolls_back
from tests.services import SERVICES, superuser


def count_events(where: str = "true") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM audit_event WHERE {where}")
        return int(cursor.fetchone()[0])


def create() -> None:
    Site.objects.create(name="One", prefix="ONE")


def save_changed() -> None:
    create()
    site = Site.objects.get()
    site.name = "Two"
    site.save()


def save_unchanged() -> None:
    create()
    Site.objects.get().save()


def bulk_create() -> None:
    Site.objects.bulk_create([Site(name=name, prefix=name) for name in ("AA", "BB", "CC")])


def queryset_update() -> None:
    create()
    Site.objects.update(name="Two")


def bulk_update() -> None:
    bulk_create()
    sites = list(Site.objects.all())
    for site in sites:
        site.name += "!"
    Site.objects.bulk_update(sites, ["name"])


def executemany() -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO sites_site (name, prefix) VALUES (%s, %s)", [("AA", "AA"), ("BB", "BB")])


def raw_delete() -> None:
    create()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sites_site")


WAYS = [
    (create, 1),
    (save_changed, 2),
    (save_unchanged, 1),
    (bulk_create, 3),
    (queryset_update, 2),
    (bulk_update, 6),
    (executemany, 2),
    (raw_delete, 2),
]


@rolls_back
@pytest.mark.parametrize(("write", "n_events"), WAYS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_way_to_write_leaves_its_events(write, n_events: int) -> None:  # type: ignore[no-untyped-def]
    before = count_events("source = 'sites_site'")
    with hands(SETUP):
        write()
    assert count_events("source = 'sites_site'") - before == n_events


@rolls_back
def test_an_event_names_its_act_and_its_actor() -> None:
    with act(SETUP, "house.set_up", why="first day") as one:
        create()
    found = Act.objects.get(pk=one.pk)
    assert (found.actor, found.action, found.why) == ("system:setup", "house.set_up", "first day")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payload->'values'->>'prefix' FROM audit_event WHERE act_id = %s AND source = 'sites_site'", [one.pk]
        )
        assert cursor.fetchall() == [("ONE",)]


def test_a_write_outside_an_act_is_refused_by_the_database(fresh_database: dict[str, str]) -> None:
    with pytest.raises(DatabaseError, match=r"a write to public\.sites_site was tried outside an act"):
        create()
    assert not Site.objects.exists()


def test_an_act_ends_with_its_transaction(fresh_database: dict[str, str]) -> None:
    with hands(SETUP):
        create()
    with pytest.raises(DatabaseError, match="outside an act"):
        Site.objects.update(name="Two")


@rolls_back
def test_an_unknown_action_is_a_slip() -> None:
    with pytest.raises(KeyError, match=r"'site\.eat' is not an action"), act(SETUP, "site.eat"):
        pass


def test_the_ledger_is_not_written_outside_a_transaction(fresh_database: dict[str, str]) -> None:
    with pytest.raises(OutsideAct, match="inside a transaction only"):
        append_to_ledger("test", {})


UNCHANGED = {"audit_ledgerentry": "hash = hash", "audit_event": "at = at"}
KEPT = ["audit_event", "audit_act", "audit_ledgerentry", "audit_batch", "audit_era"]


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET id = id"])
def test_the_pages_may_not_take_back_what_is_kept(fresh_database: dict[str, str], table: str, change: str) -> None:
    with hands(SETUP):
        create()
    change = change.replace("id = id", UNCHANGED.get(table, "id = id"))
    with pytest.raises(DatabaseError, match=r"permission denied|append-only"), connection.cursor() as cursor:
        cursor.execute(change.format(table))


@rolls_back
def test_names_stay_inside_the_identity_schema() -> None:
    cast = make_cast()
    participant = make_participant(cast, "Rosalind")
    assert Person.objects.filter(participant_id=participant.pk).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event WHERE payload::text ILIKE '%%rosalind%%'")
        assert cursor.fetchone()[0] == 0
    for zone in ("identity", "outcome", "vault"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(f"SELECT count(*) FROM {zone}.audit_event")


@rolls_back
def test_even_the_roles_of_closed_schemas_may_not_read_their_audit() -> None:
    for alias, zone in (("identity", "identity"), ("clinical", "outcome"), ("allocation", "vault")):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(using=alias):
            connections[alias].cursor().execute(f"SELECT payload FROM {zone}.audit_event")


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET id = id"])
def test_not_even_the_superuser_takes_back_what_is_kept_by_plain_sql(
    fresh_database: dict[str, str], table: str, change: str
) -> None:
    make_participant(make_cast())
    seal()
    database = fresh_database["DATABASE_URL"].split("/")[-1].split("?")[0]
    change = change.replace("id = id", UNCHANGED.get(table, "id = id"))
    with superuser(SERVICES, database) as cursor, pytest.raises(psycopg.DatabaseError, match="append-only"):
        cursor.execute(change.format(table))

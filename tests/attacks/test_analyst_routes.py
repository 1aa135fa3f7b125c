"""An analyst, the PI and an auditor go through every address and meet no label of a test participant before the reveal.

What must be out of reach is first shown to be there: for the assessor, and for the database's owner.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings as live_settings
from django.urls import NoReverseMatch, reverse
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from cohort.participants.models import Visit
from portal.embedded.environment import variable_of
from portal.roles.actors import Actor
from tests.cohort.crf.builders import FXH, enter
from tests.cohort.pages import look_as, read
from tests.contracts.routes import HOUSE, LISTS, PIECES, ROUTES, WRITES
from tests.contracts.test_marks import body_of
from tests.contracts.world import CANARY, World, home_of, make_world, reveal
from tests.database import committed_database
from tests.services import SERVICES, superuser

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def locked(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Both studies, their evaluations locked."""
    folder = tmp_path_factory.mktemp("locked")
    folder.parent.chmod(0o711)
    with django_db_blocker.unblock(), committed_database() as environment, home_of(live_settings, folder):
        yield make_world(environment, folder)


def test_an_analyst_meets_no_label_before_the_reveal_and_the_numbers_after_it(
    locked: World, settings: pytest.FixtureRequest
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    side = locked.simulated
    assert side.canary_of is not None
    assert CANARY in read(look_as(locked.assessor).get(address_of_canary(locked)))
    assert {str(pk) for pk in side.stage.test_people()} == sealed_people(locked)
    secrets = [CANARY, *(str(pk) for pk in side.stage.test_people())]
    n_seen = walk(locked, side.stage.cast.ana, secrets)
    assert n_seen > 20, "the analyst saw next to nothing: nothing was proved"
    for role in ("tb_web", "tb_worker"):
        assert search_database(locked, role, CANARY) == []
    assert "outcome.record" in search_database(locked, "tb_clinical", CANARY), "where it is, it is found"
    report = reverse("report", args=[side.stage.evaluation_pk])
    assert look_as(side.stage.cast.ana).get(report).status_code == 404
    reveal(locked)
    assert look_as(side.stage.cast.ana).get(report).status_code == 200
    assert walk(locked, side.stage.cast.ana, [CANARY]) >= n_seen, "even then no form of anybody"
    assert labels_for_custodians(locked) == len(side.stage.test_people())


def address_of_canary(world: World) -> str:
    """Return the page on which an assessor reads the planted words."""
    participant = world.simulated.canary_of
    assert participant is not None
    visit = Visit.objects.get(participant=participant, code="BL")
    return reverse("record", args=[participant.code, visit.code, "fxh", 1])


@pytest.mark.parametrize(("who", "number"), [("pi", 2), ("auditor", 3)])
def test_whoever_oversees_meets_no_outcome_and_cannot_count_them(
    locked: World, who: str, number: int, settings: pytest.FixtureRequest
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    stage = locked.simulated.stage
    overseer, manager = {"pi": stage.cast.paula, "auditor": stage.auditor}[who], stage.cast.dan
    assert CANARY in read(look_as(locked.assessor).get(address_of_canary(locked)))
    assert walk(locked, overseer, [CANARY]) > 20, "next to nothing was seen: nothing was proved"
    tell_of_another_fracture(locked, number)
    acts = acts_on_outcomes(locked)
    assert acts <= listed_acts(manager), "somebody is told of them"
    assert len(acts) >= len(FXH), "question by question, as the page saves them"
    listed = listed_acts(overseer)
    assert len(listed) > 20
    assert not acts & listed
    browser = look_as(overseer)
    assert {browser.get(reverse("act", args=[pk])).status_code for pk in acts} == {404}


def tell_of_another_fracture(world: World, number: int) -> None:
    """Let the nurse enter one more past fracture of a test participant, as her page does."""
    visit = Visit.objects.select_related("participant__site", "participant__study").get(
        participant=world.simulated.canary_of, code="BL"
    )
    for version, (question, answer) in enumerate(FXH.items()):
        enter(world.simulated.stage.cast.nora, visit, "fxh", {question: answer}, number, version)


def acts_on_outcomes(world: World) -> set[str]:
    """Return the acts by which a form was filled in that touched the closed schema: read by the owner alone."""
    database = world.simulated.stage.environment["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        rows = cursor.execute(
            "SELECT DISTINCT act_id FROM outcome.audit_event JOIN audit_act ON audit_act.id = act_id "
            "WHERE source = 'record' AND action LIKE 'record.%'"
        )
        return {str(row[0]) for row in rows.fetchall()}


def listed_acts(actor: Actor) -> set[str]:
    """Return every act that somebody finds in the audit, from its first page to its last."""
    browser, found, number = look_as(actor), set(), 0
    while True:
        number += 1
        page = read(browser.get(reverse("audit"), {"page": number}))
        new = set(re.findall(r"/audit/acts/([0-9a-f-]{36})/", page))
        if new <= found:  # beyond the last page the last one is shown again
            return found
        found |= new


def walk(world: World, actor: Actor, secrets: list[str]) -> int:
    """Visit every address as somebody; fail on a secret; return how many pages were shown."""
    n_shown = 0
    browser = look_as(actor)
    for name, address in list(all_addresses(world)):
        response = browser.get(address)
        found = [one for one in secrets if one.encode() in body_of(response)]
        assert not found, f"{name} tells {actor.name}: {found[0]}"
        n_shown += response.status_code == 200
    return n_shown


def all_addresses(world: World) -> Iterator[tuple[str, str]]:
    """Yield every address, with what each side has to fill it; the canary's own pages among them."""
    for name, route in ROUTES.items():
        for side in (one for one in world.sides if one.origin in route.sides):
            yield name, route.address(name, side)
    for name in (*LISTS, *HOUSE, *PIECES, *WRITES):
        for args in ways_to_fill(world):
            try:
                yield name, reverse(name, args=args)
            except NoReverseMatch:
                continue
    yield "record", address_of_canary(world)
    participant = world.simulated.canary_of
    assert participant is not None
    yield "api-records", f"{reverse('api-records')}?participant={participant.code}&visit=BL&form=fxh&number=1"


def ways_to_fill(world: World) -> list[list[object]]:
    """Return what an address may be filled with."""
    side = world.simulated
    assert side.canary_of is not None
    code, evaluation = side.canary_of.code, side.stage.evaluation_pk
    keys = [one.pk for one in (side.snapshot, side.run, side.model, side.series, side.upload, side.query) if one]
    visit = [code, "BL"]
    return [
        [],
        [code],
        [side.study.code],
        visit,
        [*visit, "fxh"],
        [*visit, "fxh", 1],
        *([key] for key in (*keys, evaluation, side.job.pk)),
        [evaluation, "seal"],
    ]


def sealed_people(world: World) -> set[str]:
    """Return who has a sealed label in the evaluation: read by the database's owner alone."""
    database = world.simulated.stage.environment["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        rows = cursor.execute(
            "SELECT participant_id FROM vault.sealed_label WHERE evaluation_id = %s",
            [world.simulated.stage.evaluation_pk],
        )
        return {str(row[0]) for row in rows.fetchall()}


def search_database(world: World, role: str, words: str) -> list[str]:
    """Return the tables in which a role of the database finds these words."""
    found = []
    with psycopg.connect(world.simulated.stage.environment[variable_of(role)], autocommit=True) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname IN ('public', 'outcome', 'vault', 'identity') "
            "AND has_schema_privilege(schemaname, 'USAGE') "
            "AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
        ).fetchall()
        assert tables
        for schema, table in tables:
            ask = sql.SQL("SELECT count(*) FROM {} one WHERE one::text LIKE %s").format(sql.Identifier(schema, table))
            row = connection.execute(ask, [f"%{words}%"]).fetchone()
            if row is not None and row[0]:
                found.append(f"{schema}.{table}")
    return found


def labels_for_custodians(world: World) -> int:
    """Return how many labels the restricted file of the revealed evaluation holds, for a custodian."""
    side = world.simulated
    response = look_as(side.stage.cast.carl).post(reverse("evaluation-restricted", args=[side.stage.evaluation_pk]))
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(body_of(response))) as bundle:
        name = next(one for one in bundle.namelist() if one.endswith("labels.csv"))
        return len(list(csv.DictReader(io.StringIO(bundle.read(name).decode()))))

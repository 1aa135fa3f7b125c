"""That something was entered can be the label: whoever may not see outcomes cannot count them in the audit."""

import pytest
from django.test import Client
from django.urls import reverse

from cohort.quality.services import raise_query
from portal.audit.models import Act
from portal.audit.record import record_read
from portal.roles.actors import Actor
from portal.roles.models import Role
from tests.cast import LONG_AGO, Cast, act_as, hands, make_participant
from tests.cohort.crf.builders import FXH, begin, enter
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def _without_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def type_in(cast: Cast, name: str, answers: dict[str, object]) -> str:
    """Enrol somebody and answer about past fractures one question at a time, as the page saves them."""
    visit = begin(cast, make_participant(cast, name))
    for version, (question, answer) in enumerate(answers.items()):
        enter(cast.nora, visit, "fxh", {question: answer}, version=version)
        record_read(cast.nora, "outcome", visit.participant.code)
    return visit.participant.code


def count_lines(browser: Client, code: str) -> tuple[int, int, int]:
    """Return how often the acts, the looks and the participant's own page speak of entering something."""
    own = browser.get(reverse("participant", args=[code]))
    return (
        words(browser.get(reverse("audit"), {"subject": code})).count(f"| {code} |"),
        words(browser.get(reverse("audit-reads"))).count(f"| {code} |"),
        words(own).count("Filled in a form") if own.status_code == 200 else 0,
    )


def make_overseer(cast: Cast, who: str) -> Actor:
    """Return one of the two who oversee and may not see an outcome."""
    return cast.paula if who == "pi" else act_as("Otto Auditor", Role.AUDITOR)


@pytest.mark.parametrize("who", ["pi", "auditor"])
def test_past_fractures_cannot_be_counted_in_the_audit(cast: Cast, who: str):
    broken = type_in(cast, "Ann", FXH)
    whole = type_in(cast, "Bea", {"fxh_any": "0"})
    manager, overseer = look_as(cast.dan), look_as(make_overseer(cast, who))
    assert all(more > fewer for more, fewer in zip(count_lines(manager, broken), (0, 0, 0), strict=True))
    assert count_lines(manager, broken) > count_lines(manager, whole), "what must not be told is there"
    assert count_lines(overseer, broken) == count_lines(overseer, whole)
    assert count_lines(overseer, whole)[0] > 0, "other acts are still told"
    acts = list(Act.objects.filter(action="record.enter"))
    assert len(acts) == len(FXH) + 1
    assert {manager.get(reverse("act", args=[one.pk])).status_code for one in acts} == {200}
    assert {overseer.get(reverse("act", args=[one.pk])).status_code for one in acts} == {404}


@pytest.mark.parametrize("who", ["pi", "auditor"])
def test_that_a_form_was_asked_about_is_told_only_where_queries_may_be_seen(cast: Cast, who: str):
    visit = begin(cast)
    enter(cast.nora, visit, "fxh", FXH)
    raise_query(actor=cast.dan, visit=visit, form="fxh", variable="fxh_date", text="which year?")
    page = reverse("act", args=[Act.objects.get(action="query.raise").pk])
    assert look_as(cast.mona).get(page).status_code == 200
    assert look_as(make_overseer(cast, who)).get(page).status_code == 404


@pytest.mark.parametrize(("site", "status"), [("exeter", 200), ("plymouth", 404)])
def test_an_auditor_who_is_an_assessor_too_is_told_of_the_own_site_alone(cast: Cast, site: str, status: int):
    code = type_in(cast, "Ann", {"fxh_any": "0"})
    both = make_auditor_and_assessor(cast, site)
    page = reverse("act", args=[Act.objects.get(action="record.enter").pk])
    assert look_as(both).get(page).status_code == status
    assert (code in words(look_as(both).get(reverse("audit-reads")))) is (status == 200)


def make_auditor_and_assessor(cast: Cast, site: str) -> Actor:
    """Return an auditor of every site who is an assessor at one."""
    auditor = act_as("Odd Both", Role.AUDITOR)
    with hands(cast.adam):
        cast.user(auditor).memberships.create(role=Role.ASSESSOR, site=getattr(cast, site), starts_on=LONG_AGO)
    return auditor


@pytest.mark.parametrize(("who", "is_told"), [("mona", True), ("paula", False)])
def test_how_much_is_sealed_of_outcomes_is_told_only_where_outcomes_are(cast: Cast, who: str, is_told: bool):
    page = words(look_as(getattr(cast, who)).get(reverse("audit-proof")))
    assert "Sealed events, zone “open”" in page
    assert ("Sealed events, zone “outcome”" in page) is is_told

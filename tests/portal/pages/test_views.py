"""Home, the choice of colours, the sign that somebody is there."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.pages.context import make_person_key
from tests.cast import Cast, let_in, make_user
from tests.database import rolls_back
from tests.portal.pages.builders import make_actor

pytestmark = [rolls_back, pytest.mark.usefixtures("_no_second_factor")]


@pytest.fixture
def _no_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]


@pytest.mark.usefixtures("cast")
def test_home_sends_a_stranger_to_sign_in(client: Client):
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_home_greets_and_says_what_waits(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    page = client.get("/").content.decode()
    assert "Hello, Nora" in page
    assert "Waiting for you" in page
    assert "Research nurse" in page


def test_the_mark_of_a_simulated_study_is_on_the_page(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    assert "<strong>SIMULATED</strong>" in client.get("/").content.decode()


def test_somebody_without_a_role_is_told_whom_to_ask(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    assert "You hold no role today" not in client.get("/").content.decode()
    let_in(client, make_user("Nobody Yet"))
    assert "You hold no role today" in client.get("/").content.decode()


def test_every_page_says_that_it_is_no_medical_device(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    assert "Research use. Not a medical device." in client.get("/").content.decode()


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_a_choice_of_colours_is_remembered_and_leads_back(client: Client, theme: str):
    answer = client.post(reverse("theme"), {"theme": theme, "next": "/health/live"})
    assert answer["Location"] == "/health/live"
    assert client.cookies["theme"].value == theme


def test_the_remembered_colours_are_there_at_the_first_paint(client: Client, settings: pytest.FixtureRequest):
    settings.DEMO = True  # type: ignore[attr-defined]
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get(reverse("patterns")).content.decode()


def test_colours_nobody_knows_are_refused(client: Client):
    assert client.post(reverse("theme"), {"theme": "pink"}).status_code == 400


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(client: Client, elsewhere: str):
    assert client.post(reverse("theme"), {"theme": "dark", "next": elsewhere})["Location"] == "/"


def test_a_choice_is_a_post(client: Client):
    assert client.get(reverse("theme")).status_code == 405


def test_being_there_counts_for_somebody_signed_in_alone(client: Client, cast: Cast):
    assert client.post(reverse("still-here")).status_code == 401
    let_in(client, cast.user(cast.nora))
    assert client.post(reverse("still-here")).status_code == 204


def test_a_study_can_be_taken_in_hand(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    assert client.post(reverse("choose-study"), {"study": cast.study.code}).status_code == 302
    assert client.session["study"] == cast.study.code


def test_a_study_one_has_no_part_in_is_not_there(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    assert client.post(reverse("choose-study"), {"study": "elsewhere"}).status_code == 404
    assert "study" not in client.session


def test_the_key_of_a_persons_drafts_is_steady_and_tells_nothing():
    nora = make_actor("nurse")
    assert make_person_key(nora) == make_person_key(make_actor("pi", name="Nora Married"))
    assert str(nora.user_pk) not in make_person_key(nora)

"""The pages for who is not signed in: the link on paper, the first person, the demo."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from frontend.parts import Waiting
from portal.accounts.access import has_second_factor
from portal.accounts.demo import list_demo_people
from portal.accounts.models import Invitation, User
from portal.accounts.services import close_account, set_up_first_person
from portal.audit.models import Act
from portal.core.errors import WrongState
from portal.roles.actors import SETUP, Actor
from portal.roles.models import Role
from tests.cast import Cast, hands
from tests.database import rolls_back
from tests.portal.accounts.people import browser_of, code_of, invite, is_signed_in, without_tokens

TOKEN = "the-token-that-was-shown-where-it-was-started"
NEW = {"password": "another long passphrase", "again": "another long passphrase"}
FIRST = {"name": "First Person", "email": "first@example.org", "token": TOKEN, **NEW}


# --- the link on paper -------------------------------------------------------------------------------------------


@rolls_back
def test_from_the_paper_to_the_first_page(cast: Cast):
    link = invite(cast.adam, site=cast.exeter)
    client = Client()
    address = reverse("join", args=[link.token])
    page = client.get(address)
    assert "Welcome, Ines Invited" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert client.post(address, NEW)["Location"] == "/"
    assert is_signed_in(client)
    assert client.get("/")["Location"] == reverse("mfa_activate_totp")
    client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": code_of(client.session["mfa.totp.secret"])})
    ines = User.objects.get(email="ines@example.org")
    assert has_second_factor(ines)
    assert Act.objects.filter(action="account.join", actor=ines.key).count() == 1


@rolls_back
def test_used_ended_expired_and_unknown_links_are_the_same_404(cast: Cast):
    used, ended, closed = (invite(cast.adam, f"{word}@example.org") for word in ("used", "ended", "closed"))
    Client().post(reverse("join", args=[used.token]), NEW)
    with hands(cast.adam):
        Invitation.objects.filter(pk=ended.invitation.pk).update(ended_at=timezone.now())
    close_account(actor=cast.adam, user=closed.invitation.user, why="left")
    tokens = (used.token, ended.token, closed.token, "nothing-that-ever-was")
    pages = [Client().get(reverse("join", args=[token])) for token in tokens]
    assert {page.status_code for page in pages} == {404}
    assert len({without_tokens(page) for page in pages}) == 1


@rolls_back
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"password": "short", "again": "short"}, "too short"),
        ({**NEW, "again": "something else entirely"}, "The two are not the same"),
        ({"password": "ines@example.org", "again": "ines@example.org"}, "too similar"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_open(cast: Cast, typed: dict[str, str], words: str):
    link = invite(cast.adam)
    answer = Client().post(reverse("join", args=[link.token]), typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Client().get(reverse("join", args=[link.token])).status_code == 200


@rolls_back
def test_a_link_opened_in_somebody_else_s_browser_signs_them_out(cast: Cast, settings: pytest.FixtureRequest):
    settings.SECOND_FACTOR_REQUIRED = False
    link = invite(cast.adam)
    client = browser_of(cast.user(cast.adam))
    client.post(reverse("join", args=[link.token]), NEW)
    assert client.session["_auth_user_id"] == str(link.invitation.user_id)


# --- the first person --------------------------------------------------------------------------------------------


@rolls_back
def test_the_first_person_comes_in_by_the_token(settings: pytest.FixtureRequest):
    settings.SETUP_TOKEN = TOKEN
    client = Client()
    assert TOKEN in client.get(f"/first-run/?token={TOKEN}").content.decode()
    assert client.post("/first-run/", FIRST)["Location"] == "/people/"
    assert is_signed_in(client)
    assert client.get("/people/")["Location"] == reverse("mfa_activate_totp")


@rolls_back
@pytest.mark.parametrize("token", ["", "another token"])
def test_without_the_token_nobody_becomes_the_first_person(settings: pytest.FixtureRequest, token: str):
    settings.SETUP_TOKEN = TOKEN
    assert Client().get(f"/first-run/?token={token}").status_code == 403
    assert Client().post("/first-run/", {**FIRST, "token": token}).status_code == 403
    assert not User.objects.exists()


@rolls_back
def test_where_no_token_is_set_none_fits(settings: pytest.FixtureRequest):
    settings.SETUP_TOKEN = ""
    assert Client().post("/first-run/", {**FIRST, "token": ""}).status_code == 403


@rolls_back
def test_once_somebody_is_there_the_first_run_is_over(cast: Cast, settings: pytest.FixtureRequest):
    settings.SETUP_TOKEN = TOKEN
    assert Client().post("/first-run/", FIRST)["Location"] == "/"
    assert not User.objects.filter(email="first@example.org").exists()


def test_of_two_first_persons_at_once_one_wins(fresh_database: dict[str, str]):
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def begin(name: str) -> None:
        together.wait()
        try:
            set_up_first_person(actor=SETUP, email=f"{name}@example.org", name=name, password=NEW["password"])
            outcomes.append("won")
        except WrongState as error:
            outcomes.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin, args=[name]) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(word.split(":")[0] for word in outcomes) == ["the first person is there already", "won"]
    assert User.objects.count() == 1


# --- the demo ----------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(settings: pytest.FixtureRequest) -> None:
    settings.DEMO = True
    settings.SECOND_FACTOR_REQUIRED = False


@rolls_back
def test_outside_a_demo_nobody_can_be_somebody(cast: Cast):
    client = Client()
    assert client.get("/demo/sign-in/").status_code == 404
    assert client.post("/demo/sign-in/", {"person": str(cast.nora.user_pk)}).status_code == 404
    assert list_demo_people() == []
    assert not is_signed_in(client)


@rolls_back
@pytest.mark.usefixtures("demo")
def test_in_a_demo_the_sign_in_has_a_button_for_everybody(cast: Cast):
    page = Client().get("/people/", follow=True).content.decode()
    assert "Nora Nurse, research nurse in Exeter" in page
    assert page.count('name="person"') == User.objects.count()


@rolls_back
@pytest.mark.usefixtures("demo")
def test_a_button_signs_in_and_the_act_says_so(cast: Cast):
    client = Client()
    answer = client.post("/demo/sign-in/", {"person": str(cast.nora.user_pk), "next": "/account/"})
    assert answer["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    act = Act.objects.get(action="account.sign_in")
    assert (act.actor, act.why) == (cast.nora.label, "demo: by one button, without any proof")


@rolls_back
@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("key", ["", "nobody", "00000000-0000-4000-8000-000000000000"])
def test_nobody_else_is_there_to_be(cast: Cast, key: str):
    assert Client().post("/demo/sign-in/", {"person": key}).status_code == 404


@rolls_back
@pytest.mark.usefixtures("demo")
def test_in_a_demo_a_grave_act_asks_for_one_button(cast: Cast):
    client = browser_of(cast.user(cast.adam), fresh=False)
    asked = client.get("/people/invite/")["Location"]
    assert "Yes, it is me" in client.get(asked).content.decode()
    assert client.post("/account/again/", {"next": "/people/invite/"})["Location"] == "/people/invite/"
    assert client.get("/people/invite/").status_code == 200


@rolls_back
@pytest.mark.usefixtures("demo")
def test_the_demo_s_people_stand_in_the_order_of_the_roles_with_what_waits(cast: Cast):
    def list_waiting(actor: Actor) -> list[Waiting]:
        return [Waiting(3, "visits are due", "/")] if Role.NURSE in actor.roles else []

    people = list_demo_people(cast.adam.user_pk, list_waiting)
    assert [one.name for one in people[:2]] == ["Nell Nurse", "Nora Nurse"]
    assert people[0].waits == "3 things wait for you"
    assert people[-1].waits == "Nothing waits for you"
    assert [one.name for one in people if one.current] == ["Adam Admin"]


@rolls_back
def test_an_invitation_says_until_when_it_works(cast: Cast, settings: pytest.FixtureRequest):
    made = invite(cast.adam).invitation
    assert made.expires_at - made.created_at == timedelta(days=settings.INVITATION_DAYS)

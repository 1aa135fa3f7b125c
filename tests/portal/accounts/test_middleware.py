"""Who is not signed in, has no second factor or was away too long is led on; pieces and API are told in their way."""

import time

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.accounts.middleware import ALWAYS_OPEN
from portal.accounts.models import User
from tests.cast import Cast
from tests.database import rolls_back
from tests.portal.accounts.people import browser_of, give_factor, is_signed_in

pytestmark = rolls_back


@pytest.fixture
def password_is_enough(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def set_back(client: Client, **seconds: float) -> None:
    session = client.session
    for name, by in seconds.items():
        session[name] = time.time() - by
    session.save()


# --- stranger ----------------------------------------------------------------------------------------------------


def test_a_stranger_is_led_to_the_sign_in(cast: Cast):
    assert Client().get("/people/?page=2")["Location"] == "/account/sign-in/?next=%2Fpeople%2F%3Fpage%3D2"


def test_a_stranger_s_form_leads_back_to_the_page_it_was_typed_on(cast: Cast):
    answer = Client().post("/people/invite/", HTTP_REFERER="http://testserver/people/invite/?from=home")
    assert answer["Location"] == "/account/sign-in/?next=%2Fpeople%2Finvite%2F%3Ffrom%3Dhome"


def test_a_page_elsewhere_is_no_place_to_come_back_to(cast: Cast):
    answer = Client().post("/people/invite/", HTTP_REFERER="http://example.com/people/")
    assert answer["Location"] == "/account/sign-in/?next=%2F"


def test_a_piece_takes_its_whole_page_to_the_sign_in(cast: Cast):
    answer = Client().get(
        "/people/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/studies/wrist/"}
    )
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/account/sign-in/?next=%2Fstudies%2Fwrist%2F"


def test_the_api_says_401(cast: Cast):
    answer = Client().get("/api/people/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Sign in first."})


def test_nothing_answers_a_stranger_but_what_is_meant_to(cast: Cast):
    meant = ALWAYS_OPEN | {
        "account_login",
        "account_logout",
        "account_inactive",
        "mfa_authenticate",
        "first-run",
        "demo-sign-in",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
    }
    client, closed = Client(), 0
    for name in list_names_without_arguments():
        answer = client.get(reverse(name))
        if name in meant:
            continue
        led_away = answer.status_code == 302 and answer["Location"].startswith("/account/sign-in/")
        assert led_away or answer.status_code == 401, name
        closed += 1
    assert closed > 5


def list_names_without_arguments() -> list[str]:
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif pattern.name:
                found.append(pattern.name)

    walk(get_resolver().url_patterns)
    return sorted({name for name in found if is_reversible(name)})


def is_reversible(name: str) -> bool:
    return any(
        not arguments for possibility in get_resolver().reverse_dict.getlist(name) for _, arguments in possibility[0]
    )


# --- first run ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/people/", "/account/sign-in/", "/demo/sign-in/"])
def test_while_nobody_is_there_every_page_leads_to_the_first_run(address: str):
    assert not User.objects.exists()
    assert Client().get(address)["Location"] == "/first-run/"


def test_health_is_told_even_while_nobody_is_there():
    assert Client().get("/health/live").status_code == 200


# --- second factor -----------------------------------------------------------------------------------------------


def test_without_a_second_factor_one_can_only_set_it_up(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    for address in ("/", "/people/", "/account/", "/people/invite/"):
        assert client.get(address)["Location"] == reverse("mfa_activate_totp"), address
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    assert client.get("/api/people/").status_code == 403
    assert client.get("/people/", headers={"HX-Request": "true"})["HX-Redirect"] == reverse("mfa_activate_totp")


def test_with_a_second_factor_every_page_is_as_usual(cast: Cast):
    adam = cast.user(cast.adam)
    give_factor(adam)
    assert browser_of(adam).get("/people/").status_code == 200


def test_the_second_factor_can_be_switched_off_by_setting(cast: Cast, settings: pytest.FixtureRequest):
    client = browser_of(cast.user(cast.adam))
    assert client.get("/people/").status_code == 302
    settings.SECOND_FACTOR_REQUIRED = False
    assert client.get("/people/").status_code == 200


# --- how long ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("password_is_enough")
@pytest.mark.parametrize(("idle", "stays"), [(1799, True), (1800 + 31, False)])
def test_who_is_idle_too_long_is_signed_out_by_the_server(cast: Cast, idle: int, stays: bool):
    client = browser_of(cast.user(cast.adam))
    client.get("/people/")
    set_back(client, seen_at=idle)
    answer = client.get("/people/")
    assert (answer.status_code == 200) is stays
    assert is_signed_in(client) is stays


@pytest.mark.usefixtures("password_is_enough")
def test_the_sign_in_page_says_why_one_is_there(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    client.get("/people/")
    set_back(client, seen_at=4000)
    page = client.get("/people/", follow=True).content.decode()
    assert "You were signed out because nothing was done for 30 minutes." in page


@pytest.mark.usefixtures("password_is_enough")
def test_a_session_ends_twelve_hours_after_the_sign_in_however_busy(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    client.get("/people/")
    set_back(client, signed_in_at=43_200 - 5, seen_at=60)
    assert client.get("/people/").status_code == 200
    set_back(client, signed_in_at=43_200 + 5, seen_at=60)
    assert client.get("/people/").status_code == 302
    assert not is_signed_in(client)


@pytest.mark.usefixtures("password_is_enough")
def test_what_one_does_keeps_one_signed_in(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    client.get("/people/")
    set_back(client, seen_at=1700)
    client.get("/people/")
    assert time.time() - client.session["seen_at"] < 60


@pytest.mark.usefixtures("password_is_enough")
def test_what_a_page_does_by_itself_keeps_nobody_signed_in(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    client.get("/people/")
    set_back(client, seen_at=1700)
    assert client.get("/people/", headers={"X-Background": "1"}).status_code == 200
    assert time.time() - client.session["seen_at"] > 1600


@pytest.mark.usefixtures("password_is_enough")
def test_a_stay_is_not_written_at_every_step(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    client.get("/people/")
    seen_at = client.session["seen_at"]
    client.get("/people/")
    assert client.session["seen_at"] == seen_at


@pytest.mark.usefixtures("password_is_enough")
def test_an_ended_session_s_api_call_is_a_401(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    assert client.get("/api/people/").status_code == 200
    set_back(client, seen_at=4000)
    assert client.get("/api/people/").status_code == 401

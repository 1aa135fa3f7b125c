"""Five wrong passwords for one address from one place lock that pair, for everybody and in every process."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.test import Client, RequestFactory
from django.utils import timezone

from portal.accounts.lockout import client_address, name_tried
from tests.cast import PASSWORD, Cast, make_user
from tests.database import rolls_back
from tests.portal.accounts.people import is_signed_in, type_password

ROOT = Path(__file__).resolve().parents[3]
NORA = "nora@example.org"


@pytest.fixture(autouse=True)
def _password_is_enough(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def fail(n: int, email: str = NORA, **more: str) -> list[int]:
    return [type_password(Client(**more), email, "not the passphrase").status_code for _ in range(n)]


@rolls_back
def test_the_fifth_wrong_password_locks(cast: Cast):
    assert fail(5) == [422, 422, 422, 422, 429]


@rolls_back
def test_a_right_password_is_refused_while_locked(cast: Cast):
    fail(5)
    client = Client()
    answer = type_password(client, NORA)
    assert answer.status_code == 429
    assert not is_signed_in(client)


@rolls_back
def test_after_four_wrong_passwords_the_right_one_opens(cast: Cast):
    fail(4)
    client = Client()
    type_password(client, NORA)
    assert is_signed_in(client)


@rolls_back
def test_the_page_says_when_it_opens_again(cast: Cast):
    fail(5)
    failed_at = AccessAttempt.objects.get().attempt_time
    opens_at = timezone.localtime(failed_at + timedelta(hours=django_settings.AXES_COOLOFF_TIME))
    page = type_password(Client(), NORA).content.decode()
    assert f"opens again at {opens_at:%H:%M}" in page


@rolls_back
def test_trying_on_does_not_make_it_longer(cast: Cast):
    fail(5)
    first = AccessAttempt.objects.get().attempt_time
    fail(3)
    assert AccessAttempt.objects.get().attempt_time == first


@rolls_back
def test_it_opens_after_the_time_that_was_said(cast: Cast):
    fail(5)
    AccessAttempt.objects.update(
        attempt_time=timezone.now() - timedelta(hours=django_settings.AXES_COOLOFF_TIME, seconds=1)
    )
    client = Client()
    type_password(client, NORA)
    assert is_signed_in(client)


@rolls_back
def test_an_unknown_address_is_locked_in_the_same_way(cast: Cast):
    assert fail(5, "nemo@example.org") == [422, 422, 422, 422, 429]


@rolls_back
def test_another_spelling_of_the_address_counts_with_it(cast: Cast):
    assert fail(4) == [422] * 4
    assert fail(1, "NORA@Example.org") == [429]


@rolls_back
def test_somebody_far_away_locks_nobody_here(cast: Cast):
    assert fail(5, REMOTE_ADDR="203.0.113.9")[-1] == 429
    client = Client(REMOTE_ADDR="198.51.100.7")
    type_password(client, NORA)
    assert is_signed_in(client)


@rolls_back
def test_others_at_the_same_place_are_not_locked(cast: Cast):
    fail(5)
    client = Client()
    type_password(client, "nell@example.org")
    assert is_signed_in(client)


@rolls_back
def test_no_password_and_no_address_is_kept_from_a_failed_sign_in(cast: Cast):
    type_password(Client(), NORA, "a secret slip of the tongue")
    kept = AccessAttempt.objects.values_list("post_data", "get_data").get()
    assert "password" in kept[0]
    assert "secret slip" not in str(kept)
    assert NORA not in str(kept)


@pytest.mark.parametrize(
    ("remote", "place"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("", "127.0.0.1")],
)
def test_a_place_is_an_address_or_a_network_of_ipv6(remote: str, place: str):
    assert client_address(RequestFactory(REMOTE_ADDR=remote).get("/")) == place


def test_the_name_tried_is_found_in_whichever_way_it_comes():
    request = RequestFactory().post("/", {"login": " Nora@Example.org "})
    assert name_tried(request) == NORA
    assert name_tried(request, {"email": "X@Y.org"}) == "x@y.org"
    assert name_tried(request, {"login": "Z@Y.org"}) == "z@y.org"


SIGN_IN_ELSEWHERE = """
import sys
from django.test import Client
client = Client(SERVER_NAME="localhost")
login, password = sys.stdin.read().splitlines()
answer = client.post("/account/sign-in/", {"login": login, "password": password})
sys.stdout.write(f"{answer.status_code} {'_auth_user_id' in client.session}")
"""


@pytest.mark.parametrize(("n_wrong", "found"), [(4, "302 True"), (5, "429 False")])
def test_another_process_knows_of_the_lock(
    fresh_database: dict[str, str], settings: pytest.FixtureRequest, n_wrong: int, found: str
):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    make_user("Nora Nurse")
    fail(n_wrong)
    environment = {**os.environ, **fresh_database, "SECOND_FACTOR_REQUIRED": "0"}
    answer = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SIGN_IN_ELSEWHERE],
        cwd=ROOT,
        env=environment,
        input=f"{NORA}\n{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.endswith(found), answer.stderr[-2000:]

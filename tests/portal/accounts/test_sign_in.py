"""Sign-in by password and code, signing in again, and one's own second factor, through the real pages."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import NoReverseMatch, reverse

from portal.accounts.models import User
from portal.accounts.services import close_account, reset_factor
from portal.audit.models import Act
from tests.cast import PASSWORD, Cast, hands
from tests.database import rolls_back
from tests.portal.accounts.people import (
    browser_of,
    code_of,
    give_factor,
    is_signed_in,
    leaves_one,
    type_password,
    without_tokens,
)

pytestmark = rolls_back
NORA = "nora@example.org"


@pytest.fixture
def password_is_enough(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


# --- password ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("password_is_enough")
def test_a_right_password_signs_in_and_is_one_act_of_its_owner(cast: Cast):
    client = Client()
    with leaves_one("account.sign_in"):
        assert type_password(client, NORA)["Location"] == "/"
    assert is_signed_in(client)
    act = Act.objects.get(action="account.sign_in")
    assert (act.actor, act.subject) == (cast.nora.label, cast.nora.label)
    assert cast.user(cast.nora).last_login is not None


@pytest.mark.usefixtures("password_is_enough")
def test_one_comes_back_to_where_one_was(cast: Cast):
    client = Client()
    sent_to = client.get("/people/")["Location"]
    assert sent_to == "/account/sign-in/?next=%2Fpeople%2F"
    assert type_password(client, NORA, next="/people/")["Location"] == "/people/"


@pytest.mark.usefixtures("password_is_enough")
def test_nobody_is_sent_to_another_house(cast: Cast):
    assert type_password(Client(), NORA, next="https://example.com/")["Location"] == "/"


def test_a_wrong_password_is_refused(cast: Cast):
    client = Client()
    answer = type_password(client, NORA, "not the passphrase")
    assert answer.status_code == 422
    assert "E-mail address or password is wrong" in answer.content.decode()
    assert not is_signed_in(client)


def test_the_answer_is_the_same_whether_the_account_exists(cast: Cast):
    answers = [type_password(Client(), email, "not the passphrase") for email in (NORA, "nemo@example.org")]
    assert answers[0].status_code == answers[1].status_code == 422
    assert without_tokens(answers[0], NORA) == without_tokens(answers[1], "nemo@example.org")


def test_a_closed_account_cannot_sign_in(cast: Cast):
    close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")
    client = Client()
    assert type_password(client, NORA).status_code == 422
    assert not is_signed_in(client)


@pytest.mark.usefixtures("password_is_enough")
def test_whoever_has_a_link_waiting_comes_in_by_it_alone(cast: Cast):
    nora = cast.user(cast.nora)
    reset_factor(actor=cast.adam, user=nora, why="telephone lost")
    client = Client()
    # Even a password that came back in some other way opens nothing.
    nora = cast.user(cast.nora)
    with hands(cast.adam):
        nora.set_password(PASSWORD)
        nora.save()
    answer = type_password(client, NORA)
    assert answer["Location"] == reverse("account_login")
    assert "waits for its link" in client.get(answer["Location"]).content.decode()
    assert not is_signed_in(client)


@pytest.mark.usefixtures("password_is_enough")
def test_an_old_hash_is_renewed_at_sign_in(cast: Cast, settings: pytest.FixtureRequest):
    before = cast.user(cast.nora).password
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    assert before.startswith("md5$")
    client = Client()
    type_password(client, NORA)
    assert is_signed_in(client)
    assert cast.user(cast.nora).password.startswith("pbkdf2_sha256$")


# --- second factor -----------------------------------------------------------------------------------------------


def test_with_a_second_factor_the_password_alone_opens_nothing(cast: Cast):
    key = give_factor(cast.user(cast.nora))
    client = Client()
    assert type_password(client, NORA)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    with leaves_one("account.sign_in"):
        client.post(reverse("mfa_authenticate"), {"code": code_of(key)})
    assert is_signed_in(client)


def test_a_wrong_code_is_refused(cast: Cast):
    give_factor(cast.user(cast.nora))
    client = Client()
    type_password(client, NORA)
    answer = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "This code is not right" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_code_is_good_once(cast: Cast):
    key = give_factor(cast.user(cast.nora))
    first, second = Client(), Client()
    code = code_of(key)
    for client in (first, second):
        type_password(client, NORA)
        client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_a_recovery_code_is_good_once_and_using_it_is_an_act(cast: Cast):
    nora = cast.user(cast.nora)
    give_factor(nora)
    code = Authenticator.objects.get(user=nora, type="recovery_codes").wrap().get_unused_codes()[0]
    first, second = Client(), Client()
    for client in (first, second):
        type_password(client, NORA)
        client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)
    assert Act.objects.filter(why="a code was checked", actor=cast.nora.label).count() == 2


def test_after_five_wrong_codes_the_right_one_is_refused_too(cast: Cast):
    key = give_factor(cast.user(cast.nora))
    client = Client()
    type_password(client, NORA)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": code_of(key)})
    assert "Too many wrong codes" in answer.content.decode()
    assert not is_signed_in(client)


def test_the_key_of_a_factor_lies_sealed_in_the_database(cast: Cast):
    nora = cast.user(cast.nora)
    key = give_factor(nora)
    row = Authenticator.objects.get(user=nora, type="totp")
    assert key not in str(row.data)
    assert row.wrap().validate_code(code_of(key))


def test_a_factor_opens_under_a_replaced_secret_key_that_is_still_named(cast: Cast, settings: pytest.FixtureRequest):
    nora = cast.user(cast.nora)
    key = give_factor(nora)
    row = Authenticator.objects.get(user=nora, type="totp")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "k" * 50
    with pytest.raises(ValueError, match="is not in SECRET_KEY_FALLBACKS"):
        row.wrap().validate_code(code_of(key))
    settings.SECRET_KEY_FALLBACKS = [old]
    assert row.wrap().validate_code(code_of(key))


def test_setting_up_a_factor_through_the_pages(cast: Cast):
    client = browser_of(cast.user(cast.nora))
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    assert "data:image/svg+xml;base64," in page
    key = client.session["mfa.totp.secret"]
    assert key in page
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(key)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    codes = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    shown = Authenticator.objects.get(user=cast.nora.user_pk, type="recovery_codes").wrap().get_unused_codes()
    assert len(shown) == 10
    assert all(code in codes for code in shown)
    assert client.get("/account/").status_code == 200


def test_a_new_telephone_replaces_the_old_one(cast: Cast):
    nora = cast.user(cast.nora)
    give_factor(nora)
    client = browser_of(nora)
    answer = client.post(reverse("mfa_deactivate_totp"))
    assert answer["Location"] == reverse("mfa_activate_totp")
    assert not Authenticator.objects.filter(user=nora).exists()
    assert client.get("/account/")["Location"] == reverse("mfa_activate_totp")


def test_one_s_own_factor_wants_a_fresh_sign_in(cast: Cast):
    nora = cast.user(cast.nora)
    give_factor(nora)
    client = browser_of(nora, fresh=False)
    answer = client.get(reverse("mfa_view_recovery_codes"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    answer = client.post(answer["Location"], {"password": PASSWORD})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(answer["Location"]).status_code == 200


def test_new_recovery_codes_end_the_old_ones(cast: Cast):
    nora = cast.user(cast.nora)
    give_factor(nora)
    old = Authenticator.objects.get(user=nora, type="recovery_codes").wrap().get_unused_codes()
    browser_of(nora).post(reverse("mfa_generate_recovery_codes"))
    new = Authenticator.objects.get(user=nora, type="recovery_codes").wrap().get_unused_codes()
    assert len(new) == 10
    assert not set(old) & set(new)


# --- one's own account -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("password_is_enough")
def test_changing_the_password_signs_out_everywhere_else(cast: Cast):
    nora = cast.user(cast.nora)
    here, elsewhere = browser_of(nora), browser_of(nora)
    assert elsewhere.get("/account/").status_code == 200
    new = "another long passphrase"
    answer = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer["Location"] == "/account/"
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert User.objects.get(pk=nora.pk).check_password(new)


@pytest.mark.usefixtures("password_is_enough")
def test_a_weak_password_is_refused(cast: Cast):
    client = browser_of(cast.user(cast.nora))
    new = "password1234"
    answer = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert "too common" in answer.content.decode()
    assert cast.user(cast.nora).check_password(PASSWORD)


@pytest.mark.usefixtures("password_is_enough")
def test_signing_in_again_leads_back(cast: Cast):
    client = browser_of(cast.user(cast.adam), fresh=False)
    asked = client.get(reverse("person-invite"))["Location"]
    assert asked == f"{reverse('account_reauthenticate')}?next=%2Fpeople%2Finvite%2F"
    assert "Is it still you?" in client.get(asked).content.decode()
    assert "This is not your password" in client.post(asked, {"password": "wrong"}).content.decode()
    assert client.post(asked, {"password": PASSWORD})["Location"] == reverse("person-invite")
    assert client.get(reverse("person-invite")).status_code == 200


def test_signing_in_again_by_code(cast: Cast):
    adam = cast.user(cast.adam)
    key = give_factor(adam)
    client = browser_of(adam, fresh=False)
    address = f"{reverse('mfa_reauthenticate')}?next=/people/invite/"
    assert client.post(address, {"code": code_of(key)})["Location"] == "/people/invite/"
    assert client.get("/people/invite/").status_code == 200


@pytest.mark.parametrize(
    "name", ["account_signup", "account_reset_password", "account_email", "socialaccount_connections"]
)
def test_what_the_library_offers_beside_has_no_address(name: str):
    with pytest.raises(NoReverseMatch):
        reverse(name)

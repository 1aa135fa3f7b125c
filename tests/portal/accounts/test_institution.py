"""Sign-in at one's institution: it says who somebody is; only an account that is here already lets them in."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.services import close_account, reset_factor
from tests.cast import PASSWORD, Cast, let_in
from tests.database import rolls_back
from tests.portal.accounts.people import code_of, give_factor, is_signed_in

pytestmark = rolls_back
SERVER = "https://sso.example.org"
APP = {
    "provider_id": "institution",
    "name": "Exeter University",
    "client_id": "trabecula",
    "secret": "a secret",
    "settings": {"server_url": SERVER},
}


@pytest.fixture
def institution(settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An institution whose answers are written here; nothing is asked over a network."""
    settings.SECOND_FACTOR_REQUIRED = False
    settings.OIDC_SERVER_URL = SERVER
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [APP]}}
    says: dict[str, Any] = {"sub": "4711", "email": "nora@example.org", "email_verified": True}
    config = {
        "issuer": SERVER,
        "authorization_endpoint": f"{SERVER}/authorize",
        "token_endpoint": f"{SERVER}/token",
        "userinfo_endpoint": f"{SERVER}/userinfo",
        "jwks_uri": f"{SERVER}/keys",
    }
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "openid_config", config)
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "_fetch_user_info", lambda self, token: says)
    monkeypatch.setattr(
        OpenIDConnectOAuth2Adapter, "get_access_token_data", lambda self, *args, **kwargs: {"access_token": "token"}
    )
    return says


def come_back(client: Client, **start: str) -> Any:
    begun = client.get(reverse("openid_connect_login", args=["institution"]), start)
    assert begun["Location"].startswith(f"{SERVER}/authorize")
    assert "code_challenge=" in begun["Location"]
    state = begun["Location"].split("state=")[1].split("&")[0]
    return client.get(reverse("openid_connect_callback", args=["institution"]), {"state": state, "code": "code"})


def test_the_button_is_there_only_where_an_institution_is_set(cast: Cast, settings: pytest.FixtureRequest):
    assert "Sign in with" not in Client().get(reverse("account_login")).content.decode()
    settings.OIDC_SERVER_URL = SERVER
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [APP]}}
    assert "Sign in with Exeter University" in Client().get(reverse("account_login")).content.decode()


def test_where_none_is_set_its_addresses_are_not_there(cast: Cast):
    assert Client().get(reverse("openid_connect_login", args=["institution"])).status_code == 404


def test_a_verified_address_with_an_account_signs_in(cast: Cast, institution: dict[str, Any]):
    client = Client()
    assert come_back(client, process="login", next="/account/")["Location"] == "/account/"
    assert client.session["_auth_user_id"] == str(cast.nora.user_pk)


def test_the_password_stays_what_it_was(cast: Cast, institution: dict[str, Any]):
    come_back(Client(), process="login")
    assert cast.user(cast.nora).check_password(PASSWORD)


@pytest.mark.parametrize(
    "said",
    [
        {"email": "nemo@example.org"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
    ],
)
def test_whoever_has_no_account_here_stays_outside(cast: Cast, institution: dict[str, Any], said: dict[str, Any]):
    institution.update(said)
    client, n_before = Client(), User.objects.count()
    page = come_back(client, process="login").content.decode()
    assert "There is no account for you here" in page
    assert not is_signed_in(client)
    assert User.objects.count() == n_before
    assert not SocialAccount.objects.exists()


def test_a_closed_account_stays_closed(cast: Cast, institution: dict[str, Any]):
    close_account(actor=cast.adam, user=cast.user(cast.nora), why="left")
    client = Client()
    come_back(client, process="login")
    assert not is_signed_in(client)


def test_whoever_has_a_link_waiting_does_not_come_in_this_way_either(cast: Cast, institution: dict[str, Any]):
    reset_factor(actor=cast.adam, user=cast.user(cast.nora), why="telephone lost")
    client = Client()
    assert come_back(client, process="login")["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_the_second_factor_is_asked_for_here_too(cast: Cast, institution: dict[str, Any]):
    key = give_factor(cast.user(cast.nora))
    client = Client()
    assert come_back(client, process="login")["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(key)})
    assert is_signed_in(client)


@pytest.mark.parametrize("process", ["connect", "redirect"])
def test_an_identity_is_never_connected_to_an_account(cast: Cast, institution: dict[str, Any], process: str):
    client = Client()
    let_in(client, cast.user(cast.ana))
    assert come_back(client, process=process)["Location"] == reverse("account_login")
    assert not SocialAccount.objects.exists()


def test_an_invented_state_is_refused(cast: Cast, institution: dict[str, Any]):
    address = reverse("openid_connect_callback", args=["institution"])
    client = Client()
    page = client.get(address, {"state": "invented", "code": "code"}).content.decode()
    assert "That did not work" in page
    assert not is_signed_in(client)

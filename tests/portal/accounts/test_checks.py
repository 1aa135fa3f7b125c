"""Settings that would open a door nobody meant to open are told at the start."""

import pytest
from django.core.checks import Error, Warning, registry, run_checks

from portal.accounts import checks


@pytest.mark.parametrize(
    ("demo", "behind_tls", "found"),
    [(True, True, ["accounts.E001"]), (True, False, []), (False, True, []), (False, False, [])],
)
def test_a_demo_is_never_served_to_others(
    settings: pytest.FixtureRequest, demo: bool, behind_tls: bool, found: list[str]
):
    settings.DEMO, settings.BEHIND_TLS = demo, behind_tls
    messages = checks.check_demo(None)
    assert [one.id for one in messages] == found
    assert all(isinstance(one, Error) for one in messages)


@pytest.mark.parametrize(
    ("required", "demo", "found"), [(False, False, ["accounts.W001"]), (False, True, []), (True, False, [])]
)
def test_a_password_alone_is_warned_of(settings: pytest.FixtureRequest, required: bool, demo: bool, found: list[str]):
    settings.SECOND_FACTOR_REQUIRED, settings.DEMO = required, demo
    messages = checks.check_second_factor(None)
    assert [one.id for one in messages] == found
    assert all(isinstance(one, Warning) for one in messages)


@pytest.mark.parametrize(
    ("address", "found"), [("", []), ("https://sso.example.org", []), ("http://sso.example.org", ["accounts.E002"])]
)
def test_an_institution_answers_over_tls(settings: pytest.FixtureRequest, address: str, found: list[str]):
    settings.OIDC_SERVER_URL = address
    assert [one.id for one in checks.check_institution(None)] == found


def test_the_checks_run_at_the_start(settings: pytest.FixtureRequest):
    settings.DEMO, settings.BEHIND_TLS = True, True
    assert "accounts.E001" in [one.id for one in run_checks(tags=["security"])]
    assert checks.check_second_factor in registry.registry.get_checks()

"""A grave act wants a proof of the last few minutes of who sits there."""

import time

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal.core.errors import FreshSignInNeeded
from portal.roles.fresh import grave, is_fresh, remember_sign_in, require_fresh
from tests.cast import make_user
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def request_of_nora() -> HttpRequest:
    request = RequestFactory().get("/")
    request.user, request.session = make_user("Nora Nurse"), {}
    return request


@grave
def close_study(request: HttpRequest, code: str) -> HttpResponse:
    return HttpResponse(code)


def test_without_any_proof_nobody_is_fresh(request_of_nora: HttpRequest):
    assert not is_fresh(request_of_nora)
    with pytest.raises(FreshSignInNeeded, match="a sign-in of the last few minutes"):
        require_fresh(request_of_nora)


def test_a_proof_of_just_now_is_fresh(request_of_nora: HttpRequest):
    remember_sign_in(request_of_nora, "password")
    assert is_fresh(request_of_nora)
    assert close_study(request_of_nora, "wrist").content == b"wrist"


@pytest.mark.parametrize(("age", "fresh"), [(299, True), (301, False), (-60, False)])
def test_a_proof_ages(request_of_nora: HttpRequest, monkeypatch: pytest.MonkeyPatch, age: int, fresh: bool):
    remember_sign_in(request_of_nora, "password")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + age)
    assert is_fresh(request_of_nora) is fresh


def test_another_person_s_proof_does_not_count(request_of_nora: HttpRequest):
    remember_sign_in(request_of_nora, "password")
    request_of_nora.user = make_user("Nell Nurse")
    assert not is_fresh(request_of_nora)
    with pytest.raises(FreshSignInNeeded):
        close_study(request_of_nora, "wrist")

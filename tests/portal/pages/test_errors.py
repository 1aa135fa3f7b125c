"""Error pages say what to do next, and nothing about what exists."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import get_callable, get_resolver

from portal.pages import errors
from tests.database import rolls_back

CODES = [400, 403, 404, 409, 413, 422, 429, 500, 503, 507]


@pytest.mark.parametrize("code", CODES)
def test_an_error_page_stands_without_database_or_request(code: int):
    page = render_to_string(f"{code}.html")
    assert f'<p class="error-code">{code}</p>' in page
    assert "Go home" in page
    assert "Research use. Not a medical device." in page


@pytest.mark.parametrize("code", CODES)
def test_an_error_page_keeps_what_was_typed(code: int):
    assert 'name="page-kind" content="error"' in render_to_string(f"{code}.html")


def test_a_reason_is_shown_and_escaped():
    page = render_to_string("409.html", {"reason": "'withdraw' cannot happen while 'withdrawn' <b>"})
    assert "cannot happen while" in page
    assert "&lt;b&gt;" in page


@rolls_back
def test_a_missing_page_answers_every_address_in_the_same_words(client: Client):
    one, other = client.get("/participants/EXB-0001-7/nothing"), client.get("/elsewhere")
    assert one.status_code == other.status_code == 404
    assert b"EXB-0001-7" not in one.content.split(b"<main")[1]


@pytest.mark.parametrize(("error", "status"), [(SuspiciousOperation(), 400), (RequestDataTooBig(), 413)])
def test_what_is_too_large_has_a_page_of_its_own(rf: RequestFactory, error: Exception, status: int):
    assert errors.answer_400(rf.get("/"), error).status_code == status


@pytest.mark.parametrize(("error", "status"), [(RuntimeError(), 500), (OperationalError(), 503)])
def test_a_fault_and_a_lost_database_are_told_apart(rf: RequestFactory, error: Exception, status: int):
    try:
        raise error
    except (RuntimeError, OperationalError):
        assert errors.answer_500(rf.get("/")).status_code == status


def test_a_form_older_than_the_sign_in_is_explained(rf: RequestFactory):
    answer = errors.answer_forged(rf.post("/"))
    assert answer.status_code == 403
    assert b"what you typed is still there" in answer.content


def test_the_api_answers_in_json_without_a_value(rf: RequestFactory):
    answer = errors.answer_404(rf.get("/api/participants/EXB-0001-7/"))
    assert answer["Content-Type"] == "application/json"
    assert answer.content == b'{"detail": "Not found."}'


def test_there_is_a_page_for_each_status_our_own_errors_have():
    templates = Path(__file__).resolve().parents[3] / "frontend/templates"
    assert all((templates / f"{code}.html").exists() for code in CODES)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (400, errors.answer_400),
        (403, errors.answer_403),
        (404, errors.answer_404),
        (500, errors.answer_500),
    ],
)
def test_django_asks_our_own_pages(code: int, answer: object):
    assert get_resolver().resolve_error_handler(code) is answer


def test_an_old_form_is_answered_by_our_own_page():
    assert get_callable(settings.CSRF_FAILURE_VIEW) is errors.answer_forged

"""Health: short, true, and without a word about the inside."""

import time

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from kombu.exceptions import OperationalError as BrokerError

from portal.jobs.clock import BEAT
from portal.pages import health
from tests.database import rolls_back

pytestmark = rolls_back


def test_a_living_process_says_so_without_asking_anybody(client: Client):
    assert client.get("/health/live").json() == {"live": True}


def test_everything_at_hand_is_ready(client: Client):
    cache.set(BEAT, time.time())
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert {name: check["word"] for name, check in answer.json()["checks"].items()} == {
        "database": "ok",
        "broker": "ok",
        "clock": "ok",
    }


def test_a_clock_that_never_went_is_not_ready(client: Client):
    cache.delete(BEAT)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["clock"] == {"word": "never"}


@pytest.mark.parametrize(("age_s", "word"), [(50, "ok"), (70, "late")])
def test_the_clock_is_late_after_a_minute(age_s: int, word: str):
    cache.set(BEAT, time.time() - age_s)
    found = health.check_clock()
    assert (found.word, found.ready) == (word, word == "ok")
    assert found.age_seconds is not None
    assert age_s <= found.age_seconds < age_s + 5


def test_a_database_that_does_not_answer_is_said_in_one_word(monkeypatch: pytest.MonkeyPatch):
    def refuse() -> None:
        raise OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setattr(health.connection, "cursor", refuse)
    assert health.check_database() == health.Finding("database", False, "unreachable")


def test_a_broker_that_does_not_answer_is_said_in_one_word(monkeypatch: pytest.MonkeyPatch):
    def refuse(**options: object) -> None:
        raise BrokerError("redis+socket:///secret/place")

    monkeypatch.setattr(health.get_celery(), "connection_for_write", refuse)
    assert health.check_broker() == health.Finding("broker", False, "unreachable")


def test_health_is_never_kept_by_a_cache(client: Client):
    assert "no-store" in client.get("/health/live")["Cache-Control"]

"""The clock: duties again and again, one clock at a time, over the loss of the database."""

import time

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection

from portal.jobs.clock import BEAT, LOCK, Clock, Duty
from tests.database import rolls_back
from tests.services import SERVICES, SHARED, superuser

pytestmark = rolls_back


class Counter:
    def __init__(self) -> None:
        self.n = 0

    def __call__(self) -> None:
        self.n += 1


@pytest.fixture(autouse=True)
def _gives_lock_back() -> object:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


def test_a_duty_is_done_when_it_is_due_and_not_before() -> None:
    often, seldom = Counter(), Counter()
    clock = Clock([Duty("often", 0, often), Duty("seldom", 3600, seldom)])
    for _ in range(3):
        clock.do_round()
    assert (often.n, seldom.n) == (3, 1)


def test_each_round_leaves_a_beat() -> None:
    cache.delete(BEAT)
    before = time.time()
    Clock([Duty("one", 1, Counter())]).do_round()
    assert before <= cache.get(BEAT) <= time.time()


def test_a_second_clock_does_nothing_until_the_first_is_gone() -> None:
    done = Counter()
    clock = Clock([Duty("one", 0, done)])
    with superuser(SERVICES, SHARED) as other:
        other.execute(LOCK)
        assert other.fetchone() == (True,)
        clock.do_round()
        assert done.n == 0
    deadline = time.monotonic() + 60
    while done.n == 0 and time.monotonic() < deadline:
        clock.do_round()
    assert done.n == 1


def test_the_loss_of_the_database_is_waited_out_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(alias: object = None) -> None:
        raise OperationalError("gone")

    done = Counter()
    clock = Clock([Duty("one", 0.1, done)])
    with monkeypatch.context() as broken:
        broken.setattr(connection, "ensure_connection", refuse)
        broken.setattr("portal.jobs.clock.connections.close_all", lambda: None)
        assert [clock.do_round() for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert done.n == 0
    clock.do_round()
    assert done.n == 1


def test_a_clock_that_is_stopped_begins_no_further_duty() -> None:
    second = Counter()
    clock = Clock([])
    clock.duties = [Duty("first", 0, clock.stop), Duty("second", 0, second)]
    clock.do_round()
    assert clock.stopped.is_set()
    assert second.n == 0

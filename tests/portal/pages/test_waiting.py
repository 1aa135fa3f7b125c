"""What waits is put in order, and nothing waits in silence."""

import pytest

from frontend.parts import Waiting
from portal.pages.waiting import list_waiting_for
from portal.roles.actors import Actor
from tests.portal.pages.builders import make_actor

CALM = Waiting(12, "forms are incomplete", "/forms")
SOON = Waiting(3, "visits are due", "/visits", "soon")
MORE = Waiting(9, "queries are open", "/queries", "soon")
NOW = Waiting(1, "report has no source", "/reports", "now")
NOTHING = Waiting(0, "uploads failed", "/uploads", "now")


def test_the_most_urgent_stands_first_and_then_the_most_numerous():
    found = list_waiting_for(make_actor("nurse"), [lambda actor: [CALM, SOON], lambda actor: [MORE, NOW]])
    assert found == [NOW, MORE, SOON, CALM]


def test_what_does_not_wait_is_left_out():
    assert list_waiting_for(make_actor("nurse"), [lambda actor: [NOTHING, SOON]]) == [SOON]


def test_each_source_is_asked_about_the_one_who_looks():
    asked: list[Actor] = []
    nora = make_actor("nurse")
    list_waiting_for(nora, [lambda actor: asked.append(actor) or []])
    assert asked == [nora]


def test_a_source_that_breaks_is_not_passed_over():
    def broken(actor: Actor) -> list[Waiting]:
        raise LookupError("no such table")

    with pytest.raises(LookupError, match="no such table"):
        list_waiting_for(make_actor("nurse"), [broken])

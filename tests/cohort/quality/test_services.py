"""Queries are raised by who looks after the data, answered at the site, closed by who raised them."""

import pytest
from django.db import DatabaseError, connection
from django.http import Http404

from cohort.participants.models import Visit
from cohort.quality.access import get_query_for, list_queries_for
from cohort.quality.models import Message, Query
from cohort.quality.services import answer_query, close_query, raise_query, reopen_query
from cohort.quality.waiting import list_waiting_for
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from portal.roles.actors import Actor
from tests.cast import Cast, make_participant
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def visit(cast: Cast) -> Visit:
    return make_participant(cast).visits.get(code="BL")


def ask(actor: Actor, visit: Visit, **changes: object) -> Query:
    asked = {"form": "ant", "variable": "weight_kg", "text": "Is the unit right?", **changes}
    return raise_query(actor=actor, visit=visit, **asked)


def waits(actor: Actor) -> list[str]:
    return [f"{one.count} {one.sentence}" for one in list_waiting_for(actor) if one.count]


def test_a_query_goes_from_the_data_manager_to_the_nurse_and_back(cast: Cast, visit: Visit):
    query = ask(cast.dan, visit)
    assert waits(cast.nora) == ["1 query waits for an answer"]
    answer_query(actor=cast.nora, query=query, text="It was pounds; mended.")
    assert waits(cast.nora) == []
    assert waits(cast.dan) == ["1 query of yours is answered"]
    close_query(actor=cast.dan, query=query)
    assert waits(cast.dan) == []
    assert [one.kind for one in Message.objects.all()] == ["asked", "answered", "closed"]
    assert Query.objects.get().state == "closed"


def test_an_answer_that_does_not_settle_it_is_asked_again(cast: Cast, visit: Visit):
    query = ask(cast.mona, visit)
    answer_query(actor=cast.nora, query=query, text="Yes.")
    reopen_query(actor=cast.mona, query=query, text="Please compare with the paper form.")
    assert query.state == "reopened"
    assert waits(cast.nora) == ["1 query waits for an answer"]


@pytest.mark.parametrize("who", ["nora", "paula", "ana"])
def test_only_data_manager_and_monitor_raise_queries(cast: Cast, visit: Visit, who: str):
    with pytest.raises(NotAllowed, match=r"query\.raise"):
        ask(getattr(cast, who), visit)


@pytest.mark.parametrize("who", ["dan", "nell", "paula", "ana"])
def test_only_the_nurse_of_the_site_answers(cast: Cast, visit: Visit, who: str):
    query = ask(cast.dan, visit)
    with pytest.raises(NotAllowed, match=r"query\.answer"):
        answer_query(actor=getattr(cast, who), query=query, text="Yes.")
    assert Query.objects.get().state == "open"


def test_a_query_is_closed_by_who_raised_it_alone(cast: Cast, visit: Visit):
    query = ask(cast.mona, visit)
    for act in (close_query, reopen_query):
        with pytest.raises(NotAllowed, match="by who raised it"):
            act(actor=cast.dan, query=query, text="Fine.")


def test_a_closed_query_takes_no_answer(cast: Cast, visit: Visit):
    query = ask(cast.dan, visit)
    close_query(actor=cast.dan, query=query)
    with pytest.raises(WrongState, match="'answer' cannot happen while 'closed'"):
        answer_query(actor=cast.nora, query=query, text="Yes.")


def test_a_stale_copy_cannot_answer_twice(cast: Cast, visit: Visit):
    query = ask(cast.dan, visit)
    stale = Query.objects.get()
    answer_query(actor=cast.nora, query=query, text="Yes.")
    with pytest.raises(StaleState, match="is no longer 'open'"):
        answer_query(actor=cast.nora, query=stale, text="No.")
    assert Message.objects.filter(kind="answered").count() == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"form": "fxe"}, "has no form 'fxe'"),
        ({"form": "lbl"}, "has no form 'lbl'"),
        ({"variable": "fxh_site"}, "has no question 'fxh_site'"),
        ({"text": "  "}, "the text is empty"),
    ],
)
def test_a_question_that_fits_nothing_is_refused(cast: Cast, visit: Visit, changes: dict[str, str], why: str):
    with pytest.raises(Refused, match=why):
        ask(cast.dan, visit, **changes)
    assert not Query.objects.exists()


def test_neither_analyst_nor_principal_investigator_sees_a_query(cast: Cast, visit: Visit):
    ask(cast.dan, visit, form="fxh", variable="fxh_site")
    assert list_queries_for(cast.dan).count() == 1
    for actor in (cast.ana, cast.paula):
        with pytest.raises(NotAllowed, match=r"query\.view"):
            list_queries_for(actor)
        assert list_waiting_for(actor) == []


def test_another_sites_query_is_not_there(cast: Cast, visit: Visit):
    query = ask(cast.dan, visit)
    assert list_queries_for(cast.nora).get() == query
    assert not list_queries_for(cast.nell).exists()
    with pytest.raises(Http404):
        get_query_for(cast.nell, query.pk)


def test_what_was_said_is_never_changed(cast: Cast, visit: Visit):
    ask(cast.dan, visit)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE quality_message SET text = 'another'")


def test_the_audit_holds_neither_the_words_nor_the_question(cast: Cast, visit: Visit):
    ask(cast.dan, visit, form="fxh", variable="fxh_site", text="Was it the hip?")
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::text FROM audit_event WHERE source LIKE 'quality_%%'")
        events = [payload for (payload,) in cursor.fetchall()]
    assert len(events) == 2
    written = " ".join(events)
    assert str(visit.participant_id) in written
    assert "hip" not in written
    assert "fxh" not in written

"""The pages of queries."""

import pytest

from cohort.participants.models import Visit
from cohort.quality.models import Query
from cohort.quality.services import raise_query
from tests.cast import Cast, hands, make_participant
from tests.cohort.pages import look_as, read, words
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def visit(cast: Cast) -> Visit:
    return make_participant(cast).visits.get(code="BL")


@pytest.fixture
def query(cast: Cast, visit: Visit) -> Query:
    return raise_query(actor=cast.dan, visit=visit, form="ant", variable="weight_kg", text="Is the unit right?")


def new_page(visit: Visit) -> str:
    return f"/participants/{visit.participant.code}/visits/BL/queries/new/"


def test_a_query_is_raised_on_its_page(cast: Cast, visit: Visit):
    browser = look_as(cast.dan)
    assert "Write no result and no diagnosis here" in words(browser.get(new_page(visit)))
    sent = {"about": "ant.weight_kg", "number": "1", "text": "Is the unit right?"}
    response = browser.post(new_page(visit), sent, follow=True)
    assert "The query is raised" in words(response)
    assert "Is the unit right?" in words(response)
    assert Query.objects.get().variable == "weight_kg"


def test_the_page_of_a_visit_leads_who_may_ask_to_the_question_and_nobody_else(cast: Cast, visit: Visit):
    page = f"/participants/{visit.participant.code}/visits/BL/"
    assert new_page(visit) not in read(look_as(cast.dan).get(page)), "nothing is filled in yet"
    with hands(cast.nora):
        Visit.objects.filter(pk=visit.pk).update(state="done", happened_on=visit.due_on, age_y=66)
    assert new_page(visit) in read(look_as(cast.dan).get(page))
    assert new_page(visit) in read(look_as(cast.mona).get(page))
    assert new_page(visit) not in read(look_as(cast.nora).get(page))


def test_a_form_with_errors_keeps_what_was_typed(cast: Cast, visit: Visit):
    response = look_as(cast.dan).post(new_page(visit), {"about": "ant.", "number": "0", "text": "Why?"})
    assert response.status_code == 422
    assert "Why?" in words(response)
    assert not Query.objects.exists()


def test_a_whole_form_can_be_asked_about(cast: Cast, visit: Visit):
    look_as(cast.dan).post(new_page(visit), {"about": "fal.", "number": "1", "text": "Why is it empty?"})
    assert (Query.objects.get().form, Query.objects.get().variable) == ("fal", "")


def test_the_nurse_answers_and_who_raised_it_closes(cast: Cast, query: Query):
    nurse, manager = look_as(cast.nora), look_as(cast.dan)
    page = f"/queries/{query.pk}/"
    assert "Answer the query" in words(nurse.get(page))
    assert "Close the query" not in words(nurse.get(page))
    response = nurse.post(page + "answer/", {"text": "It was pounds."}, follow=True)
    assert "It was pounds." in words(response)
    response = manager.post(page + "close/", {"text": ""}, follow=True)
    assert "The query is closed." in words(response)
    assert Query.objects.get().state == "closed"


def test_an_empty_answer_comes_back(cast: Cast, query: Query):
    response = look_as(cast.nora).post(f"/queries/{query.pk}/answer/", {"text": ""})
    assert response.status_code == 422
    assert Query.objects.get().state == "open"


def test_the_list_is_filtered_by_state(cast: Cast, query: Query):
    browser = look_as(cast.dan)
    assert query.participant.code in words(browser.get("/queries/?state=open"))
    assert query.participant.code not in words(browser.get("/queries/?state=closed"))
    assert query.participant.code in words(browser.get("/queries/"))


@pytest.mark.parametrize("who", ["ana", "paula"])
def test_who_judges_models_has_no_queries_page(cast: Cast, query: Query, who: str):
    browser = look_as(getattr(cast, who))
    for page in ("/queries/", f"/queries/{query.pk}/", f"/queries/{query.pk}/close/"):
        assert browser.get(page).status_code == 403


def test_another_sites_nurse_finds_no_query(cast: Cast, query: Query):
    assert look_as(cast.nell).get(f"/queries/{query.pk}/").status_code == 404


def test_a_nurse_raises_none(cast: Cast, visit: Visit):
    assert look_as(cast.nora).get(new_page(visit)).status_code == 403


def test_a_verb_that_cannot_happen_now_is_a_conflict(cast: Cast, query: Query):
    assert look_as(cast.dan).get(f"/queries/{query.pk}/reopen/").status_code == 409

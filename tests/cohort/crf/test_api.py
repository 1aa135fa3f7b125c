"""Visits and forms over the API: the same rules as the pages."""

from typing import Any

import pytest
from django.test import Client

from cohort.crf.models import OutcomeRecord, Record
from cohort.participants.models import Visit
from tests.cast import Cast, days_ago, make_participant
from tests.cohort.crf.builders import FAL, FXH, begin
from tests.cohort.pages import look_as
from tests.database import rolls_back

pytestmark = rolls_back


def put(client: Client, address: str, **sent: Any) -> Any:
    return client.put(f"/api/{address}/", sent, content_type="application/json")


def about(visit: Visit, **more: Any) -> dict[str, Any]:
    return {"participant": visit.participant.code, "visit": visit.code, **more}


def test_a_visit_begins_and_a_form_is_filled_in_and_completed(cast: Cast):
    ann = make_participant(cast)
    nora = look_as(cast.nora)
    begun = put(nora, "visits", participant=ann.code, visit="BL", happened_on=days_ago(0).isoformat())
    assert (begun.status_code, begun.json()["standing"]) == (200, "done")
    answers = {"fal_12m": 0, "fal_soff": "0", "fal_aid": 0, "fal_vision": "0", "fal_dizzy": "9"}
    done = put(nora, "records", participant=ann.code, visit="BL", form="fal", answers=answers, complete=True)
    assert (done.status_code, done.json()["state"], done.json()["refused"]) == (200, "complete", {})
    assert Record.objects.get().answers == {
        "fal_12m": 0,
        "fal_soff": "0",
        "fal_aid": "0",
        "fal_vision": "0",
        "fal_dizzy": "9",
    }


def test_answers_of_simulated_people_carry_the_mark_and_are_not_cached(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    put(nora, "records", **about(visit, form="fxh", answers={**FXH, "fxh_treated": ["2"]}))
    assert OutcomeRecord.objects.get().answers["fxh_treated"] == ["2"]
    response = nora.get("/api/records/", about(visit))
    assert [row["form"] for row in response.json()] == ["fxh"]
    assert response["X-Trabecula-Origin"] == "SIMULATED"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("who", "status"), [("nell", 404), ("ana", 403), ("adam", 403), ("paula", 403)])
def test_who_may_not_enter_is_refused(cast: Cast, who: str, status: int):
    visit = begin(cast)
    response = put(look_as(getattr(cast, who)), "records", **about(visit, form="fal", answers=FAL))
    assert response.status_code == status
    assert not Record.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("nell", 404), ("ana", 403), ("adam", 403)])
def test_who_may_not_see_is_refused(cast: Cast, who: str, status: int):
    visit = begin(cast)
    client = look_as(getattr(cast, who))
    assert client.get("/api/records/", about(visit)).status_code == status
    assert client.get("/api/visits/", {"participant": visit.participant.code}).status_code == status


def test_the_principal_investigator_gets_no_outcome(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    put(nora, "records", **about(visit, form="fxh", answers={"fxh_any": "1"}))
    put(nora, "records", **about(visit, form="fal", answers={"fal_12m": 1}))
    assert {row["form"] for row in nora.get("/api/records/", about(visit)).json()} == {"fxh", "fal"}
    assert {row["form"] for row in look_as(cast.paula).get("/api/records/", about(visit)).json()} == {"fal"}


def test_a_stale_answer_is_refused(cast: Cast):
    visit = begin(cast)
    nora = look_as(cast.nora)
    put(nora, "records", **about(visit, form="fal", answers={"fal_12m": 1}))
    response = put(nora, "records", **about(visit, form="fal", answers={"fal_12m": 2}))
    assert response.status_code == 409
    assert Record.objects.get().answers["fal_12m"] == 1


def test_what_cannot_be_taken_is_named_and_nothing_is_completed(cast: Cast):
    visit = begin(cast)
    sent = about(visit, form="fal", answers={**FAL, "fal_12m": 9999}, complete=True)
    answer = put(look_as(cast.nora), "records", **sent).json()
    assert answer["refused"] == {"fal_12m": "9999 is not from 0 to 200."}
    assert answer["state"] == "draft"


def test_an_answer_of_the_wrong_shape_is_refused(cast: Cast):
    visit = begin(cast)
    response = put(look_as(cast.nora), "records", **about(visit, form="fal", answers={"fal_12m": True}))
    assert response.status_code == 422


def test_an_unknown_form_is_not_there(cast: Cast):
    visit = begin(cast)
    assert put(look_as(cast.nora), "records", **about(visit, form="lbl", answers={})).status_code == 404

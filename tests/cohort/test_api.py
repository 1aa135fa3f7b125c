"""The cohort over the API: the fields that are named, of what one may see, with the mark of origin."""

from typing import Any

import pytest

from cohort.study.services import join_site, set_up_study
from portal.roles.actors import Actor
from tests.cast import Cast, days_ago, make_participant, make_screening
from tests.cohort.pages import look_as
from tests.database import rolls_back

pytestmark = rolls_back


def ask(actor: Actor, path: str, **parameters: str) -> Any:
    """Return what the API answers."""
    return look_as(actor).get(f"/api/{path}", parameters)


def test_a_participant_is_told_by_exactly_the_named_fields(cast: Cast):
    ann = make_participant(cast)
    (row,) = ask(cast.nora, "participants/").json()["results"]
    assert row.pop("enrolled_at")
    assert row == {
        "code": ann.code,
        "study": "wrist",
        "site": "EXB",
        "origin": "simulated",
        "sex": "F",
        "birth_year": ann.birth_year,
    }


def test_a_participant_of_another_site_is_not_there(cast: Cast):
    ann = make_participant(cast)
    assert ask(cast.nora, f"participants/{ann.code}/").status_code == 200
    assert ask(cast.nell, f"participants/{ann.code}/").status_code == 404
    assert ask(cast.nell, "participants/").json()["count"] == 0


@pytest.mark.parametrize("path", ["participants/", "screenings/"])
def test_an_analyst_is_told_nothing_of_people(cast: Cast, path: str):
    response = ask(cast.ana, path)
    assert response.status_code == 403
    assert "is for:" in response.json()["detail"]


def test_a_stranger_is_told_to_sign_in(cast: Cast, client: Any):
    assert client.get("/api/participants/").status_code == 401


def test_nothing_can_be_written(cast: Cast):
    for path in ("participants/", "studies/", "screenings/"):
        assert look_as(cast.nora).post(f"/api/{path}", {}, content_type="application/json").status_code == 405


def test_participants_are_filtered_and_ordered_by_what_is_allowed(cast: Cast):
    codes = [make_participant(cast, name).code for name in ("Ann", "Bea")]
    rows = ask(cast.nora, "participants/", sex="F", site="EXB", ordering="-code").json()["results"]
    assert [row["code"] for row in rows] == codes[::-1]
    assert ask(cast.nora, "participants/", sex="M").json()["count"] == 0


def test_an_unknown_parameter_is_refused_and_not_ignored(cast: Cast):
    response = ask(cast.nora, "participants/", is_test="true")
    assert response.status_code == 400
    assert "'is_test' is no parameter here" in str(response.json())


def test_simulated_answers_carry_the_mark_and_human_ones_do_not(cast: Cast):
    human = set_up_study(actor=cast.paula, code="hip", title="The hip study", origin="human")
    join_site(actor=cast.paula, study=human, site=cast.exeter, joined_on=days_ago(1))
    assert ask(cast.nora, "studies/wrist/")["X-Trabecula-Origin"] == "SIMULATED"
    assert "X-Trabecula-Origin" not in ask(cast.nora, "studies/hip/")
    assert "X-Trabecula-Origin" not in ask(cast.nora, "studies/", origin="human")
    assert ask(cast.nora, "studies/")["X-Trabecula-Origin"] == "SIMULATED, HUMAN"
    assert {row["code"]: row["origin"] for row in ask(cast.nora, "studies/").json()["results"]} == {
        "hip": "human",
        "wrist": "simulated",
    }


def test_screenings_are_told_by_how_many_ended_how(cast: Cast):
    make_screening(cast)
    make_screening(cast, scr_age=44)
    make_screening(cast, scr_age=45)
    response = ask(cast.nora, "screenings/")
    counts = {"eligible": 1, "ineligible": 2, "deferred": 0, "declined": 0, "enrolled": 0}
    assert response.json() == [{"study": "wrist", "origin": "simulated", "counts": counts}]
    assert response["X-Trabecula-Origin"] == "SIMULATED"
    assert ask(cast.nell, "screenings/").json() == []


def test_the_schema_names_the_parameters(cast: Cast):
    schema = look_as(cast.nora).get("/api/schema/", HTTP_ACCEPT="application/json").content.decode()
    assert "/api/participants/" in schema
    assert "X-Trabecula" not in schema
    assert "name: sex" in schema or '"name":"sex"' in schema.replace(" ", "")

"""Runs over the API: the same rules as the pages, in JSON."""

import json
from typing import Any

import pytest
from django.http import HttpResponse

from modelling.runs.models import TrainingRun
from portal.roles.actors import Actor
from tests.cast import Cast
from tests.cohort.pages import look_as
from tests.modelling.runs.builders import ask, lay_snapshot_down, reload
from tests.modelling.runs.test_pages import axel


def post(actor: Actor, path: str, values: Any = None) -> HttpResponse:
    return look_as(actor).post(path, json.dumps(values or {}), content_type="application/json")


def wish(cast: Cast, **changes: Any) -> dict[str, Any]:
    return {"study": cast.study.code, "task": "OP_WHO", "recipe": "clinical", **changes}


def test_a_run_is_started_read_and_cancelled(cast: Cast):
    snapshot = lay_snapshot_down(cast.ana, cast.study)
    answer = post(cast.ana, "/api/runs/start/", wish(cast, settings={"folds": 2, "seed": 5}))
    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["origin"], told["snapshot"]) == ("queued", "simulated", str(snapshot.pk))
    assert (told["config"]["folds"], told["config"]["seed"]) == (2, 5)
    one = f"/api/runs/{told['id']}/"
    assert look_as(cast.paula).get(one).json() == look_as(cast.ana).get(one).json() == told
    assert [run["id"] for run in look_as(cast.ana).get("/api/runs/").json()["results"]] == [told["id"]]
    assert post(cast.ana, f"{one}cancel/").json()["state"] == "cancelled"
    again = post(cast.ana, f"{one}cancel/")
    assert again.status_code == 409
    assert "'cancel' cannot happen while 'cancelled'" in again.json()["detail"]


def test_a_fresh_snapshot_may_be_asked_for(cast: Cast):
    old = lay_snapshot_down(cast.ana, cast.study)
    told = post(cast.ana, "/api/runs/start/", wish(cast, fresh=True)).json()
    assert told["state"] == "waiting"
    assert told["snapshot"] != str(old.pk)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"recipe": "magic"}, 400, '"magic" is not a valid choice'),
        ({"settings": {"folds": 99}}, 422, "folds is 99"),
        ({"settings": {"task": "FX_FRAG"}}, 400, "'task' is not a setting of a recipe"),
        ({"settings": {"seed": 5, "actor": "system:setup"}}, 400, "'actor' is not a setting of a recipe"),
        ({"settings": {"study": "another", "snapshot": "x"}}, 400, "'snapshot' is not a setting of a recipe"),
        ({"settings": {"recipe": "fusion", "profile": "published"}}, 400, "'profile' is not a setting of a recipe"),
        ({"settings": {"colour": "red"}}, 422, "the setting 'colour' is not known to the recipe 'clinical'"),
        ({"task": "NOPE", "fresh": True}, 422, "'NOPE' is no task of 'wrist'"),
        ({"study": "nope"}, 404, "Not found"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_refused_in_words(
    cast: Cast, changes: dict[str, Any], status: int, words: str
):
    lay_snapshot_down(cast.ana, cast.study)
    answer = post(cast.ana, "/api/runs/start/", wish(cast, **changes))
    assert answer.status_code == status
    assert words in json.dumps(answer.json(), ensure_ascii=False).replace("\\", "")
    assert not TrainingRun.objects.exists()


def test_who_may_not_is_told_so_and_a_stranger_finds_nothing(cast: Cast):
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study))
    one = f"/api/runs/{run.pk}/"
    assert look_as(cast.nora).get("/api/runs/").status_code == 403
    assert post(cast.paula, "/api/runs/start/", wish(cast)).status_code == 403
    assert post(cast.paula, f"{one}cancel/").status_code == 403
    stranger = axel(cast)
    assert look_as(stranger).get("/api/runs/").json()["results"] == []
    assert look_as(stranger).get(one).status_code == 404
    assert post(stranger, f"{one}cancel/").status_code == 404
    assert reload(run).state == "queued"

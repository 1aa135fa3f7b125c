"""A task with too few events shows no number on any page and in no answer; each place says how many there are."""

import json
from typing import Any

import pytest
from django.urls import reverse

from modelling.engine.training.admissible import FX_INC, OP_WHO
from modelling.runs.access import get_curves
from modelling.runs.models import TrainingRun
from modelling.runs.shown import auc_words
from modelling.runs.trying import why_no_risk
from modelling.zoo.locks import card_of, metrics_of, say_lock, why_locked
from modelling.zoo.models import ModelVersion
from modelling.zoo.shown import auc_of
from tests.cast import Cast
from tests.cohort.pages import look_as, words
from tests.modelling.runs.builders import ask, do_well, lay_snapshot_down

LOCKED = "not estimable: 12 events in training, wanted at least 20"
SCORES = {
    "n": 30,
    "n_events": 12,
    "folds": [{"fold": 0, "n": 30, "n_events": 12, "auc": 0.81}],
    "auc_mean": 0.81,
    "auc_pooled": {"value": 0.8, "lower": 0.7, "upper": 0.9},
    "brier": 0.2,
}


@pytest.mark.parametrize(
    ("task", "n_events", "said"),
    [
        (FX_INC, 0, "not estimable: 0 events in training, wanted at least 20"),
        (FX_INC, 1, "not estimable: 1 event in training, wanted at least 20"),
        (FX_INC, 19, "not estimable: 19 events in training, wanted at least 20"),
        (FX_INC, 20, ""),
        (OP_WHO, 0, ""),
    ],
)
def test_a_task_is_locked_below_its_events_and_no_other_is(task: str, n_events: int, said: str):
    assert why_locked(task, n_events) == said


def test_the_launch_page_says_what_was_counted():
    assert say_lock(FX_INC, 3).startswith("Fracture after baseline (FX_INC), not estimable: 3 events in training")
    assert "its events are not counted yet. It can be trained" in say_lock(FX_INC, None)
    assert "at least 20 adjudicated events are in training and 10 in test" in say_lock(FX_INC, None)
    assert say_lock(FX_INC, 20) == say_lock(OP_WHO, 0) == ""


def make_model(task: str) -> ModelVersion:
    """Return a model version as one was registered before its task was locked: with numbers."""
    card = {"n_events": 12, "scores": {"film": SCORES}, "threshold": {"film": 0.4}}
    metrics = {"primary": "film", "inputs": {"film": SCORES}}
    return ModelVersion(task=task, origin="human", answers_from="film", card=card, metrics=metrics)


def numbers_in(told: Any) -> list[tuple[str, float]]:
    """Return every number below a key that is one of accuracy."""
    if isinstance(told, list):
        return [one for part in told for one in numbers_in(part)]
    if not isinstance(told, dict):
        return []
    found = []
    for key, value in told.items():
        parts = value.values() if isinstance(value, dict) else [value]
        if key.startswith(("auc", "brier")):
            found += [(key, part) for part in parts if isinstance(part, float)]
        else:
            found += numbers_in(value)
    return found


def test_numbers_that_were_kept_before_the_lock_are_not_shown():
    locked, other = make_model(FX_INC), make_model(OP_WHO)
    assert len(numbers_in(metrics_of(other))) == len(numbers_in(card_of(other))) == 6
    assert numbers_in(metrics_of(locked)) == numbers_in(card_of(locked)) == []
    assert (card_of(locked)["threshold"], card_of(other)["threshold"]) == ({"film": None}, {"film": 0.4})
    assert (auc_words(locked), auc_words(other)) == (LOCKED, "0.80 (0.70 to 0.90)")
    assert auc_of(metrics_of(locked)["inputs"]["film"]) == LOCKED
    assert (why_no_risk(locked), why_no_risk(other)) == (LOCKED, "")


@pytest.fixture
def run(cast: Cast) -> TrainingRun:
    return do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study, task=FX_INC), task=FX_INC))


def test_no_page_and_no_answer_shows_the_number_of_a_locked_task(cast: Cast, run: TrainingRun):
    model, browser = run.model, look_as(cast.ana)
    assert model is not None
    pages = {
        "runs": reverse("runs"),
        "run": reverse("run", args=[run.pk]),
        "models": reverse("models"),
        "model": reverse("model", args=[model.pk]),
        "compare": f"{reverse('runs-compare')}?run={run.pk}",
        "launch": reverse("run-new"),
    }
    assert {name for name, address in pages.items() if LOCKED not in words(browser.get(address))} == set()
    told = browser.get(reverse("api-model-detail", args=[model.pk])).json()
    assert numbers_in(told) == []
    assert (told["threshold"], set(told["card"]["threshold"].values())) == (None, {None})
    assert told["card"]["locked_because"] == LOCKED
    run.refresh_from_db()
    assert any(point["auc"] is not None for point in run.curves), "there is an AUC to hide"
    assert {point["auc"] for point in get_curves(run)} == {None}
    figure = json.loads(browser.get(reverse("run-curves", args=[run.pk])).content)["figure"]
    assert [one["name"] for one in figure["data"]] == ["loss in training"]

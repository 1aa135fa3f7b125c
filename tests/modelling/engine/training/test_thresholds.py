"""Thresholds by what a model was given; where none can be chosen the model says why and is still made."""

import numpy as np
import pytest

from modelling.engine.recipes import FILM_ONLY, THRESHOLD_RULES
from modelling.engine.training.thresholds import choose_thresholds

LABELS = np.array([1, 0, 1, 0])
ALL = np.array([0.9, 0.2, 0.7, 0.4])
NAN = np.nan


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_a_threshold_stands_between_those_with_and_without(rule: str) -> None:
    found = choose_thresholds(rule, LABELS, {"all": ALL})["all"]
    assert 0.4 < found["value"] <= 0.7
    assert found["words"] == THRESHOLD_RULES[rule]


def test_films_of_people_who_all_have_the_outcome_give_no_threshold_and_say_so() -> None:
    found = choose_thresholds("youden", LABELS, {"all": ALL, FILM_ONLY: np.array([0.9, NAN, 0.8, NAN])})
    assert 0.4 < found["all"]["value"] <= 0.7
    assert found[FILM_ONLY] == {
        "value": None, "rule": "youden", "words": "not set: everybody has the outcome among 2 people",
    }  # fmt: skip


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_films_of_people_who_all_lack_the_outcome_give_none_either(rule: str) -> None:
    found = choose_thresholds(rule, LABELS, {FILM_ONLY: np.array([NAN, 0.3, NAN, 0.1])})[FILM_ONLY]
    assert found["value"] is None
    assert found["words"] == "not set: nobody has the outcome among 2 people"

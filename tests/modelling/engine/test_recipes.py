"""Configurations of runs: defaults, and refusals that say what was found and what is wanted."""

from typing import Any

import pytest

from modelling.engine.recipes import PROFILES, RECIPES, defaults_of, fill
from modelling.engine.training.config import Config


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_recipe_and_profile_runs_on_its_own_defaults(recipe: str, profile: str) -> None:
    config = Config.of({"task": "OP_WHO", "recipe": recipe, "profile": profile})
    assert Config.of(config.as_json()) == config
    assert RECIPES[recipe].summary
    assert PROFILES[profile].summary


def test_the_profiles_differ_in_size_alone() -> None:
    small, published = defaults_of("fusion", "small"), defaults_of("fusion", "published")
    assert set(small) == set(published)
    assert (small["image_px"], published["image_px"]) == (96, 224)
    assert small["modality_dropout"] == published["modality_dropout"] == 0.3
    assert small["film_only_share"] >= 0.25


def test_a_clinical_run_looks_at_no_image() -> None:
    assert fill({"task": "OP_WHO", "recipe": "clinical", "modalities": ["film"]})["modalities"] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipe": "magic"}, "recipe is 'magic'; wanted one of fusion, clinical"),
        ({"profile": "huge"}, "profile is 'huge'; wanted one of small, published"),
        ({"task": ""}, "task is ''; wanted a name"),
        ({"speed": 3}, "the setting 'speed' is not known to the recipe 'fusion'"),
        ({"epochs": 0}, "epochs is 0; wanted a whole number from 1 to 2000"),
        ({"epochs": 1.5}, "epochs is 1.5; wanted a whole number"),
        ({"folds": True}, "folds is True; wanted a whole number from 2 to 20"),
        ({"dim": 30}, "dim is 30; wanted a multiple of heads"),
        ({"modalities": ["mri"]}, "modalities names 'mri'; there are film, dxa, pqct"),
        ({"modalities": "film"}, "modalities is 'film'; wanted a list of names"),
        ({"columns": ["age_y", "age_y"]}, "columns names something twice"),
        ({"augment": 1}, "augment is 1; wanted true or false"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; wanted a number"),
        ({"threshold_rule": "best on test"}, "threshold_rule is 'best on test'; wanted one of youden"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_wanted(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fill({"task": "OP_WHO", "recipe": "fusion"} | changes)


def test_a_setting_of_the_network_is_refused_by_the_clinical_recipe() -> None:
    with pytest.raises(ValueError, match="'epochs' is not known to the recipe 'clinical'"):
        fill({"task": "OP_WHO", "recipe": "clinical", "epochs": 3})

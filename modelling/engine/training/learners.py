"""Which module trains and predicts which recipe. Loaded by name, so that a recipe without torch loads no torch."""

import importlib
from typing import cast

from modelling.engine.training.trained import Learner

_MODULES = {"clinical": "modelling.engine.training.clinical", "fusion": "modelling.engine.training.fusion"}


def get_learner(recipe: str) -> Learner:
    """Return the learner of a recipe. Raises ValueError for a recipe that does not exist."""
    if recipe not in _MODULES:
        raise ValueError(f"the recipe '{recipe}' does not exist; there are {', '.join(_MODULES)}")
    return cast(Learner, importlib.import_module(_MODULES[recipe]))

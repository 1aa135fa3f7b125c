"""The threshold of a model, chosen from out-of-fold predictions before anything is revealed. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.metrics.discrimination import youden_threshold
from modelling.engine.metrics.estimates import NotEstimable
from modelling.engine.recipes import THRESHOLD_RULES

WANTED_SENSITIVITY = 0.9


def choose_thresholds(
    rule: str, labels: NDArray[np.int64], oof: Mapping[str, NDArray[np.float64]]
) -> dict[str, dict[str, Any]]:
    """Return the threshold by what the model was given, each with its rule in words.

    labels: (n,). oof: inputs -> p, each (n,), not a number for who lacks them. A threshold that cannot be chosen is
    None and its words say why: few have a film, say, and all of them the outcome.
    """
    found: dict[str, dict[str, Any]] = {}
    for inputs, p in oof.items():
        known = np.isfinite(p)
        value, words = None, THRESHOLD_RULES[rule]
        try:
            value = choose_threshold(rule, labels[known], p[known])
        except NotEstimable as error:
            words = f"not set: {error}"
        found[inputs] = {"value": value, "rule": rule, "words": words}
    return found


def choose_threshold(rule: str, labels: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Return the threshold by a rule of `recipes.THRESHOLD_RULES`; whoever reaches it is called positive.

    labels, p: (n,) of training people, each p by a model that had not seen that person.
    Raises ValueError for another rule; NotEstimable where all labels are the same.
    """
    if rule == "youden":
        return youden_threshold(labels, p)
    if rule == "sensitivity_0.9":
        events = np.sort(p[labels == 1])[::-1]
        if not events.size:
            raise NotEstimable(f"nobody has the outcome among {p.size} people")
        return float(events[int(np.ceil(WANTED_SENSITIVITY * events.size)) - 1])
    raise ValueError(f"the threshold rule '{rule}' does not exist")

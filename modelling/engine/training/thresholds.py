"""The threshold of a model, chosen from out-of-fold predictions before anything is revealed. Pure."""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.metrics.discrimination import youden_threshold

WANTED_SENSITIVITY = 0.9


def choose_threshold(rule: str, labels: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Return the threshold by a rule of `recipes.THRESHOLD_RULES`; whoever reaches it is called positive.

    labels, p: (n,) of training people, each p by a model that had not seen that person.
    Raises ValueError for another rule; NotEstimable where all labels are the same.
    """
    if rule == "youden":
        return youden_threshold(labels, p)
    if rule == "sensitivity_0.9":
        events = np.sort(p[labels == 1])[::-1]
        return float(events[int(np.ceil(WANTED_SENSITIVITY * events.size)) - 1])
    raise ValueError(f"the threshold rule '{rule}' does not exist")

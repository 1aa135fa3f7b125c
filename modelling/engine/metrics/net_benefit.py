"""Net benefit: what acting on a model is worth beside treating everybody and treating nobody."""

import numpy as np
import numpy.typing as npt

from modelling.engine.metrics.discrimination import confusion_at
from modelling.engine.metrics.estimates import as_truths


def net_benefit(labels: npt.ArrayLike, risks: npt.ArrayLike, threshold: float) -> float:
    """Return true positives less weighted false positives, per person, at a threshold inside 0 to 1.

    Definition: Vickers & Elkin, Med Decis Making 26:565 (2006). Treating nobody is worth 0.
    """
    counts = confusion_at(labels, risks, _checked(threshold))
    n = as_truths(labels).size
    return counts.tp / n - counts.fp / n * threshold / (1 - threshold)


def net_benefit_of_all(labels: npt.ArrayLike, threshold: float) -> float:
    """Return the net benefit of treating everybody."""
    share = float(np.mean(as_truths(labels)))
    return share - (1 - share) * _checked(threshold) / (1 - threshold)


def _checked(threshold: float) -> float:
    if not 0 < threshold < 1:
        raise ValueError(f"a threshold of {threshold}: one between 0 and 1 was wanted")
    return threshold

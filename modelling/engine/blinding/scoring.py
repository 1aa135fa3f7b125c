"""One score sheet from what was written down: the scorer makes it so, and whoever checks a bundle makes it again.

Pure. `scoring` is the JSON that lies beside the sheet: everything that went in but the labels and the predictions.
"""

from collections.abc import Mapping
from typing import Any

from modelling.engine.metrics.score_sheet import Facts, Protocol, Scored, Sheet, compute


def make_sheet(
    scoring: Mapping[str, Any],
    labels: Mapping[str, int],
    predictions: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float] | None = None,
) -> Sheet:
    """Return the score sheet over the labelled cases.

    scoring: {"facts", "protocol", "models"}, each with the fields of the engine's classes; a model also names its
    `submission`. labels: token → 0 or 1. predictions: submission → token → probability; those of cases without a
    label are left out. weights: token → survey weight.
    Raises ValueError, KeyError or TypeError where they do not fit together.
    """
    models = []
    for one in scoring["models"]:
        given = predictions[one["submission"]]
        fields = {name: value for name, value in one.items() if name in Scored.__dataclass_fields__}
        models.append(Scored(**fields, predictions={token: given[token] for token in labels}))
    return compute(
        Facts(**scoring["facts"]),
        labels,
        models,
        Protocol(**scoring["protocol"]),
        weights=None if weights is None else {token: weights[token] for token in labels},
    )

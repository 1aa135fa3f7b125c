"""Tasks whose numbers are locked while too few events were seen (DECISIONS 5); each place says how many (pure).

The engine writes no score of such a model. Here is what pages and answers show of any: of a run that is under way, and
of a model version registered before its task was locked.
"""

from collections.abc import Mapping
from typing import Any

from modelling.engine.metrics.tasks import NOT_ESTIMABLE, describe_task, why_untaught
from modelling.engine.training.measure import blank_scores
from modelling.zoo.models import ModelVersion


def why_locked(task: str, n_events: int) -> str:
    """Return what stands where a task's number would, beginning "not estimable: 3 events"; empty if it may be shown."""
    why = why_untaught(task, n_events)
    return f"{NOT_ESTIMABLE}{why}" if why else ""


def why_locked_for(model: ModelVersion) -> str:
    """Return the same of a model version, by the events it learned from."""
    return why_locked(model.task, int(model.card["n_events"]))


def say_lock(task: str, n_events: int | None) -> str:
    """Return a sentence on a task that can be trained and is locked; empty for any other.

    n_events: in the newest training snapshot; None where there is none yet.
    """
    words = describe_task(task)
    if not why_untaught(task, n_events or 0):
        return ""
    found = "its events are not counted yet" if n_events is None else why_locked(task, n_events)
    return (
        f"{words.title} ({task}), {found}. It can be trained; its numbers are shown once at least "
        f"{words.min_training_events} adjudicated events are in training and {words.min_test_events} in test."
    )


def metrics_of(model: ModelVersion) -> dict[str, Any]:
    """Return a model version's scores as they may be shown: of a locked task none, each with the reason."""
    if why := why_untaught(model.task, int(model.card["n_events"])):
        return {**model.metrics, "inputs": _blank(model.metrics["inputs"], why)}
    return dict(model.metrics)


def card_of(model: ModelVersion) -> dict[str, Any]:
    """Return a model version's card as it may be shown."""
    card = dict(model.card)
    if why := why_untaught(model.task, int(card["n_events"])):
        card |= {"scores": _blank(card["scores"], why), "threshold": dict.fromkeys(card["threshold"])}
    return card


def hide_points(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points of a locked run's curves: its losses alone."""
    return [{**one, "auc": None, "auc_film": None} for one in points]


def _blank(inputs: Mapping[str, Any], why: str) -> dict[str, Any]:
    return {name: blank_scores(scores, why) for name, scores in inputs.items()}

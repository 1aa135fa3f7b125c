"""The card of a model: what it predicts, from whom it learned, and what it must not be used for. Pure.

Words for a task come from the one catalogue, `modelling.engine.metrics.tasks`.
"""

from collections.abc import Mapping
from typing import Any

from modelling.engine.metrics.tasks import (
    NOT_ESTIMABLE,
    ONLY_SIMULATED,
    RESEARCH_USE,
    SIMULATED,
    describe_task,
    why_untaught,
)
from modelling.engine.recipes import FILM_ONLY, PROFILES, RECIPES

FEW_EVENTS = 20


def write_card(model: Mapping[str, Any], metrics: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card. Raises KeyError for a task without words in the catalogue."""
    task = describe_task(model["task"])
    recipe = RECIPES[model["recipe"]]
    why_locked = why_untaught(model["task"], model["n_events"])
    return {
        "format": "trabecula.card/1",
        "mark": SIMULATED if model["origin"] == "simulated" else "",
        "title": f"{task.title}: {recipe.title}",
        "predicts": task.output,
        "is_locked": bool(why_locked),
        "locked_because": f"{NOT_ESTIMABLE}{why_locked}" if why_locked else "",
        "recipe": recipe.summary,
        "profile": PROFILES[model["profile"]].summary,
        "origin": model["origin"],
        "n": model["n"],
        "n_events": model["n_events"],
        "learned_from": f"{model['n']} participants, {model['n_events']} of them {task.with_it}",
        "looks_at": {"modalities": model["modalities"], "columns": [one["name"] for one in model["columns"]]},
        "left_out": list(manifest.get("left_out") or []),
        "threshold": {name: one["value"] for name, one in model["thresholds"].items()},
        "threshold_rule": next(iter(model["thresholds"].values()))["words"],
        "scores": metrics["inputs"],
        "primary": metrics["primary"],
        "interval": "Each prediction carries an interval spanning the models of the folds and the Venn-Abers pair of "
        "probabilities, and the outcomes compatible with it at the stated confidence, both from out-of-fold "
        "predictions of training people.",
        "limits": _list_limits(model),
        "use": RESEARCH_USE,
    }


def _list_limits(model: Mapping[str, Any]) -> list[str]:
    n_events = model["n_events"]
    limits = [
        "The scores are of people it was trained among, by cross-validation; a blinded evaluation judges it.",
        f"With {n_events} events about {max(1, n_events // 10)} numbers can be learned reliably; expect "
        "another sample of people to give another model."
        if n_events < 10 * FEW_EVENTS
        else f"It learned from {n_events} events.",
        "It was not tried on other devices, other clinics or people unlike those in the study.",
    ]
    if model["origin"] == "simulated":
        limits.insert(0, ONLY_SIMULATED[0].upper() + ONLY_SIMULATED[1:] + ".")
    if FILM_ONLY in model["inputs"]:
        limits.append("From the radiograph alone it knows less; that is scored apart, under 'film'.")
    elif model["modalities"]:
        limits.append(
            "It does not answer from a radiograph alone, having learned from too few of them or none: "
            "it cannot be entered into a blinded evaluation."
        )
    return limits

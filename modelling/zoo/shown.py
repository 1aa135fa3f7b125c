"""A model version as its page shows it. Reads nothing but what it is given."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from frontend.parts import Cell, Chart, Column, Table
from modelling.engine.recipes import WORDS_OF_INPUTS
from modelling.engine.training.admissible import TASKS
from modelling.zoo.locks import metrics_of, why_locked_for
from modelling.zoo.models import ModelVersion


def auc_of(scores: Mapping[str, Any]) -> str:
    """Return a pooled AUC with its interval; never without it."""
    auc = scores.get("auc_pooled") or {}
    if auc.get("value") is None or auc.get("lower") is None:
        return f"not estimable: {auc.get('why', 'one label only')}"
    return f"{auc['value']:.2f} ({auc['lower']:.2f} to {auc['upper']:.2f})"


def models_table(models: Iterable[ModelVersion]) -> Table:
    """Return the list of model versions."""
    rows = [
        (
            Cell(one.name, url=reverse("model", args=[one.pk])),
            Cell(f"{one.study}{' · SIMULATED' if one.origin == 'simulated' else ''}"),
            Cell(TASKS[one.task]),
            Cell(WORDS_OF_INPUTS[one.answers_from]),
            Cell(auc_of(metrics_of(one)["inputs"][one.answers_from])),
            Cell(f"{timezone.localtime(one.made_at):%-d %b %Y, %H:%M}"),
        )
        for one in models
    ]
    columns = ("Model version", "Study", "Task", "Answers from", "AUC, out of fold (95 %)", "Made")
    return Table("Model versions", columns, rows, empty="No model version yet: train one.")


def scores_table(model: ModelVersion) -> Table:
    """Return the out-of-fold scores by what the model was given; the mean of the folds, never the best."""
    rows = [
        (
            WORDS_OF_INPUTS[inputs],
            auc_of(scores),
            "" if scores["auc_mean"] is None else f"{scores['auc_mean']:.2f}",
            ", ".join("not estimable" if one["auc"] is None else f"{one['auc']:.2f}" for one in scores["folds"]),
            str(scores["n"]),
            str(scores["n_events"]),
        )
        for inputs, scores in metrics_of(model)["inputs"].items()
    ]
    columns = (
        "Given",
        "AUC pooled (95 %)",
        Column("Mean of the folds", is_number=True),
        "Each fold",
        Column("Participants", is_number=True),
        Column("With the label", is_number=True),
    )
    return Table("Scores in cross-validation", columns, rows)


def make_scores_chart(model: ModelVersion) -> Chart:
    """Return the AUC by what the model was given, with intervals."""
    known = [(WORDS_OF_INPUTS[inputs], scores["auc_pooled"]) for inputs, scores in metrics_of(model)["inputs"].items()]
    figure = make_auc_figure(known)
    figure["layout"]["height"] = 220
    sentence = "How well it separates training participants it had not seen; at 0.5 nothing is separated."
    return Chart("model-scores", sentence, figure, scores_table(model))


def make_auc_figure(estimates: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the Plotly figure of AUCs with their intervals, one under the other.

    estimates: (name, {value, lower, upper}); what could not be estimated is left out.
    """
    known = [(name, one) for name, one in estimates if one.get("lower") is not None]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [one["value"] for _, one in known],
                "y": [name for name, _ in known],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [one["upper"] - one["value"] for _, one in known],
                    "arrayminus": [one["value"] - one["lower"] for _, one in known],
                },
                "marker": {"size": 11},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "AUC, out of fold, 95 % interval"}, "range": [0, 1.02]},
            "yaxis": {"autorange": "reversed"},
            "shapes": [
                {"type": "line", "x0": 0.5, "x1": 0.5, "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot"}}
            ],
            "showlegend": False,
        },
    }


def facts_of(model: ModelVersion) -> list[tuple[str, str]]:
    """Return what is known of a model version, as pairs of a word and its value."""
    card = model.card
    looks_at = card["looks_at"]
    return [
        ("Predicts", card["predicts"]),
        ("Answers, in an evaluation, from", WORDS_OF_INPUTS[model.answers_from]),
        ("Learned from", card["learned_from"]),
        ("Origin of its data", model.get_origin_display()),
        ("Images", ", ".join(looks_at["modalities"]) or "none"),
        ("Columns", f"{len(looks_at['columns'])}: {', '.join(looks_at['columns'][:12])}"),
        ("Threshold", _say_threshold(model)),
        ("Taught by finite elements", "yes: its evaluation is no mechanical validation" if model.fe_taught else "no"),
        ("Recipe", card["recipe"]),
        ("Intervals", card["interval"]),
    ]


def _say_threshold(model: ModelVersion) -> str:
    if model.threshold is None:
        return "not set"
    return why_locked_for(model) or f"{model.threshold:.3f}, {model.card['threshold_rule']}"


def hashes_of(model: ModelVersion) -> list[tuple[str, str]]:
    """Return the hashes that bind the model version."""
    return [
        ("Weights", model.weights_sha256),
        ("model.json", model.model_sha256),
        ("Manifest of the snapshot", model.snapshot.sha256),
    ]


def files_table(model: ModelVersion) -> Table:
    """Return the files of a model version, each to take along."""
    rows = [
        (
            Cell(one["path"], url=reverse("model-file", args=[model.pk, one["path"]])),
            Cell(f"{one['bytes']:,}"),
            Cell(one["sha256"][:16], is_code=True),
        )
        for one in model.files
    ]
    return Table("Files", ("File", Column("Bytes", is_number=True), "SHA-256 begins"), rows)

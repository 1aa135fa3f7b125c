"""Charts of runs: loss and AUC by epoch while a run trains, and runs side by side."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from frontend.parts import Chart, Column, Table
from modelling.zoo.shown import make_auc_figure

Point = Mapping[str, Any]


def mean_by_epoch(points: Iterable[Point], name: str) -> list[tuple[int, float]]:
    """Return (epoch, mean over folds) of what was measured; an epoch nobody could measure is left out."""
    found: dict[int, list[float]] = defaultdict(list)
    for point in points:
        if point.get(name) is not None:
            found[int(point["epoch"])].append(float(point[name]))
    return [(epoch, fmean(values)) for epoch, values in sorted(found.items())]


def make_curves_chart(points: Sequence[Point], live_url: str = "") -> Chart:
    """Return the chart of a run: losses to the left axis, AUC of the folds left out to the right one."""
    rows = _rows(points)
    columns = (
        Column("Epoch", is_number=True),
        Column("Loss in training", is_number=True),
        Column("AUC in the fold left out", is_number=True),
        Column("AUC from the radiograph alone", is_number=True),
    )
    return Chart(
        dom_id="run-curves",
        sentence=_sentence(rows),
        figure=make_curves_figure(points),
        table=Table("Curves, means over folds", columns, rows, empty="No epoch is done yet."),
        live_url=live_url,
    )


def make_curves_figure(points: Sequence[Point]) -> dict[str, Any]:
    """Return the Plotly figure of a run's curves."""
    lines = [
        ("loss", "loss in training", "y", "dot", 2),
        ("auc", "AUC in the fold left out", "y2", "solid", 3),
        ("auc_film", "AUC from the radiograph alone", "y2", "dash", 2),
    ]
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": words,
            "yaxis": axis,
            "x": [epoch for epoch, _ in mean_by_epoch(points, name)],
            "y": [round(value, 4) for _, value in mean_by_epoch(points, name)],
            "line": {"dash": dash, "width": width},
            "marker": {"size": 5},
        }
        for name, words, axis, dash, width in lines
        if mean_by_epoch(points, name)
    ]
    layout = {
        "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "loss"}, "rangemode": "tozero"},
        "yaxis2": {
            "title": {"text": "AUC"},
            "overlaying": "y",
            "side": "right",
            "range": [0, 1],
            "showgrid": False,
            "automargin": True,
            # Ticks of its own: by default an overlaid axis takes those of the other one, at odd values.
            "tickmode": "linear",
            "dtick": 0.2,
        },
        "margin": {"l": 56, "r": 72, "t": 16, "b": 56},
    }
    return {"data": data, "layout": layout}


def make_comparison_chart(names: Sequence[str], estimates: Sequence[Mapping[str, Any]]) -> Chart:
    """Return the AUC of several models with their intervals, one under the other.

    estimates: {value, lower, upper} of each, None where it could not be estimated.
    """
    rows = [
        (name, *(_number(one.get(part)) for part in ("value", "lower", "upper")))
        for name, one in zip(names, estimates, strict=True)
    ]
    columns = (
        "Model",
        Column("AUC", is_number=True),
        Column("95 % from", is_number=True),
        Column("to", is_number=True),
    )
    sentence = "AUC of each model, out of fold, with its 95 % interval; at 0.5 nothing is separated."
    figure = make_auc_figure(zip(names, estimates, strict=True))
    return Chart("run-comparison", sentence, figure, Table("AUC side by side", columns, rows))


def _rows(points: Sequence[Point]) -> list[tuple[int | str, ...]]:
    by_name = {name: dict(mean_by_epoch(points, name)) for name in ("loss", "auc", "auc_film")}
    epochs = sorted({epoch for values in by_name.values() for epoch in values})
    return [(epoch, *(_number(values.get(epoch)) for values in by_name.values())) for epoch in epochs]


def _sentence(rows: Sequence[tuple[int | str, ...]]) -> str:
    if not rows:
        return "The curves begin with the first epoch."
    epoch, _, auc, film = rows[-1]
    alone = f", from the radiograph alone {film}" if film else ""
    return f"After epoch {epoch} the AUC in the folds left out is {auc or 'not estimable'}{alone} (means over folds)."


def _number(value: object) -> str:
    return "" if value is None else f"{float(value):.3f}"  # type: ignore[arg-type]

"""The report's figures as Plotly charts for the page, each with its sentence and its numbers. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from frontend.parts import Cell, Chart, Column, Table
from modelling.reports.document import FigureName, FigureOf
from modelling.reports.numbers import Value, take_numbers
from modelling.reports.sentences import groups_of
from modelling.reports.words import Sheet, count, estimate, primary_of

TEAL, AMBER, QUIET, RED, BLUE = "#1b7f86", "#a86a00", "#7d8a86", "#c0392f", "#2f6db5"
"""Colours that can be told apart on a light and on a dark page."""

Trace = dict[str, Any]
_SHOWN_ROWS: Final = 60


def make_chart(sheet: Sheet, figure: FigureOf) -> Chart:
    """Return a figure as a chart. Raises KeyError for one that the page draws in another way."""
    traces, layout = _DRAW[figure.name](sheet)
    return Chart(
        dom_id=f"figure-{figure.name}",
        sentence=figure.caption,
        figure={"data": traces, "layout": layout},
        table=make_numbers_table(sheet, figure.name),
    )


def make_numbers_table(sheet: Sheet, name: FigureName) -> Table:
    """Return the numbers behind a figure; of very many the first rows, the download has all."""
    found = take_numbers(sheet, name)
    cut = found.rows[:_SHOWN_ROWS]
    note = "" if len(cut) == len(found.rows) else f"The first {_SHOWN_ROWS} of {count(len(found.rows))}; all as CSV."
    columns: list[Column | str] = [
        Column(label, is_number=any(isinstance(row[i], float | int) for row in cut))
        for i, label in enumerate(found.columns)
    ]
    return Table("The numbers behind the figure", columns, [[_write(value) for value in row] for row in cut], note)


def _write(value: Value) -> Cell:
    if value is None:
        return Cell("nobody")
    return Cell(f"{value:.3f}" if isinstance(value, float) else str(value))


def _line(x: Sequence[float], y: Sequence[float], name: str, colour: str, **more: Any) -> Trace:
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, "line": {"color": colour, **more}}


def _unit_axis(title: str) -> dict[str, Any]:
    return {"title": {"text": title}, "range": [-0.02, 1.02]}


def _roc(sheet: Sheet) -> tuple[list[Trace], dict[str, Any]]:
    traces = [{**_line([0, 1], [0, 1], "chance", QUIET, width=1, dash="dot"), "hoverinfo": "skip"}]
    for model in reversed(sheet["models"]):
        is_primary = model["role"] == "primary"
        style = {"width": 3} if is_primary else {"width": 1.5, "dash": "dash"}
        x, y = ([point[i] for point in model["roc"]] for i in (0, 1))
        name = f"{model['name']}: {estimate(model['auc'])}"
        traces.append(_line(x, y, name, TEAL if is_primary else AMBER, **style))
    if (cross := _cross(primary_of(sheet))) is not None:
        traces.append(cross)
    x_axis = _unit_axis("1 \N{MINUS SIGN} specificity")
    return traces, {"xaxis": x_axis, "yaxis": _unit_axis("Sensitivity"), "height": 480}


def _cross(model: Mapping[str, Any]) -> Trace | None:
    """Return the locked threshold with the intervals of sensitivity and specificity as arms."""
    up, across = model["sensitivity"], model["specificity"]
    if up["value"] is None or across["value"] is None:
        return None
    arms_x = {"array": [across["value"] - across["lower"]], "arrayminus": [across["upper"] - across["value"]]}
    arms_y = {"array": [up["upper"] - up["value"]], "arrayminus": [up["value"] - up["lower"]]}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [1 - across["value"]],
        "y": [up["value"]],
        "name": "locked threshold",
        "marker": {"size": 9, "color": QUIET},
        "error_x": {"type": "data", "symmetric": False, "color": QUIET, "thickness": 1, **arms_x},
        "error_y": {"type": "data", "symmetric": False, "color": QUIET, "thickness": 1, **arms_y},
    }


def _comparison(sheet: Sheet) -> tuple[list[Trace], dict[str, Any]]:
    shown = [model for model in reversed(sheet["models"]) if model["auc"]["value"] is not None]
    traces = []
    for model in shown:
        auc, colour = model["auc"], TEAL if model["role"] == "primary" else AMBER
        arms = {"array": [auc["upper"] - auc["value"]], "arrayminus": [auc["value"] - auc["lower"]]}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [auc["value"]],
                "y": [model["name"]],
                "name": estimate(auc),
                "marker": {"size": 11, "symbol": "square", "color": colour},
                "error_x": {"type": "data", "symmetric": False, "color": colour, "thickness": 2, **arms},
            }
        )
    lowest = min([0.45, *(model["auc"]["lower"] - 0.03 for model in shown)])
    chance = {"type": "line", "x0": 0.5, "x1": 0.5, "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot"}}
    layout = {"xaxis": {"title": {"text": "AUC"}, "range": [lowest, 1.01]}, "shapes": [chance], "showlegend": False}
    layout["yaxis"] = {"range": [-0.7, len(shown) - 0.3]}
    return traces, {**layout, "height": max(320, 140 + 60 * len(shown))}


def _risks(sheet: Sheet) -> tuple[list[Trace], dict[str, Any]]:
    model, names = primary_of(sheet), groups_of(sheet)
    traces = [
        {
            "type": "box",
            "orientation": "h",
            "x": model["risks"][key],
            "name": name,
            "boxpoints": "all",
            "jitter": 0.6,
            "pointpos": 0,
            "fillcolor": "rgba(0,0,0,0)",
            "line": {"width": 0},
            "marker": {"color": colour, "size": 7 if len(model["risks"][key]) < 200 else 3, "opacity": 0.7},
        }
        for key, name, colour in (("without", names[1], BLUE), ("with", names[0], RED))
    ]
    layout: dict[str, Any] = {"xaxis": _unit_axis("Predicted likelihood"), "height": 320, "showlegend": False}
    if (at := model["threshold"]) is not None:
        layout["shapes"] = [
            {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dash"}}
        ]
    return traces, layout


def _calibration(sheet: Sheet) -> tuple[list[Trace], dict[str, Any]]:
    curve = primary_of(sheet)["calibration"]["curve"]
    x, y = ([point[i] for point in curve] for i in (0, 1))
    top = min(1.0, 1.1 * max([*x, *y]))
    traces = [
        _line([0, top], [0, top], "means what it says", QUIET, dash="dot"),
        _line(x, y, "smoothed", TEAL, width=3),
    ]
    axes = {
        "xaxis": {"title": {"text": "Predicted likelihood"}, "range": [0, top]},
        "yaxis": {"title": {"text": "Share with the outcome"}, "range": [0, top]},
    }
    return traces, {**axes, "height": 420}


def _net_benefit(sheet: Sheet) -> tuple[list[Trace], dict[str, Any]]:
    rows = primary_of(sheet)["net_benefit"]
    at = [row[0] for row in rows]
    traces = [
        _line(at, [0.0] * len(at), "act on nobody", QUIET, width=1),
        _line(at, [row[2] for row in rows], "act on everybody", AMBER, width=1.5, dash="dash"),
        _line(at, [row[1] for row in rows], "act on the model", TEAL, width=3),
    ]
    top = max(0.05, *(max(row[1:]) for row in rows))
    floor = min(0.0, *(row[1] for row in rows)) - 0.15 * top
    axes = {
        "xaxis": {"title": {"text": "Threshold"}},
        "yaxis": {"title": {"text": "Net benefit a person"}, "range": [floor, 1.1 * top]},
    }
    return traces, {**axes, "height": 360}


_DRAW: Final[Mapping[FigureName, Callable[[Sheet], tuple[list[Trace], dict[str, Any]]]]] = {
    "roc": _roc,
    "comparison": _comparison,
    "risks": _risks,
    "calibration": _calibration,
    "net_benefit": _net_benefit,
}

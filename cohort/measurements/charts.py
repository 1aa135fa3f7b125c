"""Charts of measurements (pure): where values lie in what is expected, and how they go from visit to visit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cohort.measurements.access import MeasuredValue
from cohort.measurements.expected import find_expected
from cohort.measurements.site_precision import SitePrecision, choose_least
from frontend.parts import Cell, Chart, Column, Row, Table
from frontend.units import MISSING, with_unit, write_unit
from modelling.engine.features.catalogue import QUANTITIES, Quantity
from modelling.engine.features.precision import is_significant

_SPAN = (-60.0, 160.0)
"""Per cent of the expected range that is drawn; what lies farther out stands at the end."""


def make_band_chart(key: str, values: Sequence[tuple[Quantity, float]]) -> Chart | None:
    """Return each value's place in the range it is expected in; None where nothing of it has such a range."""
    placed: list[tuple[Quantity, float, float]] = []
    rows: list[Row] = []
    for known, value in values:
        expected = find_expected(known)
        if expected is None:
            continue
        percent = 100.0 * (value - expected.lowest) / (expected.highest - expected.lowest)
        placed.append((known, value, min(max(percent, _SPAN[0]), _SPAN[1])))
        rows.append((known.title, _write(value, known), expected.words, "yes" if expected.holds(value) else "no"))
    if not placed:
        return None
    outside = sum(row[3] == "no" for row in rows)
    columns = ("Quantity", Column("Value", is_number=True), "Expected", "Within")
    return Chart(
        dom_id=f"band-{key}",
        sentence=f"{len(rows) - outside} of {len(rows)} values lie in the range that the form expects (shaded); it is "
        "no reference of healthy people.",
        figure=_band_figure(placed),
        table=Table("Values and what is expected", columns, rows),
    )


def _band_figure(placed: Sequence[tuple[Quantity, float, float]]) -> dict[str, Any]:
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [round(percent, 1) for _, _, percent in placed],
                "y": [known.symbol for known, _, _ in placed],
                "text": [_write(value, known) for known, value, _ in placed],
                "hoverinfo": "text+y",
                "marker": {"size": 11},
            }
        ],
        "layout": {
            "xaxis": {
                "title": {"text": "0 and 100: ends of the expected range"},
                "range": [_SPAN[0] - 8, _SPAN[1] + 8],
            },
            "yaxis": {"autorange": "reversed", "automargin": True},
            "shapes": [_band("x", 0.0, 100.0)],
            "showlegend": False,
            "height": 140 + 34 * len(placed),
        },
    }


def make_trends(values: Iterable[MeasuredValue], own: Mapping[str, SitePrecision] | None = None) -> list[Chart]:
    """Return a chart of each quantity with a known repeat error that was measured at two visits of the same forearm.

    own: what the site itself has found of its precision, by the name of the quantity.
    """
    by_name: dict[tuple[str, str], list[MeasuredValue]] = defaultdict(list)
    for one in values:
        if QUANTITIES[one.measurement.name].cv_percent is not None:
            by_name[one.measurement.name, one.series.side].append(one)
    order = list(QUANTITIES)
    charts = []
    for (name, side), found in sorted(by_name.items(), key=lambda one: (order.index(one[0][0]), one[0][1])):
        visits = _one_a_visit(found)
        if len(visits) > 1:
            charts.append(_make_trend(QUANTITIES[name], side, visits, own or {}))
    return charts


def _one_a_visit(values: Iterable[MeasuredValue]) -> list[MeasuredValue]:
    """Return the last attempt of each visit, in the order of the visits."""
    last = {one.series.visit_id: one for one in sorted(values, key=lambda one: one.series.attempt)}
    return sorted(last.values(), key=lambda one: (one.series.visit.due_on, one.series.visit.code))


def _make_trend(known: Quantity, side: str, visits: Sequence[MeasuredValue], own: Mapping[str, SitePrecision]) -> Chart:
    first = visits[0].measurement.value
    least, source = choose_least(known, first, own)
    rows: list[Row] = []
    for one in visits:
        change = one.measurement.value - first
        word = "greater than" if is_significant(change, least) else "within"
        said = MISSING if one is visits[0] else f"{change:+.{known.decimals}f} ({100 * change / first:+.1f} %)"
        note = "" if one is visits[0] else f"{word} measurement error"
        rows.append((one.series.visit.code, _write(one.measurement.value, known), Cell(said, note=note)))
    words = {"L": "left", "R": "right"}[side]
    columns = ("Visit", Column("Value", is_number=True), "Change from the first")
    return Chart(
        dom_id=f"trend-{known.name.replace('.', '-').replace('@', '-')}-{side}",
        sentence=f"{known.title}, {words}: from {_write(first, known)} to {rows[-1][1]}; the shaded band is the least "
        f"significant change, {_write(least, known)} ({source}).",
        figure=_trend_figure(known, visits, first, least),
        table=Table(f"{known.title}, {words}", columns, rows),
    )


def _trend_figure(known: Quantity, visits: Sequence[MeasuredValue], first: float, least: float) -> dict[str, Any]:
    unit = "" if known.unit == "1" else f", {write_unit(known.unit)}"
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [one.series.visit.code for one in visits],
                "y": [round(one.measurement.value, known.decimals + 1) for one in visits],
                "line": {"width": 2},
                "marker": {"size": 9},
            }
        ],
        "layout": {
            "xaxis": {"title": {"text": "visit"}, "type": "category"},
            "yaxis": {"title": {"text": f"{known.symbol}{unit}"}, "automargin": True},
            "shapes": [_band("y", first - least, first + least)],
            "showlegend": False,
            "margin": {"l": 72, "r": 24, "t": 16, "b": 64},
        },
    }


def _band(axis: str, low: float, high: float) -> dict[str, Any]:
    """Return a shaded band between two values of an axis, from end to end of the other."""
    other = "y" if axis == "x" else "x"
    return {
        "type": "rect", f"{axis}0": low, f"{axis}1": high, f"{other}ref": "paper", f"{other}0": 0, f"{other}1": 1,
        "fillcolor": "#3b8ed0", "opacity": 0.18, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _write(value: float, known: Quantity) -> str:
    return with_unit(f"{value:.{known.decimals}f}", "" if known.unit == "1" else known.unit).strip()

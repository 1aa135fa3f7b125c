"""The numbers behind each figure as a table: for the page, for the CSV download, for whoever cannot see it. Pure."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from modelling.engine.metrics.tasks import RESEARCH_USE
from modelling.reports.document import FigureName
from modelling.reports.sentences import groups_of
from modelling.reports.words import Sheet, primary_of

Value = str | int | float | None
Rows = Sequence[Sequence[Value]]


@dataclass(frozen=True)
class Numbers:
    """A figure's numbers, one row a point."""

    columns: Sequence[str]
    rows: Rows


def list_figures(sheet: Sheet) -> list[FigureName]:
    """Return the figures this sheet has numbers for."""
    return [name for name, take in _TAKE.items() if take(sheet).rows]


def take_numbers(sheet: Sheet, name: FigureName) -> Numbers:
    """Return the numbers of a figure. Raises KeyError for a figure nobody listed."""
    return _TAKE[name](sheet)


def write_csv(sheet: Sheet, name: FigureName, marks: Sequence[str]) -> bytes:
    """Return a figure's numbers as CSV; the lines above the header start with # and carry every mark."""
    found = take_numbers(sheet, name)
    file = io.StringIO(newline="")
    for line in (*marks, RESEARCH_USE, f"evaluation {sheet['evaluation']}, figure {name}"):
        file.write(f"# {line}\r\n")
    writer = csv.writer(file)
    writer.writerow(found.columns)
    writer.writerows(["" if value is None else value for value in row] for row in found.rows)
    return file.getvalue().encode()


def _roc(sheet: Sheet) -> Numbers:
    return Numbers(("false positive rate", "true positive rate", "threshold"), primary_of(sheet)["roc"])


def _confusion(sheet: Sheet) -> Numbers:
    counts = primary_of(sheet)["confusion"]
    with_it, without = groups_of(sheet)
    columns = ("truth", "called positive", "called negative")
    if counts is None:
        return Numbers(columns, [])
    return Numbers(columns, [[with_it, counts["tp"], counts["fn"]], [without, counts["fp"], counts["tn"]]])


def _comparison(sheet: Sheet) -> Numbers:
    rows = [
        [model["name"], *(model["auc"][key] for key in ("value", "lower", "upper"))]
        for model in sheet["models"]
        if model["auc"]["value"] is not None
    ]
    return Numbers(("model", "AUC", "lower", "upper"), rows if len(sheet["models"]) > 1 else [])


def _risks(sheet: Sheet) -> Numbers:
    risks = primary_of(sheet)["risks"]
    with_it, without = groups_of(sheet)
    rows = [[with_it, risk] for risk in risks["with"]] + [[without, risk] for risk in risks["without"]]
    return Numbers(("group", "likelihood"), rows)


def _calibration(sheet: Sheet) -> Numbers:
    return Numbers(("likelihood", "smoothed share"), primary_of(sheet)["calibration"]["curve"])


def _net_benefit(sheet: Sheet) -> Numbers:
    return Numbers(("threshold", "model", "everybody"), primary_of(sheet)["net_benefit"])


def _flow(sheet: Sheet) -> Numbers:
    return Numbers(("step", "people"), [[one["step"], one["n"]] for one in sheet["flow"]])


_TAKE: Final[Mapping[FigureName, Callable[[Sheet], Numbers]]] = {
    "roc": _roc,
    "confusion": _confusion,
    "comparison": _comparison,
    "risks": _risks,
    "calibration": _calibration,
    "net_benefit": _net_benefit,
    "flow": _flow,
}

"""A report's sections as the page shows them: each block with the partial that draws it. Pure."""

from dataclasses import dataclass
from typing import Any

from frontend.parts import Cell, Column, Table
from modelling.reports.charts import make_chart
from modelling.reports.document import Block, Bullets, Code, FigureOf, Grid, Paragraph, Report
from modelling.reports.sentences import groups_of
from modelling.reports.words import Sheet, count, primary_of


@dataclass(frozen=True)
class Piece:
    """One block of the page: which partial, with what. name: the figure's, for its downloads."""

    kind: str
    value: Any
    name: str = ""


@dataclass(frozen=True)
class Part:
    """One section of the page with the anchor its contents list points to."""

    title: str
    anchor: str
    pieces: list[Piece]


def make_parts(report: Report, sheet: Sheet) -> list[Part]:
    """Return the sections of the page, in the order of the PDF."""
    return [
        Part(section.title, f"section-{number}", [_make_piece(block, sheet) for block in section.blocks])
        for number, section in enumerate(report.sections, start=1)
    ]


def _make_piece(block: Block, sheet: Sheet) -> Piece:
    match block:
        case Paragraph():
            return Piece("strong" if block.is_strong else "text", block.text)
        case Bullets():
            return Piece("bullets", block.items)
        case Code():
            return Piece("code", block.text)
        case Grid():
            return Piece("table", _make_table(block))
        case FigureOf():
            return _make_figure(block, sheet)


def _make_figure(figure: FigureOf, sheet: Sheet) -> Piece:
    if figure.name == "confusion":
        counts, (with_it, without) = primary_of(sheet)["confusion"], groups_of(sheet)
        rows = [
            (name, *(count(counts[key]) for key in keys))
            for name, keys in ((with_it, ("tp", "fn")), (without, ("fp", "tn")))
        ]
        return Piece("confusion", {"caption": figure.caption, "rows": rows}, figure.name)
    if figure.name == "flow":
        return Piece(
            "flow",
            {"caption": figure.caption, "steps": [(one["step"], count(one["n"])) for one in sheet["flow"]]},
            figure.name,
        )
    return Piece("chart", make_chart(sheet, figure), figure.name)


def _make_table(grid: Grid) -> Table:
    columns: list[Column | str] = [Column(name, is_number=i in grid.numbers) for i, name in enumerate(grid.columns)]
    rows = [[Cell(text, is_code=i in grid.codes) for i, text in enumerate(row)] for row in grid.rows]
    return Table(grid.caption, columns, rows)

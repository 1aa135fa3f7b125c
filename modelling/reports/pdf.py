"""A report as PDF, by ReportLab. Pure: text goes in, the same bytes come out whenever it is built again."""

import io
import json
from collections.abc import Sequence
from html import escape
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    Image,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.flowables import Flowable

from modelling.reports import pdf_page as page
from modelling.reports.build import build_report
from modelling.reports.document import Block, Bullets, Code, FigureOf, Grid, Report, Section
from modelling.reports.document import Paragraph as Words
from modelling.reports.figures import DPI, draw
from modelling.reports.words import Sheet

SMALL = frozenset({"confusion", "comparison", "risks", "net_benefit", "flow"})
"""Figures printed at less than their own size."""


def print_report(text: str) -> bytes:
    """Return the PDF of a score sheet, given as its frozen text.

    Raises ValueError if the text is no score sheet of the known form.
    """
    report, sheet = build_report(text), json.loads(text)
    page.register_fonts()
    file = io.BytesIO()
    template = BaseDocTemplate(
        file,
        pagesize=(page.WIDTH, page.HEIGHT),
        leftMargin=page.MARGIN,
        rightMargin=page.MARGIN,
        topMargin=20 * mm,
        bottomMargin=20 * mm,
        title=" ".join((*report.marks, report.title)),
        author="Trabecula",
        subject=report.first_sentence,
        invariant=1,
        pageCompression=1,
        lang="en-GB",
    )
    frame = Frame(page.MARGIN, 18 * mm, page.TEXT_WIDTH, page.HEIGHT - 36 * mm, 0, 0, 0, 0)
    template.addPageTemplates(PageTemplate(frames=[frame]))
    template.build(_tell(report, sheet), canvasmaker=_make_canvas(report))
    return file.getvalue()


def _make_canvas(report: Report) -> type[page.MarkedCanvas]:
    """Return the canvas of this report; ReportLab wants a class, not an instance."""
    facts = {
        "marks": report.marks,
        "head": f"Trabecula · Report of a blinded evaluation · {report.title}",
        "foot": f"score sheet {report.sheet_sha256[:16]}",
    }
    return type("ReportCanvas", (page.MarkedCanvas,), facts)


def _tell(report: Report, sheet: Sheet) -> list[Flowable]:
    story: list[Flowable] = [Paragraph(escape(report.title), page.TITLE), _lead(report.first_sentence)]
    story += [Spacer(0, 4 * mm), _facts(report.facts)]
    for section in report.sections:
        story += _tell_section(section, sheet, report.marks)
    return story


def _tell_section(section: Section, sheet: Sheet, marks: Sequence[str]) -> list[Flowable]:
    """Return a section; its heading stays with what follows it first."""
    heading = Paragraph(escape(section.title), page.HEADING)
    story: list[Flowable] = [PageBreak()] if section.starts_page else []
    waiting: list[Flowable] = [heading]
    for block in section.blocks:
        pieces = _tell_block(block, section, sheet, marks)
        if isinstance(block, Grid):
            # A table may run over pages; what stands above it stays with its first rows.
            story += [CondPageBreak(45 * mm), *waiting, *pieces]
        else:
            story.append(KeepTogether([*waiting, *pieces]))
        waiting = []
    return story


def _tell_block(block: Block, section: Section, sheet: Sheet, marks: Sequence[str]) -> list[Flowable]:
    match block:
        case Words():
            return [Paragraph(escape(block.text), page.STRONG if block.is_strong else page.TEXT)]
        case Bullets():
            return [Paragraph(escape(item), page.BULLET, bulletText="\N{EN DASH}") for item in block.items]
        case Code():
            return [Paragraph(escape(block.text), page.CODE)]
        case FigureOf():
            return [_picture(block, sheet, marks), Paragraph(escape(block.caption), page.CAPTION)]
        case Grid():
            named = [] if block.caption == section.title else [Paragraph(escape(block.caption), page.GRID_NAME)]
            return [*named, _grid(block), Spacer(0, 3 * mm)]


def _lead(text: str) -> Flowable:
    box = Table([[Paragraph(escape(text), page.LEAD)]], colWidths=[page.TEXT_WIDTH])
    box.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), page.SOFT),
                ("LINEBEFORE", (0, 0), (0, -1), 3, page.TEAL),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
                ("RIGHTPADDING", (0, 0), (-1, -1), 12),
                ("TOPPADDING", (0, 0), (-1, -1), 10),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 11),
            ]
        )
    )
    return box


def _facts(facts: Sequence[tuple[str, str]]) -> Flowable:
    rows = [[Paragraph(escape(name), page.FACT_NAME), Paragraph(escape(value), page.FACT)] for name, value in facts]
    table = Table(rows, colWidths=[38 * mm, page.TEXT_WIDTH - 38 * mm])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(0, 1.5)]))
    return table


def _picture(block: FigureOf, sheet: Sheet, marks: Sequence[str]) -> Flowable:
    image = Image(io.BytesIO(draw(sheet, block.name, "png", marks)))
    scale = 72 / DPI * (0.86 if block.name in SMALL else 0.84)
    image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
    image.hAlign = "CENTER"
    return image


def _grid(block: Grid) -> Flowable:
    heads = [
        Paragraph(escape(name), page.CELL_HEAD_RIGHT if i in block.numbers else page.CELL_HEAD)
        for i, name in enumerate(block.columns)
    ]
    rows = [[_cell(text, i, block) for i, text in enumerate(row)] for row in block.rows]
    widths = block.widths or _guess_widths(block)
    table = Table([heads, *rows], colWidths=[page.TEXT_WIDTH * w / sum(widths) for w in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, page.QUIET),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, page.LINE),
                *_padding(3, 3),
            ]
        )
    )
    return table


def _cell(text: str, column: int, block: Grid) -> Flowable:
    if column in block.codes:
        return Paragraph(escape(text), page.CELL_CODE)
    return Paragraph(escape(text), page.CELL_RIGHT if column in block.numbers else page.CELL)


def _guess_widths(block: Grid) -> list[float]:
    """Return shares of the width by the longest text of each column, none too narrow to read."""
    longest = [max(len(row[i]) for row in (block.columns, *block.rows)) for i in range(len(block.columns))]
    return [min(max(size, 8), 40) for size in longest]


def _padding(sides: float, ends: float) -> list[Any]:
    whole = ((0, 0), (-1, -1))
    names = (("LEFTPADDING", sides), ("RIGHTPADDING", sides), ("TOPPADDING", ends), ("BOTTOMPADDING", ends))
    return [(name, *whole, size) for name, size in names]

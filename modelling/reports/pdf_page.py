"""The paper a report is printed on: fonts, styles, and what stands on every page. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from modelling.engine.metrics.tasks import RESEARCH_USE

SANS, BOLD, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"
INK, QUIET, LINE, SOFT, TEAL, AMBER = (
    HexColor(code) for code in ("#14211f", "#4a5955", "#ccd4ce", "#f1f5f3", "#0d5257", "#f2b632")
)
WIDTH, HEIGHT = A4
MARGIN: Final = 20 * mm
TEXT_WIDTH: Final = WIDTH - 2 * MARGIN
_FONTS: Final = Path(mpl.get_data_path()) / "fonts" / "ttf"


def _style(name: str, font: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    more.setdefault("textColor", INK)
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, **more)


TITLE = _style("title", BOLD, 19, 24, textColor=TEAL, spaceAfter=5 * mm)
LEAD = _style("lead", SANS, 12.5, 19)
HEADING = _style("heading", BOLD, 11.5, 15, textColor=TEAL, spaceBefore=7 * mm, spaceAfter=2.5 * mm)
TEXT = _style("text", SANS, 9, 13.5, spaceAfter=2 * mm)
STRONG = _style("strong", BOLD, 9, 13.5, spaceAfter=2 * mm)
CAPTION = _style("caption", SANS, 8, 11.5, textColor=QUIET, spaceBefore=1.2 * mm, spaceAfter=2 * mm)
BULLET = _style("bullet", SANS, 9, 13.5, leftIndent=5 * mm, bulletIndent=1 * mm, spaceAfter=1.2 * mm)
CELL = _style("cell", SANS, 8, 11)
CELL_RIGHT = _style("cell-right", SANS, 8, 11, alignment=2)
CELL_HEAD = _style("cell-head", BOLD, 8, 11, textColor=QUIET)
CELL_HEAD_RIGHT = _style("cell-head-right", BOLD, 8, 11, textColor=QUIET, alignment=2)
CELL_CODE = _style("cell-code", MONO, 7, 10, splitLongWords=1, wordWrap="CJK")
GRID_NAME = _style("grid-name", BOLD, 8.5, 12, spaceBefore=2.5 * mm, spaceAfter=1 * mm)
CODE = _style("code", MONO, 7.8, 12, backColor=SOFT, borderPadding=(5, 6, 5, 6), spaceBefore=2 * mm, spaceAfter=4 * mm)
FACT = _style("fact", SANS, 8.5, 12)
FACT_NAME = _style("fact-name", SANS, 8.5, 12, textColor=QUIET)


def register_fonts() -> None:
    """Make the fonts known that matplotlib brings along; a machine's own fonts are never used."""
    for name in (SANS, BOLD, MONO):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(_FONTS / f"{name}.ttf")))


class MarkedCanvas(Canvas):  # type: ignore[misc]  # ReportLab carries no types
    """A canvas that draws, on every page, its marks, the title, the digest and the page's number of all pages."""

    marks: Sequence[str] = ()
    head = ""
    foot = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page: how many there are is known at the end only."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Draw the frame of each page, then write all."""
        pages = self._pages
        for number, page in enumerate(pages, start=1):
            self.__dict__.update(page)
            self._draw_frame(number, len(pages))
            super().showPage()
        super().save()

    def _draw_frame(self, number: int, of: int) -> None:
        self.saveState()
        room = self._draw_marks() - MARGIN - 6
        self.setFont(SANS, 7.5)
        self.setFillColor(QUIET)
        self.drawString(MARGIN, HEIGHT - 12 * mm, _shorten(self.head, room))
        self.setStrokeColor(LINE)
        self.setLineWidth(0.5)
        self.line(MARGIN, 14 * mm, WIDTH - MARGIN, 14 * mm)
        self.drawString(MARGIN, 10 * mm, RESEARCH_USE)
        self.drawCentredString(WIDTH / 2, 10 * mm, self.foot)
        self.drawRightString(WIDTH - MARGIN, 10 * mm, f"page {number} of {of}")
        self.restoreState()

    def _draw_marks(self) -> float:
        """Draw each mark as a label at the top and large and faint across the page; return where the labels begin."""
        right = WIDTH - MARGIN
        for place, mark in enumerate(self.marks):
            wide = pdfmetrics.stringWidth(mark, BOLD, 7.5) + 8
            self.setFillColor(AMBER)
            self.roundRect(right - wide, HEIGHT - 13.5 * mm, wide, 12, 3, stroke=0, fill=1)
            self.setFillColor(INK)
            self.setFont(BOLD, 7.5)
            self.drawCentredString(right - wide / 2, HEIGHT - 12.4 * mm, mark)
            right -= wide + 4
            self.saveState()
            self.translate(WIDTH / 2, HEIGHT / 2 - place * 45 * mm)
            self.rotate(52)
            self.setFillColor(TEAL, alpha=0.07)
            self.setFont(BOLD, min(84, 880 / len(mark)))
            self.drawCentredString(0, 0, mark)
            self.restoreState()
        return float(right)


def _shorten(words: str, room: float) -> str:
    """Return the words, cut to the room there is, in points."""
    while words and pdfmetrics.stringWidth(words, SANS, 7.5) > room:
        words = words[:-2].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    return words

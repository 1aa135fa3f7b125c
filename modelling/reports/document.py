"""A report as a document: sections of paragraphs, tables, facts and figures. Page and PDF show the same one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

FigureName = Literal["roc", "confusion", "comparison", "risks", "calibration", "net_benefit", "flow"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `strong` ones carry the section's finding."""

    text: str
    is_strong: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Grid:
    """A table of texts. numbers: which columns stand to the right. codes: which are hashes or names of code."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    codes: frozenset[int] = frozenset()
    widths: Sequence[int] = ()


@dataclass(frozen=True)
class FigureOf:
    """A figure of the sheet, with the sentence that says what it shows."""

    name: FigureName
    caption: str


@dataclass(frozen=True)
class Code:
    """A command to type."""

    text: str


Block: TypeAlias = Paragraph | Bullets | Grid | FigureOf | Code


@dataclass(frozen=True)
class Section:
    """A section of the report."""

    title: str
    blocks: Sequence[Block]
    starts_page: bool = False


@dataclass(frozen=True)
class Report:
    """The whole report. marks: words that stand on every page, such as SIMULATED."""

    title: str
    first_sentence: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    sheet_sha256: str
    marks: Sequence[str] = field(default_factory=tuple)

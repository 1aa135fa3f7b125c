"""What the partials are given: small frozen values, ready to be shown. Pure, so any app's view may build them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Urgency = Literal["now", "soon", "calm"]
Stage = Literal["done", "now", "later"]


@dataclass(frozen=True)
class Link:
    """A place to go: a crumb, a navigation entry, a further step. `current` marks the page one is on."""

    label: str
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class Waiting:
    """Something that waits for the person who looks, as `3 · visits are due within 14 days`."""

    count: int
    sentence: str
    url: str
    urgency: Urgency = "calm"


@dataclass(frozen=True)
class Column:
    """A column's header. A unit stands under the label; numbers stand to the right."""

    label: str
    unit: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell. A text, perhaps a link; or a state shown as a chip; or, when `sealed`, why nothing is shown."""

    text: str = ""
    url: str = ""
    note: str = ""
    state: str = ""
    sealed: str = ""
    is_code: bool = False


Row: TypeAlias = Sequence[Cell | str | int | float]
"""One row of a table: a cell for each column, or plain values."""


@dataclass(frozen=True)
class Table:
    """A table with its caption. Cells may be plain values too; the first of each row names it."""

    caption: str
    columns: Sequence[Column | str]
    rows: Sequence[Row]
    note: str = ""
    empty: str = "Nothing here yet."

    @property
    def heads(self) -> list[Column]:
        """The columns, each as a Column."""
        return [column if isinstance(column, Column) else Column(column) for column in self.columns]

    @property
    def lines(self) -> list[list[tuple[Column, Cell]]]:
        """The rows, each cell beside its column; a row of another width is a caller's slip."""
        heads = self.heads
        for row in self.rows:
            if len(row) != len(heads):
                raise ValueError(f"table '{self.caption}': a row has {len(row)} cells, {len(heads)} were wanted")
        return [list(zip(heads, map(_as_cell, row), strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Step:
    """A step of a timeline: what, when and by whom, and whether it is done, now or later."""

    what: str
    stage: Stage = "done"
    when: str = ""
    who: str = ""
    note: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a job is. `total` of 0 means that nobody can say yet; a `poll_url` is asked until `finished`."""

    label: str
    state: str
    step: int = 0
    total: int = 0
    sentence: str = ""
    poll_url: str = ""
    cancel_url: str = ""
    finished: bool = False
    failure: str = ""
    dom_id: str = "progress"

    @property
    def percent(self) -> int | None:
        """Whole percents done, or None while the total is not known."""
        return None if self.total <= 0 else min(100, self.step * 100 // self.total)


@dataclass(frozen=True)
class Confirmation:
    """A grave act before it is done: what it is, what follows, and the word to retype (empty: none)."""

    title: str
    consequences: Sequence[str]
    act: str
    cancel_url: str
    retype: str = ""
    cannot_be_undone: bool = True
    field_name: str = field(default="retyped")


@dataclass(frozen=True)
class Chart:
    """A chart: the sentence that says what it shows, its Plotly figure and the same numbers as a table."""

    dom_id: str
    sentence: str
    figure: Mapping[str, object]
    table: Table
    live_url: str = ""
    """Answers the figure as JSON with `finished`; asked again and again until that is true."""

    @property
    def script_id(self) -> str:
        """The id of the JSON element the script reads the figure from."""
        return f"{self.dom_id}-numbers"


def _as_cell(value: Cell | str | float) -> Cell:
    return value if isinstance(value, Cell) else Cell(str(value))

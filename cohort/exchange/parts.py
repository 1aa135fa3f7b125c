"""What the import's page shows before anything is written: columns, first rows, problems."""

from cohort.datasets.sources import PublicTable
from cohort.exchange.reading import Read, list_columns
from frontend.parts import Cell, Column, Row, Table
from modelling.engine.training.admissible import Use, classify

FIRST_ROWS = 5
TONE_OF_USE = {Use.INPUT: "agree", Use.LABEL: "sealed", Use.FORBIDDEN: "refused"}
CLOSED = "Outcome columns are not shown: they go straight to the closed schema."


def make_columns_table(table: PublicTable) -> Table:
    """Return every column with what it means, where it goes and what it may be used for."""
    task = str(table.facts["task"])
    rows: list[Row] = []
    for column, place in list_columns(table):
        ruling = classify(task, column.name)
        use = Cell(str(ruling.use), state=TONE_OF_USE[ruling.use], note=ruling.reason)
        missing = ", ".join(f"{code} {why}" for code, why in column.missing.items())
        rows.append([Cell(column.name, is_code=True), column.label, place, missing or "none", use])
    return Table("Columns", ["Column", "Means", "Goes to", "Codes of missing", f"For {task}"], rows)


def make_first_rows_table(table: PublicTable, read: Read) -> Table:
    """Return the first rows as they will be kept; outcome columns stay closed."""
    shown = [one for one in table.columns if not one.is_closed]
    rows: list[Row] = [
        [_write(person.answers.get(one.name), person.missing.get(one.name)) for one in shown]
        for person in read.people[:FIRST_ROWS]
    ]
    heads: list[Column | str] = [Column(one.name, unit=one.unit) for one in shown]
    return Table("First rows, as they will be kept", heads, rows, note=CLOSED, empty="No row can be read.")


def make_problems_table(read: Read) -> Table:
    """Return the problems by row and column."""
    rows: list[Row] = [
        [
            f"line {one.row}" if one.row else "whole file",
            Cell(one.column, is_code=True),
            one.found or "nothing",
            one.wanted,
        ]
        for one in read.problems
    ]
    more = read.n_problems - len(read.problems)
    note = f"and {more} more" if more else ""
    return Table("Problems", ["Where", "Column", "Found", "Wanted"], rows, note=note, empty="No problem was found.")


def _write(value: object, missing: str | None) -> str:
    return str(missing or "") if value is None else str(value)

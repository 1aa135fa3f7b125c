"""Read a public-use table by its mapping: typed values, reasons of missingness, and every problem by row and column.

Pure. A file with one problem is not taken in at all; the problems say what was found and what was wanted.
"""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cohort.datasets.sources import PublicColumn, PublicTable

MOST_BYTES = 64 * 2**20
MOST_ROWS = 200_000
PROBLEMS_KEPT = 50
GZIP_MAGIC = b"\x1f\x8b"

Value = str | int | float


@dataclass(frozen=True)
class Problem:
    """What cannot be taken in. `row` counts the file's lines, its heading being line 1; 0 speaks of the whole file."""

    row: int
    column: str
    found: str
    wanted: str


@dataclass(frozen=True)
class Person:
    """One row: who it is in the source, what is needed of everybody, and the answers.

    answers: column → typed value. missing: column → REF (refused) or UNK (not known). An empty cell is in neither.
    """

    source_id: str
    sex: str
    age_years: int
    cycle: str
    answers: Mapping[str, Value]
    missing: Mapping[str, str]


@dataclass
class Read:
    """What a file holds."""

    columns: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_problems: int = 0

    def refuse(self, row: int, column: str, found: str, wanted: str) -> None:
        """Keep a problem; of very many only the first are kept, and all are counted."""
        self.n_problems += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem(row, column, found, wanted))


def read_table(content: bytes, table: PublicTable, *, min_age_years: int) -> Read:
    """Return what a file holds: comma-separated text, plain or gzip-compressed."""
    read = Read()
    try:
        text = unpack(content).decode("utf-8-sig")
    except (ValueError, OSError, EOFError, zlib.error) as error:
        read.refuse(0, "", str(error), f"comma-separated UTF-8 text of at most {MOST_BYTES // 2**20} MB")
        return read
    lines = csv.reader(io.StringIO(text, newline=""))
    read.columns = next(lines, [])
    wanted = [one.name for one in table.columns if not one.is_made]
    if sorted(read.columns) != sorted(wanted):
        _refuse_heading(read, wanted)
        return read
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        if number > MOST_ROWS + 1:
            read.refuse(number, "", "one row more", f"at most {MOST_ROWS} rows")
            break
        if len(line) != len(read.columns):
            read.refuse(number, "", f"{len(line)} cells", f"{len(read.columns)} cells")
            continue
        person = read_person(read, number, dict(zip(read.columns, line, strict=True)), table, min_age_years)
        if person is not None and person.source_id in seen:
            read.refuse(number, str(table.facts["id"]), person.source_id, "a number that stands in the file once")
        elif person is not None:
            seen.add(person.source_id)
            read.people.append(person)
    if not read.people and not read.problems:
        read.refuse(0, "", "no rows", "at least one row")
    return read


def read_person(
    read: Read, number: int, cells: Mapping[str, str], table: PublicTable, min_age_years: int
) -> Person | None:
    """Return one row as a person; None, and a problem, where something needed is not there."""
    before = read.n_problems
    answers: dict[str, Value] = {}
    missing: dict[str, str] = {}
    for column in table.columns:
        text = "" if column.is_made else write_plainly(cells[column.name])
        if not text:
            continue
        if text in column.missing:
            missing[column.name] = column.missing[text]
            continue
        try:
            answers[column.name] = convert(column, text)
        except ValueError as error:
            read.refuse(number, column.name, text, str(error))
    facts = table.facts
    _refuse_missing(read, number, answers, (facts["id"], facts["sex"], facts["age"], facts["cycle"]))
    if read.n_problems > before:
        return None
    age_years, cycle = int(answers[facts["age"]]), str(answers[facts["cycle"]])
    if age_years < min_age_years:
        read.refuse(number, facts["age"], str(age_years), f"at least {min_age_years}, the study's age rule")
        return None
    weight = answers.get(facts["cycles"][cycle]["weight"])
    if not isinstance(weight, float) or weight <= 0:
        read.refuse(number, facts["cycles"][cycle]["weight"], str(weight or ""), "the survey weight, above 0")
        return None
    answers["AGE_TOP_CODED"] = "1" if age_years >= facts["top_coded_age_years"] else "0"
    answers[facts["weights"]] = combine_weight(weight, cycle, facts["cycles"])
    return Person(str(answers[facts["id"]]), str(answers[facts["sex"]]), age_years, cycle, answers, missing)


def combine_weight(weight: float, cycle: str, cycles: Mapping[str, Mapping[str, object]]) -> float:
    """Return a weight for all cycles together: each cycle counts by its share of the years.

    NCHS, "NHANES Analytic Guidelines", combining cycles: 2013-2014 stands for 2 years, 2017 to March 2020 for 3.2.
    """
    years = {name: float(str(one["years"])) for name, one in cycles.items()}
    return weight * years[cycle] / sum(years.values())


def convert(column: PublicColumn, text: str) -> Value:
    """Return a cell's typed value. Raises ValueError saying what was wanted."""
    if column.codes:
        if text not in column.codes:
            raise ValueError(f"one of {', '.join(column.codes)}" + _or_missing(column))
        return column.codes[text]
    try:
        number = float(text)
    except ValueError:
        raise ValueError("a number" + _or_missing(column)) from None
    if not math.isfinite(number) or number < 0:
        raise ValueError("a number from 0 on" + _or_missing(column))
    if column.type != "int":
        return number
    if not number.is_integer():
        raise ValueError("a whole number" + _or_missing(column))
    return int(number)


def write_plainly(cell: str) -> str:
    """Return a cell without the `.0` that whole numbers carry in some exports."""
    text = cell.strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def unpack(content: bytes) -> bytes:
    """Return the text's bytes, unpacked where they are compressed. Raises ValueError where they are too many."""
    if not content.startswith(GZIP_MAGIC):
        found = content[: MOST_BYTES + 1]
    else:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            found = stream.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES // 2**20} MB")
    return found


def list_columns(table: PublicTable) -> Iterator[tuple[PublicColumn, str]]:
    """Yield every column with where it goes, in words."""
    for column in table.columns:
        place = "closed schema (tells an outcome)" if column.is_closed else "open record"
        yield column, f"made at the import, {place}" if column.is_made else place


def _refuse_heading(read: Read, wanted: Sequence[str]) -> None:
    for name in wanted:
        if name not in read.columns:
            read.refuse(1, name, "no such column", "this column")
    for name in read.columns:
        if name not in wanted or read.columns.count(name) > 1:
            read.refuse(1, name, "a column the mapping does not know, or one twice", "the columns of the mapping, once")


def _refuse_missing(read: Read, number: int, answers: Mapping[str, Value], needed: Sequence[str]) -> None:
    for name in needed:
        if name not in answers:
            read.refuse(number, name, "nothing", "a value: nobody is taken in without it")


def _or_missing(column: PublicColumn) -> str:
    return f", or {', '.join(column.missing)} where it is missing" if column.missing else ""

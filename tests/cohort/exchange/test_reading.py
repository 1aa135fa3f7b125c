"""A public table is read by its mapping, and every problem is named by row and column."""

import gzip

import pytest

from cohort.exchange.reading import combine_weight, read_table, write_plainly
from tests.cohort.exchange.tables import SHIPPED, TABLE, change, read_shipped

TWO = read_shipped(2)


def problem_of(content: bytes) -> tuple[int, str, str, str]:
    read = read_table(content, TABLE, min_age_years=40)
    assert read.n_problems == 1, read.problems
    one = read.problems[0]
    return one.row, one.column, one.found, one.wanted


def test_a_row_is_read_as_the_codebook_says() -> None:
    person = read_table(TWO, TABLE, min_age_years=40).people[0]
    assert (person.source_id, person.sex, person.age_years, person.cycle) == ("73557", "M", 69, "2013-2014")
    assert person.answers["OSQ010B"] == "0"
    assert person.answers["BMXWT"] == 78.3
    assert person.missing == {"OSQ200": "UNK"}
    assert "OSQ200" not in person.answers
    assert "OSQ072" not in person.answers, "an empty cell is neither an answer nor a reason"


def test_the_shipped_table_has_no_problem() -> None:
    read = read_table(SHIPPED.read_bytes(), TABLE, min_age_years=40)
    assert (len(read.people), read.n_problems) == (8802, 0)
    # 835 people with a wrist fracture, six who did not know, one who was not asked (the file's own counts).
    told = [person.answers.get("OSQ010B") for person in read.people]
    assert (told.count("1"), told.count("0"), told.count(None)) == (835, 7960, 7)


def test_a_top_coded_age_says_so() -> None:
    people = read_table(change(TWO, 0, RIDAGEYR="80.0"), TABLE, min_age_years=40).people
    assert [one.answers["AGE_TOP_CODED"] for one in people] == ["1", "0"]


def test_a_weight_counts_by_its_cycles_share_of_the_years() -> None:
    cycles = TABLE.facts["cycles"]
    assert combine_weight(5200.0, "2013-2014", cycles) == pytest.approx(2000.0)
    assert combine_weight(5200.0, "2017-Mar2020", cycles) == pytest.approx(3200.0)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"OSQ010B": "3.0"}, (3, "OSQ010B", "3", "one of 1, 2, or 7, 9 where it is missing")),
        ({"BMXWT": "heavy"}, (3, "BMXWT", "heavy", "a number")),
        ({"OSQ020B": "1.5"}, (3, "OSQ020B", "1.5", "a whole number, or 7777, 9999 where it is missing")),
        ({"BMXWT": "-3"}, (3, "BMXWT", "-3", "a number from 0 on")),
        ({"RIAGENDR": ""}, (3, "RIAGENDR", "nothing", "a value: nobody is taken in without it")),
        ({"RIDAGEYR": "39.0"}, (3, "RIDAGEYR", "39", "at least 40, the study's age rule")),
        ({"WTINT2YR": ""}, (3, "WTINT2YR", "", "the survey weight, above 0")),
        ({"SEQN": "73557.0"}, (3, "SEQN", "73557", "a number that stands in the file once")),
        ({"CYCLE": "1999-2000"}, None),
    ],
)
def test_a_problem_names_row_column_found_and_wanted(cells: dict[str, str], found: tuple[object, ...] | None) -> None:
    read = read_table(change(TWO, 1, **cells), TABLE, min_age_years=40)
    if found is None:
        assert read.problems[0].column == "CYCLE"
    else:
        assert problem_of(change(TWO, 1, **cells)) == found


def test_a_missing_column_is_named() -> None:
    assert problem_of(TWO.replace(b"BMXWT,", b"", 1).replace(b"78.3,", b"", 1))[1] == "BMXWT"


def test_a_short_row_is_named() -> None:
    assert problem_of(TWO + b"1,2,3\n") == (4, "", "3 cells", "32 cells")


@pytest.mark.parametrize("content", [b"\x1f\x8bnot gzip at all", b"\xff\xfe\x00", gzip.compress(TWO)[:-20]])
def test_what_is_no_text_is_refused_whole(content: bytes) -> None:
    assert problem_of(content)[:2] == (0, "")


def test_a_table_without_rows_is_refused() -> None:
    assert problem_of(read_shipped(0)) == (0, "", "no rows", "at least one row")


def test_whole_numbers_lose_the_zero_some_exports_add() -> None:
    assert [write_plainly(cell) for cell in ("2.0", " 9999.0 ", "78.3", "", "2013-2014")] == [
        "2",
        "9999",
        "78.3",
        "",
        "2013-2014",
    ]

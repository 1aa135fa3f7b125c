"""Days as the clinic types and reads them."""

from datetime import date, datetime

import pytest

from portal.core.dates import completed_months, parse_day, write_day, write_instant

FIFTEENTH = date(1950, 6, 15)


@pytest.mark.parametrize(
    "typed", ["15/6/1950", "15/06/50", "15.6.1950", "15-6-50", "15 6 1950", " 15061950 ", "150650", "1950-06-15"]
)
def test_a_day_is_read_in_every_way_the_clinic_types_it(typed: str):
    assert parse_day(typed, 2026) == FIFTEENTH


@pytest.mark.parametrize(("typed", "year"), [("1/1/26", 2026), ("1/1/27", 1927), ("1/1/00", 2000)])
def test_a_year_of_two_digits_is_the_last_that_is_not_after_the_latest(typed: str, year: int):
    assert parse_day(typed, 2026).year == year


@pytest.mark.parametrize("typed", ["6/1950", "1950", "June", "15/6/950", "15//1950", "\u0661\u0665/\u0666/1950"])
def test_what_is_no_date_is_named(typed: str):
    with pytest.raises(ValueError, match=r"is not a date; wanted day, month and year"):
        parse_day(typed, 2026)


@pytest.mark.parametrize("typed", ["31/6/1950", "29/2/2025", "15/13/1950", "0/1/2000"])
def test_a_day_the_calendar_does_not_have_is_refused(typed: str):
    with pytest.raises(ValueError, match="is not a day of the calendar"):
        parse_day(typed, 2026)


def test_a_day_is_written_out():
    assert write_day(FIFTEENTH) == "15 June 1950"
    assert write_day(None) == "\N{EN DASH}"


def test_an_instant_is_written_to_the_minute():
    assert write_instant(datetime(2026, 3, 1, 9, 5)) == "1 March 2026, 09:05"  # noqa: DTZ001 - a wall clock's time


@pytest.mark.parametrize(("day", "n"), [(date(2026, 4, 14), 2), (date(2026, 4, 15), 3), (date(2026, 1, 14), -1)])
def test_months_are_whole_ones(day: date, n: int):
    assert completed_months(date(2026, 1, 15), day) == n

"""Days of a person, all shifted by the same number of days, so that intervals stay true (pure).

PS3.15 E.3.6, Retain Longitudinal Temporal Information with Modified Dates.
"""

from datetime import date, timedelta

from cohort.formats.errors import FormatError


def parse_da(text: str) -> date | None:
    """Return the day of a DICOM date, `20260315`; None where it is empty.

    Raises FormatError for what is no day: a wrong date must not be dropped in silence.
    """
    digits = text.strip(" \0").replace(".", "").replace("-", "")
    if not digits:
        return None
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        raise FormatError("a date in the header", "something else", "year, month and day", "date")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise FormatError("a date in the header", "no day of the calendar", "year, month and day", "date") from None


def shift_day(day: date, days: int) -> date:
    """Return the day so many days later. Raises FormatError beyond the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise FormatError("a date in the header", "a day that cannot be shifted", "a day of our time", "date") from None


def write_da(day: date) -> str:
    """Return the day as DICOM writes it."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def age_on(birth: date, day: date) -> int:
    """Return the whole years between birth and a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))

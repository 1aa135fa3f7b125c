"""Days as the clinic types and reads them (pure).

Typed: `15/6/1950`, `15.6.50`, `15 6 1950`, `15061950`, `150650` or `1950-06-15`; day before month, as in the United
Kingdom. Read: `15 June 1950`.
"""

import re
from datetime import date, datetime

NO_BREAK = "\N{NO-BREAK SPACE}"

_PARTS = re.compile(r"^(\d{1,2})[\s./-]+(\d{1,2})[\s./-]+(\d{4}|\d{2})$", re.ASCII)
_TOGETHER = re.compile(r"^(\d{2})(\d{2})(\d{4}|\d{2})$", re.ASCII)
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$", re.ASCII)


def parse_day(typed: str, latest_year: int) -> date:
    """Return the day a person typed. Raises ValueError naming what is wrong with it.

    latest_year: a year of two digits is the last such year that is not after this one: with 2026, `50` is 1950.
    """
    text = typed.strip()
    if found := _ISO.match(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _PARTS.match(text) or _TOGETHER.match(text):
        day, month = int(found[1]), int(found[2])
        year = int(found[3]) if len(found[3]) == 4 else latest_year - (latest_year - int(found[3])) % 100
    else:
        raise ValueError(f"'{typed}' is not a date; wanted day, month and year, as 15/6/1950")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"'{typed}' is not a day of the calendar; wanted day, month and year, as 15/6/1950") from None


def write_day(day: date | None) -> str:
    """Return a day as pages show it; a dash where there is none."""
    return f"{day.day} {day:%B %Y}" if day else "\N{EN DASH}"


def write_day_short(day: date | None) -> str:
    """Return a day as tables show it, `15 Jun 1950`, in one piece; a dash where there is none."""
    return f"{day.day}{NO_BREAK}{day:%b}{NO_BREAK}{day.year}" if day else "\N{EN DASH}"


def write_instant(instant: datetime) -> str:
    """Return an instant, given in the zone it is read in, to the minute."""
    return f"{write_day(instant.date())}, {instant:%H:%M}"


def write_instant_short(instant: datetime) -> str:
    """Return an instant as tables show it, in one piece."""
    return f"{write_day_short(instant.date())},{NO_BREAK}{instant:%H:%M}"


def completed_months(start: date, day: date) -> int:
    """Return how many whole months lie between two days; negative before the start."""
    return (day.year - start.year) * 12 + day.month - start.month - (day.day < start.day)

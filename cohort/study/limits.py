"""Ranges of the dictionary, constant and relative: `120-220`, `<= visit; >= dob`, `by ROI table` (pure).

A day may be known in part (`1998`, `1998-06`): it is then a span of days, and a limit is broken only where it is
broken for certain; what could lie on either side is let through (CLINICAL 1.7, 2.7).
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

# Hologic scale, g/cm2: soft, then hard (CLINICAL 2.3).
BMD_BY_REGION: Final[dict[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "LS": (("0.60", "1.50"), ("0.30", "2.20")),
    "FN": (("0.45", "1.15"), ("0.25", "1.60")),
    "TH": (("0.50", "1.25"), ("0.25", "1.80")),
    "R_UD": (("0.25", "0.60"), ("0.10", "0.90")),
    "R_MID": (("0.40", "0.75"), ("0.20", "1.00")),
    "R_33": (("0.45", "0.90"), ("0.25", "1.20")),
    "R_TOT": (("0.35", "0.75"), ("0.20", "1.00")),
}

DAY_NAMES: Final = {
    "visit date": "visit",
    "baseline date": "baseline",
    "found": "visit",
    "now": "today",
}
"""Days that the dictionary names in more than one way → the one name they have here."""

_NUMBER = r"-?\d+(?:\.\d+)?"
_BETWEEN = re.compile(rf"^({_NUMBER})\s*(?:-|to)\s*({_NUMBER})$")
_AGE = re.compile(rf"^age ({_NUMBER})-({_NUMBER})(?: at (\w+))?$")
_RELATION = re.compile(r"^(<=|>=|<|>|=)\s*(.+)$")
_YEARS = re.compile(r"^dob year\+(\d+)\.\.visit year$")
_SIGNS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than", "=": "equal to"}
_DAY_SIGNS = {"<=": "not after", ">=": "not before", "<": "before", ">": "after", "=": "the same as"}


@dataclass(frozen=True)
class Between:
    """A number from `lowest` to `highest`, both included."""

    lowest: Decimal
    highest: Decimal


@dataclass(frozen=True)
class Relation:
    """A comparison with a number or with something known by name: a day of the visit, another answer."""

    sign: str
    name: str


@dataclass(frozen=True)
class AgeAt:
    """An age in completed years; told by the sealed birth date, so it is checked at enrolment and not here."""

    years: Between


@dataclass(frozen=True)
class YearsOfLife:
    """A calendar year from so many years after the birth to the year of the visit."""

    after_birth: int


@dataclass(frozen=True)
class Pattern:
    """A text of a given shape."""

    expression: str
    words: str


@dataclass(frozen=True)
class OneOf:
    """One of a few numbers."""

    numbers: tuple[Decimal, ...]


@dataclass(frozen=True)
class ByRegion:
    """Limits that hang on the region of the DXA scan."""

    is_hard: bool


@dataclass(frozen=True)
class Window:
    """Within the days of the visit's own window."""


Limit = Between | Relation | AgeAt | YearsOfLife | Pattern | OneOf | ByRegion | Window
Limits = tuple[Limit, ...]


def parse_limits(text: str, *, is_hard: bool) -> Limits:
    """Return the limits a cell of the dictionary states. Raises ValueError naming what it cannot read."""
    return tuple(_parse(part.strip(), is_hard) for part in text.split(";") if part.strip())


def _parse(part: str, is_hard: bool) -> Limit:  # noqa: PLR0911 - one line for each way a range is written
    if part == "by ROI table":
        return ByRegion(is_hard)
    if part == "within window":
        return Window()
    if part == "64 hex":
        return Pattern(r"[0-9a-f]{64}", "64 hexadecimal characters")
    if found := _AGE.match(part):
        return AgeAt(Between(Decimal(found[1]), Decimal(found[2])))
    if found := _YEARS.match(part):
        return YearsOfLife(int(found[1]))
    if found := _BETWEEN.match(part):
        return Between(Decimal(found[1]), Decimal(found[2]))
    if found := _RELATION.match(part):
        name = found[2].strip()
        return Relation(found[1], DAY_NAMES.get(name, name))
    if re.fullmatch(rf"{_NUMBER}(?: or {_NUMBER})*", part):
        return OneOf(tuple(Decimal(number) for number in part.split(" or ")))
    raise ValueError(f"'{part}' is no range that can be read; wanted as '120-220', '<= visit' or '> 0'")


def find_breach(limits: Limits, value: Any, known: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, as a sentence; empty where nothing is, or where nobody can say.

    value: a number, or a day or instant as ISO text, perhaps in part.
    known: days as ISO text by name (today, visit, con_date, dob, baseline, opens, closes) and other answers.
    """
    return next((words for one in limits if (words := _breach(one, value, known))), "")


def _breach(limit: Limit, value: Any, known: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one line for each kind
    match limit:
        case Between():
            return _outside(limit, value)
        case Relation():
            return _unrelated(limit, value, known)
        case OneOf():
            wanted = " or ".join(map(str, limit.numbers))
            return "" if Decimal(str(value)) in limit.numbers else f"{value} is not {wanted}."
        case Pattern():
            return "" if re.fullmatch(limit.expression, str(value)) else f"This is not {limit.words}."
        case YearsOfLife():
            return _outside_life(limit, value, known)
        case ByRegion():
            return _outside_region(limit, value, known)
        case Window():
            opens, closes = known.get("opens"), known.get("closes")
            inside = not (opens and closes) or str(opens) <= str(value) <= str(closes)
            return "" if inside else "This day lies outside the visit's window."
        case AgeAt():
            return ""


def _outside(limit: Between, value: Any) -> str:
    number = Decimal(str(value))
    if limit.lowest <= number <= limit.highest:
        return ""
    return f"{value} is not from {limit.lowest} to {limit.highest}."


def _unrelated(limit: Relation, value: Any, known: Mapping[str, Any]) -> str:
    if re.fullmatch(_NUMBER, limit.name):
        return _compare(limit, Decimal(str(value)), Decimal(limit.name), limit.name)
    other = known.get(limit.name)
    if other in (None, ""):
        return ""
    if isinstance(value, str):
        mine, theirs = span_of(value), span_of(str(other))
        broken = {
            "<=": mine[0] > theirs[1],
            "<": mine[0] >= theirs[1],
            ">=": mine[1] < theirs[0],
            ">": mine[1] <= theirs[0],
            "=": mine[1] < theirs[0] or mine[0] > theirs[1],
        }[limit.sign]
        return f"This day must be {_DAY_SIGNS[limit.sign]} {_name_day(limit.name)}." if broken else ""
    return _compare(limit, Decimal(str(value)), Decimal(str(other)), f"{other}, the answer to '{limit.name}'")


def _compare(limit: Relation, value: Decimal, other: Decimal, words: str) -> str:
    holds = {
        "<=": value <= other,
        "<": value < other,
        ">=": value >= other,
        ">": value > other,
        "=": value == other,
    }[limit.sign]
    return "" if holds else f"{value} must be {_SIGNS[limit.sign]} {words}."


def _outside_life(limit: YearsOfLife, value: Any, known: Mapping[str, Any]) -> str:
    born, visit = str(known.get("dob") or ""), str(known.get("visit") or "")
    if born and int(value) < int(born[:4]) + limit.after_birth:
        return f"In {value} the person was younger than {limit.after_birth}."
    return f"{value} lies after the visit." if visit and int(value) > int(visit[:4]) else ""


def _outside_region(limit: ByRegion, value: Any, known: Mapping[str, Any]) -> str:
    region = str(known.get("dxa_roi") or "")
    found = BMD_BY_REGION.get(region) or BMD_BY_REGION.get(region.partition("_")[0])
    if found is None:
        return ""
    lowest, highest = found[limit.is_hard]
    return _outside(Between(Decimal(lowest), Decimal(highest)), value)


def span_of(text: str) -> tuple[date, date]:
    """Return the first and the last day that a day known in part can be; an instant is its day."""
    parts = [int(part) for part in text[:10].split("-")]
    year = parts[0]
    if len(parts) == 1:
        return date(year, 1, 1), date(year, 12, 31)
    if len(parts) == 2:
        return date(year, parts[1], 1), date(year, parts[1], monthrange(year, parts[1])[1])
    day = date(year, parts[1], parts[2])
    return day, day


def _name_day(name: str) -> str:
    words = {"today": "today", "visit": "the visit", "con_date": "the consent", "dob": "the birth"}
    return words.get(name, "the baseline imaging" if name == "baseline" else f"the answer to '{name}'")

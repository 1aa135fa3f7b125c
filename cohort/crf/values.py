"""From what was typed to the value that is kept, and back to what is shown (pure).

Kept: numbers as JSON numbers, days as ISO text (in part where a part is known: `1998`, `1998-06`), codes as their text,
lists of codes as lists. No answer is the absence of a value; why there is none is kept apart from it.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cohort.crf.converters import convert
from cohort.study.dictionary import Field
from portal.core.dates import parse_day

Value = int | float | str | list[str]

MISSING_REASONS: Final[dict[str, str]] = {
    "UNK": "Asked, not known",
    "REF": "Declined to answer",
    "ND": "Not done",
    "NA": "Not applicable",
    "NAV": "Awaited",
    "ILL": "Cannot be read on paper",
    "OOR": "Beyond what the instrument can measure",
}
"""Why there is no answer; never a number among the numbers (CLINICAL 2.1)."""

LONGEST_TEXT = 500
DAY_TYPES: Final = frozenset({"date", "pdate", "datetime"})
_NUMBER = re.compile(r"^-?\d+(?:[.,]\d+)?$", re.ASCII)
_YEAR = re.compile(r"^\d{4}$", re.ASCII)
_MONTH = re.compile(r"^(?:(\d{1,2})[\s./-]+(\d{4})|(\d{4})-(\d{1,2}))$", re.ASCII)
_TIME = re.compile(r"^([01]?\d|2[0-3])[:.]?([0-5]\d)$", re.ASCII)


def read_value(field: Field, typed: str | Sequence[str], today: date) -> Value | None:
    """Return the value that was typed; None where nothing was. Raises ValueError with a sentence for the page."""
    if field.type == "multi":
        return _read_codes(field, [typed] if isinstance(typed, str) else typed)
    text = (typed if isinstance(typed, str) else "".join(typed[:1])).strip()
    if not text:
        return None
    if field.is_number:
        return _read_number(field, text)
    if field.type in DAY_TYPES or field.type == "time":
        return _read_moment(field.type, text, today)
    if field.codes and field.type != "text":
        return _read_code(field, text)
    return _read_text(field, text)


def _read_number(field: Field, text: str) -> int | float:
    if _NUMBER.match(text):
        number = Decimal(text.replace(",", "."))
    else:
        converted = convert(text, field.unit, field.n_decimals)
        if converted is None:
            raise ValueError(f"'{text}' is not a number.")
        number = converted
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > field.n_decimals:
        wanted = f"at most {field.n_decimals} decimal{'s' if field.n_decimals > 1 else ''}"
        raise ValueError(
            f"'{text}' has too many decimals: {wanted if field.n_decimals else 'a whole number'} is wanted."
        )
    return int(number) if field.n_decimals == 0 else float(number)


def _read_moment(kind: str, text: str, today: date) -> str:
    if kind == "time":
        return _read_time(text)
    if kind == "pdate" and _YEAR.match(text):
        return text
    if kind == "pdate" and (found := _MONTH.match(text)):
        year, month = int(found[2] or found[3]), int(found[1] or found[4])
        return date(year, month, 1).isoformat()[:7] if 1 <= month <= 12 else _refuse(text, "a month of the calendar")
    if kind == "datetime":
        day, _, clock = text.replace("T", " ").partition(" ")
        at = f"T{_read_time(clock.strip())}" if clock.strip() else ""
        return parse_day(day, today.year).isoformat() + at
    return parse_day(text, today.year).isoformat()


def _read_time(text: str) -> str:
    found = _TIME.match(text)
    return f"{int(found[1]):02d}:{found[2]}" if found else _refuse(text, "a time, as 14:30")


def _refuse(text: str, wanted: str) -> str:
    raise ValueError(f"'{text}' is not {wanted}.")


def _read_code(field: Field, text: str) -> str:
    if text not in {code.value for code in field.codes}:
        raise ValueError(f"'{text}' is none of the answers.")
    return text


def _read_codes(field: Field, typed: Sequence[str]) -> list[str] | None:
    chosen = [_read_code(field, text) for text in typed if text]
    none = [code.value for code in field.codes if code.label.startswith("none")]
    if len(chosen) > 1 and set(chosen) & set(none):
        raise ValueError("'None' cannot stand beside another answer.")
    return [code.value for code in field.codes if code.value in chosen] or None


def _read_text(field: Field, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"This is longer than {LONGEST_TEXT} characters.")
    if field.type == "json":
        try:
            json.loads(text)
        except json.JSONDecodeError:
            raise ValueError("This is not JSON.") from None
    return text


def was_converted(field: Field, typed: str) -> bool:
    """True if a number was typed in another unit, so that what was typed is worth keeping beside it."""
    return field.is_number and bool(typed.strip()) and not _NUMBER.match(typed.strip())


def write_value(field: Field, value: Any) -> str:
    """Return a value as it is typed into its field."""
    if value is None:
        return ""
    if field.is_number:
        return f"{Decimal(str(value)):.{field.n_decimals}f}"
    if field.type in DAY_TYPES:
        return _write_day(str(value))
    return str(value)


def say_value(field: Field, value: Any) -> str:
    """Return a value in words, for reading: the words of its code, without its unit."""
    if isinstance(value, list):
        return ", ".join(field.label_of(one) for one in value)
    if field.codes:
        return field.label_of(value) if value is not None else ""
    return write_value(field, value)


def _write_day(text: str) -> str:
    day, _, clock = text.partition("T")
    parts = [str(int(part)) for part in reversed(day.split("-"))]
    return "/".join(parts) + (f" {clock}" if clock else "")

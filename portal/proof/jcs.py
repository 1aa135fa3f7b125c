"""Canonical JSON after RFC 8785 (JCS): one value has one sequence of bytes, so a hash of it can be compared.

Numbers are written as ECMAScript writes doubles (RFC 8785 section 3.2.2.3), names are sorted by their
UTF-16 code units (section 3.2.3), and the text is UTF-8 without white space.
"""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""A value that JSON can hold. `loads` makes lists and dicts; `dumps` also takes tuples and other mappings."""

LARGEST_INTEGER = 2**53 - 1
"""Beyond it a double no longer holds every integer (RFC 7493 section 2.2), so two values could share one text."""

# Where ECMA-262, Number::toString, changes from plain digits to an exponent.
_LAST_PLAIN_POINT = 21
_FIRST_PLAIN_POINT = -6

_LONGEST_INTEGER = 17  # characters of -(2**53 - 1); Python refuses to convert thousands of digits at all


def dumps(value: Json) -> bytes:
    """Return the one canonical text of a value, as UTF-8.

    Raises ValueError for what JSON cannot hold without loss: NaN, an infinity, an integer beyond 2**53 - 1,
    half of a surrogate pair, nesting deeper than Python can follow; TypeError for a value of another kind.
    """
    pieces: list[str] = []
    try:
        _write(value, pieces)
        return "".join(pieces).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("a string holds half of a surrogate pair, which UTF-8 cannot carry") from error
    except RecursionError as error:
        raise ValueError("the value is nested too deeply to be written") from error


def loads(text: bytes) -> Json:
    """Return the value of a JSON text, canonical or not.

    Raises ValueError for what two readers could understand differently: a name that comes twice, a number a double
    cannot hold, NaN, an infinity, half of a surrogate pair, bytes that are not UTF-8.
    """
    value = _parse(text)
    dumps(value)  # refuses the surrogate halves that an escape like \ud800 can bring in
    return value


def loads_canonical(text: bytes) -> Json:
    """Return the value of a JSON text that is already in its canonical form; raise ValueError where it is not."""
    value = _parse(text)
    if dumps(value) != text:
        raise ValueError("the JSON is readable but not in its canonical form (RFC 8785)")
    return value


def write_number(number: float) -> str:
    """Return a finite double as ECMAScript writes it: the shortest digits that read back as the same double.

    Python's repr finds the same shortest digits; only where the point or the exponent stands differs.
    Source: ECMA-262, Number::toString, cited by RFC 8785 section 3.2.2.3.
    """
    if not math.isfinite(number):
        raise ValueError("JSON has no NaN and no infinity")
    if number == 0:
        return "0"  # for -0 as well: RFC 8785, appendix B
    sign, places, exponent = Decimal(float.__repr__(number)).as_tuple()
    digits = "".join(map(str, places))
    point = len(digits) + int(exponent)  # the value is 0.digits times ten to the power of `point`
    return ("-" if sign else "") + _place_point(digits.rstrip("0"), point)


def _place_point(digits: str, point: int) -> str:
    if len(digits) <= point <= _LAST_PLAIN_POINT:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _LAST_PLAIN_POINT:
        return f"{digits[:point]}.{digits[point:]}"
    if _FIRST_PLAIN_POINT < point <= 0:
        return "0." + "0" * -point + digits
    mantissa = digits[0] if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"


def _write(value: Json, pieces: list[str]) -> None:
    if isinstance(value, str):
        pieces.append(encode_basestring(value))
    elif value is None:
        pieces.append("null")
    elif isinstance(value, bool):
        pieces.append("true" if value else "false")
    elif isinstance(value, int):
        pieces.append(_write_integer(value))
    elif isinstance(value, float):
        pieces.append(write_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, pieces)
    elif isinstance(value, (list, tuple)):
        _write_array(value, pieces)
    else:
        raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _write_integer(value: int) -> str:
    if abs(value) > LARGEST_INTEGER:
        raise ValueError("an integer beyond 2**53 - 1 loses digits as a JSON number; write it as a string")
    return int.__repr__(value)


def _write_object(members: Mapping[str, Json], pieces: list[str]) -> None:
    for name in members:
        if not isinstance(name, str):
            raise TypeError(f"a name in JSON must be a string, not a {type(name).__name__}")
    separator = "{"
    # Plain ASCII, the usual case, is in the right order already by code points.
    order = None if all(map(str.isascii, members)) else _utf16
    for name in sorted(members, key=order):
        pieces += (separator, encode_basestring(name), ":")
        _write(members[name], pieces)
        separator = ","
    pieces.append("}" if members else "{}")


def _write_array(items: Sequence[Json], pieces: list[str]) -> None:
    separator = "["
    for item in items:
        pieces.append(separator)
        _write(item, pieces)
        separator = ","
    pieces.append("]" if items else "[]")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def _parse(text: bytes) -> Json:
    try:
        value: Json = _DECODER.decode(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply to be read") from error
    return value


def _read_integer(text: str) -> int | float:
    if len(text) <= _LONGEST_INTEGER and abs(int(text)) <= LARGEST_INTEGER:
        return int(text)
    number = float(text)
    if not math.isfinite(number) or write_number(number) != text:
        raise ValueError("a number has more digits than a double can hold")
    return number


def _read_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large for a double")
    return number


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _read_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name comes twice in one JSON object")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_read_float,
    parse_constant=_refuse_constant,
)

"""Is the person a header names the participant? Answered by keyed digests; no name leaves the identity side (pure).

Whoever holds identities makes the fingerprints of one participant under a salt of one upload; the reader digests what
a header says under the same salt and compares. HMAC-SHA256 (RFC 2104), text folded as identities are (NFKD, case,
accents, hyphens and spaces do not count).
"""

import hashlib
import hmac
import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

YES, NO, SILENT = "yes", "no", "header says nothing"

_NOBODY = frozenset({"", "anonymous", "anonymised", "anonymized", "anon", "unknown", "none", "na", "xxx", "noname"})
_SIMULATED = "sim"
_MOST_WORDS = 5
_LOOKS_LIKE_A_CODE = re.compile(r"^[a-z]{2,5}[0-9]{4,6}[0-9a-z]$")
"""A folded research code of this portal (`EXB-0042-K`)."""


@dataclass(frozen=True)
class Person:
    """Who a header names. Held in memory alone; its repr shows nothing."""

    name: str = ""
    birth_date: date | None = None
    number: str = ""

    def __repr__(self) -> str:
        return "Person(hidden)"


def fold(text: str) -> str:
    """Return the text without case, accents, spaces and signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def fold_and_digest(salt: str, use: str, *parts: str) -> str:
    """Return the hexadecimal HMAC-SHA256 of the folded parts, for one use ("person", "name", "number", "code").

    salt: hexadecimal, as an upload keeps it. Raises ValueError for a salt that is no hexadecimal of 16 bytes or more.
    """
    key = bytes.fromhex(salt)
    if len(key) < 16:
        raise ValueError(f"a salt has 16 bytes or more, not {len(key)}")
    message = "|".join((use, *(fold(part) for part in parts)))
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def make_fingerprints(
    salt: str, *, family_name: str, given_name: str, birth_date: date, hospital_number: str, code: str
) -> list[str]:
    """Return the four digests by which a header is compared with a participant; "" where there is no number.

    In this order: name and birth date; hospital number; research code; name alone (for formats without birth date).
    """
    return [
        fold_and_digest(salt, "person", family_name, given_name, birth_date.isoformat()),
        fold_and_digest(salt, "number", hospital_number) if fold(hospital_number) else "",
        fold_and_digest(salt, "code", code),
        fold_and_digest(salt, "name", family_name, given_name),
    ]


def compare(salt: str, fingerprints: Sequence[str], person: Person) -> tuple[str, str]:
    """Return (YES, NO or SILENT, what decided): "name", "birth date", "number", "code", or "" for silence.

    Everything the header says must fit: a right number beside another name is another person's file.
    """
    by_person, by_number, by_code, by_name = (*fingerprints, "", "", "", "")[:4]
    known = {one for one in (by_person, by_number, by_code, by_name) if one}
    number = _without_mark(person.number)
    has_code = bool(number) and fold_and_digest(salt, "code", number) in known
    has_number = bool(number) and any(fold_and_digest(salt, "number", one) in known for one in (number, person.number))
    fits = has_code or has_number
    if number and not fits and by_number:
        return NO, "number"
    told = _without_mark(person.name)
    if told and told != number and fold_and_digest(salt, "code", told) not in known:
        verdict = _compare_name(salt, known, person, has_name_digest=bool(by_name))
        if verdict != SILENT:
            return verdict, "name"
        if not fits:
            return NO, "name"
    elif told and fold_and_digest(salt, "code", told) in known:
        return YES, "code"
    if fits:
        return YES, "code" if has_code else "number"
    # A research code that fits nothing is another participant's, whether or not a hospital number is on file. Any
    # other number that nobody has on file cannot be compared; it is no evidence either way.
    return (NO, "code") if _LOOKS_LIKE_A_CODE.match(number) else (SILENT, "")


def _compare_name(salt: str, known: set[str], person: Person, has_name_digest: bool) -> str:
    pairs = name_pairs(person.name)
    if person.birth_date is not None:
        born = person.birth_date.isoformat()
        return YES if any(fold_and_digest(salt, "person", *pair, born) in known for pair in pairs) else NO
    if not has_name_digest:
        return SILENT
    return YES if any(fold_and_digest(salt, "name", *pair) in known for pair in pairs) else NO


def name_pairs(name: str) -> list[tuple[str, str]]:
    """Return the (family, given) pairs a name may mean: `FAMILY^GIVEN^MIDDLE`, `Family, Given` or plain words."""
    alphabetic = name.partition("=")[0]
    if "^" in alphabetic:
        family, given, middle = [*(part.strip() for part in alphabetic.split("^")), "", ""][:3]
        return [(family, given), (family, f"{given}{middle}"), (given, family)]
    if "," in alphabetic:
        family, given = (part.strip() for part in alphabetic.split(",", 1))
        return [(family, given), (family, given.split(" ")[0])]
    words = alphabetic.split()[:_MOST_WORDS]
    cuts = [(words[:cut], words[cut:]) for cut in range(1, len(words))] or [(words, [])]
    pairs = itertools.chain.from_iterable(((left, right), (right, left)) for left, right in cuts)
    return [("".join(family), "".join(given)) for family, given in pairs]


def _without_mark(text: str) -> str:
    """Return the folded text; empty for a stand-in of no name; without the `SIM-` of a simulated code."""
    folded = fold(text)
    if folded in _NOBODY or set(folded) <= {"0"}:
        return ""
    return folded.removeprefix(_SIMULATED) if text.strip().casefold().startswith(f"{_SIMULATED}-") else folded

"""From the rows of a repeated form to one value for each column (pure).

A list of conditions becomes one flag for each condition, a list of medicines one for each class, pQCT one number for
each scan site. Of any other form that was filled in twice at baseline, the first answer counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Answers = Mapping[str, Any]

PIVOT: dict[str, str] = {"mhx": "mh_cond", "med": "med_class", "pqc": "pq_site"}
"""Form → the variable that says which row is which."""

FLAGS = frozenset({"mhx", "med"})
"""Forms of which only the presence of a row matters; the rest of each row is no column."""

PRESENT, ABSENT = frozenset({"1", "2"}), "0"
"""Codes of `mh_present`: current or past, never."""


def fold_rows(form: str, rows: Sequence[Answers]) -> dict[str, Any]:
    """Return variable, or variable@row, → value."""
    if form == "mhx":
        return _fold_conditions(rows)
    if form == "med":
        # A medicine nobody wrote down was not taken: the form was completed with the list as it is.
        return {"med_class": [str(row["med_class"]) for row in rows if row.get("med_class")]} if rows else {}
    if form in PIVOT:
        return _fold_sites(rows, PIVOT[form])
    found: dict[str, Any] = {}
    for row in rows:
        for variable, value in row.items():
            found.setdefault(variable, value)
    return found


def _fold_conditions(rows: Iterable[Answers]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        present = str(row.get("mh_present") or "")
        if row.get("mh_cond") and (present in PRESENT or present == ABSENT):
            found[f"mh_cond@{row['mh_cond']}"] = "1" if present in PRESENT else "0"
    return found


def _fold_sites(rows: Iterable[Answers], key: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        for variable, value in row.items():
            if row.get(key) and variable != key:
                found.setdefault(f"{variable}@{row[key]}", value)
    return found

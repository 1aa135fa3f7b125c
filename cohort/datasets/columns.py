"""Columns of a snapshot: which there can be, and what a participant's answers give in them (pure).

No date, no free text, no name of anybody becomes a column: ages stand in for dates, and a list of answers becomes one
flag for each of its codes. What cannot become a column is left out with its reason, never in silence.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohort.datasets.folding import FLAGS, PIVOT
from modelling.engine.training.admissible import Ruling, Use, classify

NUMBER, CATEGORY, FLAG = "number", "category", "flag"
YES_NO_TYPES = frozenset({"yn", "ynu"})
NUMBER_TYPES = ("int", "dec")
MODALITIES = ("film", "dxa", "pqct", "hrpqct")
"""Images of a snapshot; what is measured in one stands in the group of its name."""
LEFT_OUT_TYPES: dict[str, str] = {
    "text": "free text",
    "date": "a date; nothing dated enters a snapshot",
    "pdate": "a date; nothing dated enters a snapshot",
    "datetime": "a date; nothing dated enters a snapshot",
    "time": "a time; nothing dated enters a snapshot",
    "fk": "names a person or a device",
    "file": "a file",
    "json": "a copy of other answers",
    "esign": "a signature",
}

Value = str | float | int | None


@dataclass(frozen=True)
class Column:
    """One column. `kind`: number, category (one of `codes`) or flag (0 or 1). `group`: the form it comes from."""

    name: str
    kind: str
    unit: str = ""
    codes: tuple[str, ...] = ()
    group: str = ""
    label: str = ""

    @property
    def variable(self) -> str:
        """The variable of the dictionary it comes from."""
        return self.name.partition("@")[0]

    @property
    def part(self) -> str:
        """Which answer of a list, or which row of a repeated form; empty where there is one value."""
        return self.name.partition("@")[2]

    def as_json(self) -> dict[str, Any]:
        """Return the column as the manifest has it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "codes": list(self.codes),
            "group": self.group,
            "label": self.label,
        }


@dataclass(frozen=True)
class LeftOut:
    """A column that is not in the snapshot, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Asked:
    """What was asked of a field in the dictionary, in the few words that matter here."""

    variable: str
    form: str
    label: str
    type: str
    unit: str
    codes: tuple[str, ...]
    is_closed: bool
    """Its answers lie in the closed schema, so they cannot be read for test participants."""
    is_usual: bool = True
    """False for a measured value that is one of very many: it comes by its name alone."""


def make_columns(field: Asked, sites: Sequence[str] = ()) -> list[Column]:
    """Return the columns one field gives; an empty list where it can give none.

    sites: the rows of a form that is measured at several places (`pqc`), one column for each.
    """
    if field.type == "multi" or (field.form in FLAGS and field.variable == PIVOT[field.form]):
        return [
            Column(f"{field.variable}@{code}", FLAG, group=field.form, label=f"{field.label}: {code}")
            for code in field.codes
        ]
    kind = "" if field.form in PIVOT and field.variable == PIVOT[field.form] else kind_of(field)
    if not kind or field.form in FLAGS:
        return []
    unit = field.unit if kind == NUMBER else ""
    codes = field.codes if kind == CATEGORY else ()
    if field.form in PIVOT:
        return [
            Column(f"{field.variable}@{site}", kind, unit, codes, field.form, f"{field.label} at {site}")
            for site in sites
        ]
    return [Column(field.variable, kind, unit, codes, field.form, field.label)]


def kind_of(field: Asked) -> str:
    """Return whether a field with one answer is a number, a category or a flag; empty where it is none of them."""
    if field.type in YES_NO_TYPES:
        return FLAG
    if field.type.startswith(NUMBER_TYPES):
        return NUMBER
    known = set(field.codes) - {"8", "9"}
    if field.type == "calc":
        return FLAG if known and known <= {"0", "1"} else CATEGORY if known else NUMBER
    return CATEGORY if field.type == "enum" and known else ""


def choose_columns(
    task: str, fields: Sequence[Asked], asked: Sequence[str] | None, images: Collection[str] | None = None
) -> tuple[list[Column], list[LeftOut]]:
    """Return the columns of a snapshot and those left out, each with its reason.

    asked: the columns somebody wants; None: every admissible one. images: of what was measured in images, only the
    usual values of these modalities come unasked; None: every admissible one.
    Raises ValueError naming the column and the reason where a forbidden or unknown one was asked for.
    """
    chosen: list[Column] = []
    left_out: list[LeftOut] = []
    sites = {field.form: field.codes for field in fields if field.variable == PIVOT.get(field.form)}
    for field in fields:
        reason = _why_not(task, field) or (_why_not_unasked(field, images) if asked is None else "")
        if reason:
            left_out.append(LeftOut(field.variable, reason))
            continue
        for one in make_columns(field, sites.get(field.form, ())):
            # One answer of a field may tell of the outcome where the others do not: see ONE_ANSWER of admissible.
            ruling = classify(task, one.name)
            if ruling.use is Use.INPUT:
                chosen.append(one)
            else:
                left_out.append(LeftOut(one.name, ruling.reason))
    if asked is None:
        return chosen, left_out
    _refuse_unfit(task, asked, chosen, left_out)
    wanted = set(asked)
    left_out += [LeftOut(one.name, "not asked for") for one in chosen if not {one.name, one.variable} & wanted]
    return [one for one in chosen if {one.name, one.variable} & wanted], left_out


def value_of(column: Column, answers: Mapping[str, Any]) -> Value:
    """Return what answers give in a column; None where there is no answer, or it is "unknown".

    answers: variable → typed value, as the forms keep them.
    """
    given = answers.get(column.name, answers.get(column.variable))
    if given is None or given == "":
        return None
    if isinstance(given, list):
        return int(column.part in given)
    if column.kind == NUMBER:
        return float(given) if not isinstance(given, bool) else None
    text = {True: "1", False: "0"}.get(given, given) if isinstance(given, bool) else given
    text = str(text)
    if column.kind == FLAG:
        # Unknown is not no.
        return {"1": 1, "0": 0}.get(text)
    return text if text in column.codes else None


def _why_not(task: str, field: Asked) -> str:
    ruling: Ruling = classify(task, field.variable)
    if ruling.use is not Use.INPUT:
        return ruling.reason if ruling.use is Use.FORBIDDEN else f"the label: {ruling.reason}"
    if field.type in LEFT_OUT_TYPES:
        return LEFT_OUT_TYPES[field.type]
    if field.is_closed:
        return "lies in the closed schema, so it could not be read for test participants"
    if field.form in FLAGS and field.variable != PIVOT[field.form]:
        return f"belongs to a list; what counts of it stands in the columns of '{PIVOT[field.form]}'"
    return "" if make_columns(field, ("row",)) else "names rows or has no list of codes, so it is no column of its own"


def _why_not_unasked(field: Asked, images: Collection[str] | None) -> str:
    if images is None or field.form not in MODALITIES:
        return ""
    if field.form not in images:
        return f"measured in an image that was not asked for ({field.form})"
    return "" if field.is_usual else "a measured value that comes when it is asked for by its name"


def _refuse_unfit(task: str, asked: Sequence[str], chosen: Sequence[Column], left_out: Sequence[LeftOut]) -> None:
    known = {one.name for one in chosen} | {one.variable for one in chosen}
    reasons = {one.name: one.reason for one in left_out}
    for name in asked:
        if name in known:
            continue
        why = reasons.get(name, reasons.get(name.partition("@")[0]))
        if why is None:
            ruling = classify(task, name)
            why = ruling.reason if ruling.use is not Use.INPUT else "nothing of this study gives it"
        raise ValueError(f"'{name}' cannot be a column for {task}: {why}")

"""The study's dictionary: every question of every case report form, read from one table (pure).

The table is `data/crf_fields.csv`. Its column `blind` names the tasks for which a field tells of the outcome: a form
with such a field keeps all its answers in the closed schema. `critical` fields are entered twice or imported.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cohort.study.code_lists import (
    DXA_ROI,
    ETHNIC,
    FALL_HEIGHT,
    FX_MECH,
    FX_SITE,
    MED,
    MH,
    VERTEBRAE,
    WORDS_OF_BARE_CODES,
)
from cohort.study.limits import Limits, parse_limits

TABLE: Final = Path(__file__).parent / "data" / "crf_fields.csv"

FORM_TITLES: Final[dict[str, str]] = {
    "scr": "Screening and eligibility",
    "con": "Consent",
    "vis": "Visit",
    "dem": "Demographics",
    "ant": "Anthropometry",
    "fxh": "Past fractures",
    "fam": "Family history",
    "fal": "Falls",
    "lif": "Lifestyle",
    "rep": "Reproductive and hormonal",
    "mhx": "Medical history",
    "med": "Medicines",
    "gcs": "Glucocorticoids",
    "phy": "Physical performance",
    "lab": "Laboratory",
    "rsk": "Risk tools",
    "img": "Imaging",
    "dxa": "DXA results",
    "pqc": "pQCT results",
    "hrp": "HR-pQCT results",
    "xrq": "Wrist radiograph quality",
    "vfa": "Vertebral reading",
    "lbl": "Label reading",
    "aev": "Adverse event",
    "inc": "Incidental finding",
    "dev": "Protocol deviation",
    "wdr": "Withdrawal",
    "fup": "Follow-up contact",
    "fxe": "New fracture",
    "eos": "End of study",
    "qcd": "Device quality control",
    "prc": "Precision study",
    "prt": "Data partition",
}

_LISTS: Final = {
    "see code list FX-SITE": FX_SITE,
    "FX-SITE": FX_SITE,
    "see code list FX-MECH": FX_MECH,
    "FX-MECH": FX_MECH,
    "as fxh_height": FALL_HEIGHT,
    "ONS list": ETHNIC,
    "see code list MH": MH,
    "see code list MED": MED,
    "T4..T12;L1..L5;C;U=unknown": (*VERTEBRAE, ("C", "cervical"), ("U", "unknown")),
    "T4..L4": tuple(one for one in VERTEBRAE if one[0] != "L5"),
}
_OPEN_LISTS: Final = ("from study version table", "dm+d pick list", "per task", "S52.5 S52.6")
_OPTIONAL: Final = frozenset({"gender", "ghaht", "dxa_z", "imd_decile", "phy_notdone"})
# Marked as repeating in the table because they are asked at several visits; at one visit they are filled in once.
_ONCE_A_VISIT: Final = frozenset({"vis", "ant", "fal", "lif", "gcs", "phy", "lab", "fup"})
_TEXTS: Final = frozenset({"text", "json", "file", "esign"})


@dataclass(frozen=True)
class Code:
    """One answer of a list: the code that is stored and its words."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One question. `soft` warns, `hard` refuses. `show_if` is the condition under which it is asked at all.

    type: int, dec0 to dec4 (so many decimals), date, pdate (a day known in part), datetime, time, yn, ynu, enum, multi,
    text, calc, fk, json, file or esign. blind: the tasks for which the answer tells of the outcome.
    """

    form: str
    variable: str
    label: str
    type: str
    unit: str
    soft: Limits
    hard: Limits
    show_if: str
    codes: tuple[Code, ...]
    checks: str
    used_by: str
    blind: tuple[str, ...]
    critical: bool

    @property
    def is_number(self) -> bool:
        """True for a number that is typed."""
        return self.type == "int" or self.type.startswith("dec")

    @property
    def n_decimals(self) -> int:
        """How many decimals a typed number may have."""
        return int(self.type[3:]) if self.type.startswith("dec") else 0

    @property
    def is_required(self) -> bool:
        """True if a complete form has an answer here, or the reason why there is none.

        A list of which none may apply, and that has no answer of its own for that, may stay empty.
        """
        if self.variable in _OPTIONAL or self.type in _TEXTS or self.type == "calc":
            return False
        return self.type != "multi" or any(code.label.startswith("none") for code in self.codes)

    def label_of(self, code: object) -> str:
        """Return the words of a code; the code itself where it has none."""
        return next((one.label for one in self.codes if one.value == str(code)), str(code))


@dataclass(frozen=True)
class Form:
    """One form: its questions in the order of the paper. A repeating form has one row for each thing at one visit."""

    code: str
    title: str
    is_repeating: bool
    fields: tuple[Field, ...]

    @property
    def blind(self) -> tuple[str, ...]:
        """The tasks for which any answer of the form tells of the outcome."""
        return tuple(sorted({task for field in self.fields for task in field.blind}))

    @property
    def is_closed(self) -> bool:
        """True if its answers are kept in the schema `outcome`."""
        return bool(self.blind)


@dataclass(frozen=True)
class Dictionary:
    """Every form of the study, by code, in the order of the paper."""

    forms: dict[str, Form]

    def __iter__(self) -> Iterator[Field]:
        return (field for form in self.forms.values() for field in form.fields)

    def field(self, variable: str) -> Field:
        """Return one question. Raises KeyError for a name nobody knows."""
        return _by_variable()[variable]

    def form(self, code: str) -> Form:
        """Return one form. Raises KeyError for a code nobody knows."""
        return self.forms[code]


@cache
def load_dictionary() -> Dictionary:
    """Return the dictionary; it is read once. Raises ValueError naming the row that cannot be read."""
    with TABLE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    names = [row["variable"] for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"the dictionary names {', '.join(sorted(twice))} twice")
    codes = list(dict.fromkeys(row["form"] for row in rows))
    return Dictionary(
        {
            code: Form(
                code,
                FORM_TITLES[code],
                code not in _ONCE_A_VISIT and any(row["repeating"] == "yes" for row in rows if row["form"] == code),
                tuple(_read_field(row) for row in rows if row["form"] == code),
            )
            for code in codes
        }
    )


@cache
def _by_variable() -> dict[str, Field]:
    return {field.variable: field for field in load_dictionary()}


def _read_field(row: dict[str, str]) -> Field:
    try:
        return Field(
            form=row["form"],
            variable=row["variable"],
            label=row["label"],
            type=row["type"],
            unit=row["unit"],
            soft=parse_limits(row["soft_range"], is_hard=False),
            hard=parse_limits(row["hard_range"], is_hard=True),
            show_if=row["show_if"],
            codes=_read_codes(row["variable"], row["codes"]),
            checks=row["checks"],
            used_by=row["used_by"],
            blind=tuple(row["blind"].split()),
            critical=row["critical"] == "yes",
        )
    except ValueError as error:
        raise ValueError(f"the dictionary's '{row['variable']}': {error}") from None


def _read_codes(variable: str, text: str) -> tuple[Code, ...]:
    if text.startswith(_OPEN_LISTS):
        return ()
    if variable in {"dxa_roi", "pr_site"}:
        return tuple(Code(value, label) for value, label in DXA_ROI)
    if found := _LISTS.get(text):
        return tuple(Code(value, label) for value, label in found)
    codes = []
    for part in filter(None, text.split(";")):
        value, _, label = part.partition("=")
        # The words may hold a sign themselves: `2=>25-40%`.
        codes.append(Code(value.strip(), label.strip() or WORDS_OF_BARE_CODES.get(value.strip(), value.strip())))
    return tuple(codes)

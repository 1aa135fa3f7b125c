"""What can be a column of a study: the fields of the dictionary, or the columns of the public table it came from."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cohort.datasets.columns import Asked
from cohort.measurements.models import OUTCOME_FAMILY
from cohort.study.dictionary import load_dictionary
from cohort.study.models import Basis, Study
from modelling.engine.features.catalogue import PQCT, QUANTITIES, list_quantities
from modelling.engine.training.admissible import COHORT, FX_WRIST_PAST

DATA = Path(__file__).parent / "data"

PERSON = "person"
"""Group of what the participant's own row tells."""

OWN_FIELDS = (Asked("sex", PERSON, "Sex registered at birth", "enum", "", ("F", "M"), is_closed=False),)


@dataclass(frozen=True)
class PublicColumn:
    """One column of a public table: what it is called there, what it means, and how its codes are read.

    codes: code in the file → code as it is kept. missing: code in the file → reason of missingness.
    is_closed: it tells an outcome, so it goes to the closed schema.
    """

    name: str
    label: str
    type: str
    unit: str
    codes: dict[str, str]
    missing: dict[str, str]
    is_closed: bool
    is_made: bool


@dataclass(frozen=True)
class PublicTable:
    """A public table as its mapping file describes it."""

    code: str
    title: str
    form: str
    notice: str
    facts: dict[str, Any]
    columns: tuple[PublicColumn, ...]

    def column(self, name: str) -> PublicColumn:
        """Return a column by its name. Raises ValueError for one the mapping does not know."""
        found = next((one for one in self.columns if one.name == name), None)
        if found is None:
            raise ValueError(f"the column '{name}' is not in the mapping of '{self.code}'")
        return found


@functools.cache
def load_public_table(code: str) -> PublicTable:
    """Return the mapping of a public table."""
    read = json.loads((DATA / f"{code}.json").read_text("utf-8"))
    columns = tuple(
        PublicColumn(
            name=one["name"],
            label=one["label"],
            type=one["type"],
            unit=one.get("unit", ""),
            codes=one.get("codes", {}),
            missing=one.get("missing", {}),
            is_closed=one.get("zone") == "outcome",
            is_made=one.get("made", False),
        )
        for one in read["columns"]
    )
    return PublicTable(read["code"], read["title"], read["form"], read["notice"], read["facts"], columns)


NHANES = "nhanes_fracture_history"


def list_fields(study: Study) -> list[Asked]:
    """Return every field of a study that could be asked for as a column."""
    if study.basis == Basis.PUBLIC_USE:
        table = load_public_table(NHANES)
        return [
            Asked(one.name, table.form, one.label, one.type, one.unit, tuple(one.codes.values()), one.is_closed)
            for one in table.columns
        ]
    return [*OWN_FIELDS, *_list_dictionary(), *list_measured()]


def list_measured() -> list[Asked]:
    """Return every quantity measured in images, under its modality; those of a DXA lie in the closed schema.

    A film's texture alone is a dozen numbers, and more columns than people teach nothing: usual are those of a pQCT
    at its two sites, as a report of the scanner has them.
    """
    usual = {one.name for one in list_quantities(PQCT)}
    return [
        Asked(
            one.name,
            one.modality,
            one.title,
            "dec",
            "" if one.unit == "1" else one.unit,
            (),
            is_closed=one.name.startswith(OUTCOME_FAMILY),
            is_usual=one.name in usual,
        )
        for one in QUANTITIES.values()
    ]


def list_tasks(study: Study) -> Sequence[str]:
    """Return the tasks a study can have."""
    return (FX_WRIST_PAST,) if study.basis == Basis.PUBLIC_USE else COHORT


def weights_of(study: Study) -> str | None:
    """Return the column that holds survey weights, None for a study that was not drawn as a survey."""
    return str(load_public_table(NHANES).facts["weights"]) if study.basis == Basis.PUBLIC_USE else None


@functools.cache
def _list_dictionary() -> tuple[Asked, ...]:
    return tuple(
        Asked(
            field.variable,
            field.form,
            field.label,
            field.type,
            field.unit,
            tuple(code.value for code in field.codes),
            is_closed=form.is_closed,
        )
        for form in load_dictionary().forms.values()
        for field in form.fields
        if field.variable != "sex"
    )

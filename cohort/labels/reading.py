"""From the answers of the forms to what the label rules want (pure). Answers are typed as the forms keep them."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from cohort.labels.fractures import Fracture
from cohort.labels.osteoporosis import Person, Reading

Answers = Mapping[str, Any]

HYPERPARATHYROIDISM = "pth1"


def read_dxa(rows: Iterable[Answers]) -> list[Reading]:
    """Return the regions of the form `dxa`, a line for each. A line without region tells nothing."""
    return [
        Reading(
            region=str(row["dxa_roi"]),
            t_score=_decimal(row.get("dxa_t")),
            is_excluded=str(row.get("dxa_excl") or "0") != "0",
        )
        for row in rows
        if row.get("dxa_roi")
    ]


def read_person(
    sex: str, age_years: int, menopause: Answers, conditions: Iterable[Answers], screening: Answers
) -> Person:
    """Return what chooses the scale, from the participant and the forms `rep`, `mhx` and `scr`."""
    has_indication = screening.get("scr_weight_ok") is False or any(
        row.get("mh_cond") == HYPERPARATHYROIDISM and str(row.get("mh_present")) in {"1", "2"} for row in conditions
    )
    return Person(sex, age_years, str(menopause.get("meno_status") or ""), has_indication)


def read_past_fractures(rows: Iterable[Answers]) -> tuple[str, list[Fracture]]:
    """Return the gate answer of the form `fxh` and its fractures."""
    found = list(rows)
    answers = [str(row["fxh_any"]) for row in found if row.get("fxh_any") not in {None, ""}]
    ever = next((one for one in ("1", "9", "0") if one in answers), "")
    return ever, [
        Fracture(
            site=str(row["fxh_site"]),
            mechanism=str(row.get("fxh_mech") or ""),
            height=_text(row.get("fxh_height")),
            age_years=None if row.get("fxh_age") is None else int(row["fxh_age"]),
            happened=_text(row.get("fxh_date")),
        )
        for row in found
        if row.get("fxh_site")
    ]


def read_incident_fractures(rows: Iterable[Answers]) -> list[Fracture]:
    """Return the fractures of the form `fxe`, with what the adjudicators found where they are done."""
    return [
        Fracture(
            site=str(row["fe_site"]),
            mechanism=str(row.get("fe_mech") or ""),
            height=_text(row.get("fe_height")),
            happened=_text(row.get("fe_date")),
            is_pathological=_text(row.get("fe_patho")) not in {"", "0"},
            adjudicated=None if row.get("fe_fragility") in {None, ""} else int(row["fe_fragility"]),
        )
        for row in rows
        if row.get("fe_site")
    ]


def read_last_seen(rows: Iterable[Answers]) -> date | None:
    """Return the last day somebody was asked for fractures and had none, from the forms `fup` and `eos`."""
    days = [row.get("fu_done") for row in rows if _text(row.get("fu_fx_any")) == "0"]
    days += [row.get("es_last_known") for row in rows]
    return max((date.fromisoformat(str(day)) for day in days if day), default=None)


def read_told(rows: Iterable[Answers]) -> set[str]:
    """Return every answer of the form `fup` to "new fracture since last contact"."""
    return {_text(row.get("fu_fx_any")) for row in rows} - {""}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _decimal(value: Any) -> Decimal | None:
    # Through text: a printed -2.5 is kept as the JSON number -2.5, and repr gives it back as it was printed.
    return None if value in {None, ""} else Decimal(str(value))

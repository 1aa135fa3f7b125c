"""Rules a clinic uses already, scored beside the models: T-score rule, femoral-neck BMD, FRAX as entered (pure).

They want fields that tell an outcome, so no model and no page may read them: the scorer alone does, for test
participants, and locks what they say by hash before any label is opened (DECISIONS 6). FRAX has no public equations:
nothing here computes it; where somebody entered its result from the official site, that number is taken.

What a rule gives is a place on a scale, from 0 (strongest bone) to 1; only FRAX's is a probability, of ten years.
"""

import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from cohort.labels.osteoporosis import HIP, LEAST_VERTEBRAE, OSTEOPOROSIS_AT, SPINE, count_vertebrae
from cohort.labels.reading import read_dxa
from modelling.engine.training.admissible import FX_FRAG, FX_INC, FX_WRIST_PAST, OP_WHO

Answers = Mapping[str, Any]
Read = Callable[[Sequence[Answers]], float | None]

HIGHEST_T, LOWEST_T = Decimal(6), Decimal(-8)
"""Ends of what the form takes as a T-score."""
LEAST_SHARE: Final = 0.5
"""Of the people who must have the rule's value; the others get the median of those who have one."""
NECK = ("FN_L", "FN_R")

MAKES_THE_LABEL: Final = "the label is made from the same values"
_NOT_PUBLIC: Final = "the public data set has no DXA report and no FRAX"


@dataclass(frozen=True)
class Baseline:
    """One rule. read: answers of its form at baseline -> place from 0 to 1, None where it has none.

    threshold: called positive from here on; None where the rule names none. tells: tasks whose labels its values
    would tell. why_not: task -> why it is no baseline there. form: of the closed schema.
    """

    key: str
    name: str
    inputs: str
    says: str
    form: str
    read: Read
    threshold: float | None
    tells: tuple[str, ...]
    why_not: Mapping[str, str] = field(default_factory=dict)


def place_of_t(t_score: Decimal) -> float:
    """Return the place of a T-score from 0 (T +6) to 1 (T -8); a lower T is a higher place."""
    inside = min(max(t_score, LOWEST_T), HIGHEST_T)
    return float((HIGHEST_T - inside) / (HIGHEST_T - LOWEST_T))


def read_lowest_t(rows: Sequence[Answers]) -> float | None:
    """Return the place of the lowest T-score of spine, total hip and femoral neck, whichever were read.

    Without the 33 % radius. A spine of fewer than two vertebrae does not count (ISCD 2019).
    """
    found = read_dxa(rows)
    usable = {one.region: one.t_score for one in found if one.t_score is not None and not one.is_excluded}
    counted = [usable[region] for region in HIP if region in usable]
    spine = next((region for region in SPINE if region in usable), None)
    if spine is not None and count_vertebrae(found) >= LEAST_VERTEBRAE:
        counted.append(usable[spine])
    return place_of_t(min(counted)) if counted else None


def read_neck_t(rows: Sequence[Answers]) -> float | None:
    """Return the place of the femoral neck's T-score, the lower of two sides."""
    found = [
        one.t_score for one in read_dxa(rows) if one.region in NECK and one.t_score is not None and not one.is_excluded
    ]
    return place_of_t(min(found)) if found else None


def read_frax(rows: Sequence[Answers]) -> float | None:
    """Return FRAX's ten-year probability of a major osteoporotic fracture; the one with BMD where there are two."""
    return _read_frax(rows, ("1", "0"))


def read_frax_without_bmd(rows: Sequence[Answers]) -> float | None:
    """Return the same, of entries made without BMD alone."""
    return _read_frax(rows, ("0",))


def _read_frax(rows: Sequence[Answers], with_bmd: Iterable[str]) -> float | None:
    entered = {
        str(row.get("rsk_bmd")): float(row["rsk_mof10"]) / 100
        for row in rows
        if row.get("rsk_tool") == "FRAX" and row.get("rsk_mof10") is not None
    }
    return next((entered[one] for one in with_bmd if one in entered), None)


_OF_DXA: Final = {OP_WHO: MAKES_THE_LABEL, FX_WRIST_PAST: _NOT_PUBLIC}
_PLACE: Final = "a place on the scale from T +6 (0) to T -8 (1), not a probability"
BASELINES: Final[tuple[Baseline, ...]] = (
    Baseline(
        "T_RULE",
        "T-score rule",
        "the lowest T-score of spine, total hip and femoral neck",
        f"positive at T -2.5 or below (WHO 1994); the number is {_PLACE}",
        "dxa",
        read_lowest_t,
        place_of_t(OSTEOPOROSIS_AT),
        (OP_WHO,),
        _OF_DXA,
    ),
    Baseline(
        "NECK_BMD",
        "Femoral-neck BMD",
        "the femoral neck's BMD, as its T-score",
        f"no threshold; the number is {_PLACE}",
        "dxa",
        read_neck_t,
        None,
        (OP_WHO,),
        _OF_DXA,
    ),
    Baseline(
        "FRAX",
        "FRAX as entered",
        "FRAX's major osteoporotic fracture, entered from its official site",
        "FRAX is not public and is not computed here; the number is its probability of ten years, no threshold",
        "rsk",
        read_frax,
        None,
        (OP_WHO, FX_FRAG),
        {
            OP_WHO: "with BMD it holds what the label is made from; see the entry without BMD",
            FX_FRAG: "FRAX asks for past fractures, which are what is to be predicted",
            FX_WRIST_PAST: _NOT_PUBLIC,
        },
    ),
    Baseline(
        "FRAX_NO_BMD",
        "FRAX without BMD, as entered",
        "FRAX's major osteoporotic fracture without BMD, entered from its official site",
        "FRAX is not public and is not computed here; the number is its probability of ten years, no threshold",
        "rsk",
        read_frax_without_bmd,
        None,
        (FX_FRAG,),
        {
            FX_FRAG: "FRAX asks for past fractures, which are what is to be predicted",
            FX_INC: "the entry with BMD is taken where there is one",
            FX_WRIST_PAST: _NOT_PUBLIC,
        },
    ),
)
BY_KEY: Final[Mapping[str, Baseline]] = {one.key: one for one in BASELINES}


def choose_baselines(task: str, opened: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """Return what the protocol says of the rules: {"rules": [{key, name, form, says}], "left_out": [{name, why}]}.

    opened: tasks whose test labels are open in this study. A rule whose values would tell the label of another task
    waits for that task's reveal: a report with it would spend that test set unseen.
    """
    rules, left_out = [], []
    for one in BASELINES:
        closed = [told for told in one.tells if told != task and told not in opened]
        if task in one.why_not:
            left_out.append({"name": one.name, "why": one.why_not[task]})
        elif closed:
            why = f"its values tell labels of {' and '.join(closed)}, which nobody has revealed in this study"
            left_out.append({"name": one.name, "why": why})
        else:
            rules.append({"key": one.key, "name": one.name, "form": one.form, "says": one.says})
    return {"rules": rules, "left_out": left_out}


def fill_gaps(places: Mapping[Any, float | None]) -> dict[Any, float] | None:
    """Return every person's place, those without a value at the median of the others; None if too few have one.

    The median is one of the values, so that nothing is said that nobody measured.
    """
    known = [place for place in places.values() if place is not None]
    if not known or len(known) < LEAST_SHARE * len(places):
        return None
    middle = statistics.median_low(known)
    return {person: middle if place is None else place for person, place in places.items()}

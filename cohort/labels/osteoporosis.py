"""Osteoporosis by the WHO's T-score rule, task OP_WHO (pure; CLINICAL 1.6; worked examples in CLINICAL 8.2, 8.11).

The class is made from the printed T-score, which has one decimal, in decimal arithmetic: a BMD of 0.744 g/cm2 at the
femoral neck is T -0.95, printed -1.0; binary floating point makes it -0.9. T-scores come printed by the scanner, for
men and women alike against young women (ISCD 2019), hip by NHANES III.
Class limits: WHO Technical Report 843 (1994): osteoporosis at T -2.5 or lower, low bone mass between -2.5 and -1.0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from cohort.labels.rules import INCOMPLETE, NOT_KNOWN, OTHER_SCALE, Label

SPINE = ("LS_L1L4", "LS_L2L4")
VERTEBRAE = ("LS_L1", "LS_L2", "LS_L3", "LS_L4")
HIP = ("FN_L", "FN_R", "TH_L", "TH_R")
RADIUS_33 = "R_33"
"""Ultradistal, mid and total radius are no part of any label."""

OSTEOPOROSIS_AT, NORMAL_FROM = Decimal("-2.5"), Decimal("-1.0")
NEAR = frozenset(map(Decimal, ("-2.4", "-2.5", "-1.0", "-1.1")))
LEAST_VERTEBRAE = 2
T_SCALE_FROM_YEARS = 50
PAST_MENOPAUSE_YEARS = 55
"""Where nobody recorded the menopause, a woman of this age counts as past it (unconfirmed; for the protocol to say)."""

PREMENOPAUSAL = "1"
IN_OR_AFTER_MENOPAUSE = frozenset({"2", "3", "4", "5"})


class Class(StrEnum):
    """What the rule can say."""

    NORMAL = "NORMAL"
    LOW = "LOW"
    OSTEOPOROSIS = "OSTEOPOROSIS"
    USE_Z = "USE_Z"
    NOT_EVALUABLE = "NOT_EVALUABLE"


@dataclass(frozen=True)
class Reading:
    """One region of a DXA report: its T-score as printed (one decimal), and why the reader left it out, if so."""

    region: str
    t_score: Decimal | None
    is_excluded: bool = False


@dataclass(frozen=True)
class Person:
    """What decides between T and Z, and whether the 33 % radius counts.

    age_years: completed years at the scan. menopause: code of `meno_status`, "" where nobody recorded it.
    has_radius_indication: primary hyperparathyroidism, or above the weight limit of the table.
    """

    sex: str
    age_years: int
    menopause: str = ""
    has_radius_indication: bool = False


@dataclass(frozen=True)
class Verdict:
    """The class, the region it comes from, and what is to be known about it."""

    found: Class
    region: str = ""
    t_score: Decimal | None = None
    is_complete: bool = False
    is_near_threshold: bool = False
    is_osteoporotic_at_radius: bool = False
    """The 33 % radius is at or below -2.5, whether or not it counts (OP_R33_ANY)."""


def print_t_score(bmd: Decimal, mean: Decimal, sd: Decimal) -> Decimal:
    """Return (bmd - mean) / sd as a report prints it: one decimal, halves away from zero.

    bmd, mean, sd: areal BMD in g/cm2 on the scale of one maker, `sd` of young women. The result has no unit.
    """
    return ((bmd - mean) / sd).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def judge_osteoporosis(person: Person, readings: Sequence[Reading]) -> Verdict:
    """Return the class by the lowest T-score of spine, total hip and femoral neck (CLINICAL 1.6, steps 1 to 7)."""
    scale = _choose_scale(person)
    if scale is not None:
        return Verdict(scale)
    usable = {one.region: one.t_score for one in readings if one.t_score is not None and not one.is_excluded}
    at_radius = usable.get(RADIUS_33)
    counted = {region: usable[region] for region in HIP if region in usable}
    has_hip = bool(counted)
    spine = next((region for region in SPINE if region in usable), None)
    has_spine = spine is not None and count_vertebrae(readings) >= LEAST_VERTEBRAE
    if has_spine and spine is not None:
        counted[spine] = usable[spine]
    is_complete = has_spine and has_hip
    if at_radius is not None and (not is_complete or person.has_radius_indication):
        counted[RADIUS_33] = at_radius
    osteoporotic_at_radius = at_radius is not None and at_radius <= OSTEOPOROSIS_AT
    if not counted:
        return Verdict(Class.NOT_EVALUABLE, is_osteoporotic_at_radius=osteoporotic_at_radius)
    region, lowest = min(counted.items(), key=lambda one: one[1])
    return Verdict(classify_t_score(lowest), region, lowest, is_complete, lowest in NEAR, osteoporotic_at_radius)


def classify_t_score(t_score: Decimal) -> Class:
    """Return the WHO class of a printed T-score; -2.5 is osteoporosis, -1.0 is normal."""
    if t_score <= OSTEOPOROSIS_AT:
        return Class.OSTEOPOROSIS
    return Class.NORMAL if t_score >= NORMAL_FROM else Class.LOW


def count_vertebrae(readings: Iterable[Reading]) -> int:
    """Return how many lumbar vertebrae are left; without lines of their own, those the spine's region names."""
    found = list(readings)
    single = [one for one in found if one.region in VERTEBRAE]
    if single:
        return sum(not one.is_excluded for one in single)
    whole = {one.region for one in found if not one.is_excluded}
    return 4 if "LS_L1L4" in whole else 3 if "LS_L2L4" in whole else 0


def make_osteoporosis_label(person: Person, readings: Sequence[Reading]) -> Label:
    """Return the label OP_WHO. Any T at -2.5 counts; a negative only counts when spine and hip were read."""
    verdict = judge_osteoporosis(person, readings)
    if verdict.found is Class.USE_Z:
        return Label(None, OTHER_SCALE)
    if verdict.found is Class.NOT_EVALUABLE:
        return Label(None, NOT_KNOWN if not readings else INCOMPLETE)
    if verdict.found is Class.OSTEOPOROSIS:
        return Label(1, from_forearm=verdict.region == RADIUS_33)
    if not verdict.is_complete:
        return Label(None, INCOMPLETE)
    return Label(0, from_forearm=verdict.region == RADIUS_33)


def _choose_scale(person: Person) -> Class | None:
    """Return USE_Z or NOT_EVALUABLE where T does not apply, else None."""
    if person.sex == "M":
        return None if person.age_years >= T_SCALE_FROM_YEARS else Class.USE_Z
    if person.menopause == PREMENOPAUSAL:
        return Class.USE_Z
    if person.menopause in IN_OR_AFTER_MENOPAUSE or person.age_years >= PAST_MENOPAUSE_YEARS:
        return None
    return Class.NOT_EVALUABLE

"""Scores of the performance and laboratory forms (pure; CLINICAL 2.6, 8.7, 8.9)."""

from bisect import bisect_left
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

GRIPS = ("grip_l1", "grip_l2", "grip_l3", "grip_r1", "grip_r2", "grip_r3")

# Seconds up to which 4, 3, 2 points are given; slower is 1 (SPPB manual; a course of 3 m has its own limits).
WALK_LIMITS: Final = {
    "4": (Decimal("4.81"), Decimal("6.20"), Decimal("8.70")),
    "3": (Decimal("3.61"), Decimal("4.65"), Decimal("6.52")),
}
CHAIR_LIMITS: Final = (Decimal("11.19"), Decimal("13.69"), Decimal("16.70"), Decimal(60))


def _number(answers: Mapping[str, Any], name: str) -> Decimal | None:
    value = answers.get(name)
    return None if value is None else Decimal(str(value))


def find_best_grip(answers: Mapping[str, Any]) -> float | None:
    """Return the best of six grips, kg; None without any."""
    found = [value for name in GRIPS if (value := _number(answers, name)) is not None]
    return float(max(found)) if found else None


def find_gait_speed(answers: Mapping[str, Any]) -> float | None:
    """Return the speed of the faster walk, m/s, with two decimals."""
    course, time = _number(answers, "gait_m"), _faster(answers)
    if course is None or not time:
        return None
    return float((course / time).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _faster(answers: Mapping[str, Any]) -> Decimal | None:
    times = [value for name in ("gait_s1", "gait_s2") if (value := _number(answers, name)) is not None]
    return min(times, default=None)


def score_balance(side_by_side: Decimal, semi: Decimal | None, tandem: Decimal | None) -> int | None:
    """Return 0 to 4 points for three stands, seconds held; None if a stand that had to follow was not timed."""
    if side_by_side < 10:
        return 0
    if semi is None:
        return None
    if semi < 10:
        return 1
    if tandem is None:
        return None
    return 4 if tandem >= 10 else 3 if tandem >= 3 else 2


def score_walk(seconds: Decimal, course: str) -> int | None:
    """Return 1 to 4 points for the walk; None for a course without published limits."""
    limits = WALK_LIMITS.get(course)
    return None if limits is None else 4 - bisect_left(limits, seconds)


def score_chair(seconds: Decimal) -> int:
    """Return 0 to 4 points for five chair stands."""
    if seconds <= CHAIR_LIMITS[0]:
        return 4
    if seconds <= CHAIR_LIMITS[1]:
        return 3
    return 2 if seconds < CHAIR_LIMITS[2] else int(seconds <= CHAIR_LIMITS[3])


def add_sppb(answers: Mapping[str, Any]) -> int | None:
    """Return the Short Physical Performance Battery, 0 to 12; None while a part is missing. Unable scores 0."""
    if answers.get("phy_notdone") == "1" and _number(answers, "chair_s") is None:
        chair: int | None = 0
    else:
        stands = _number(answers, "chair_s")
        chair = None if stands is None else score_chair(stands)
    held, walk = _number(answers, "bal_side"), _faster(answers)
    balance = None
    if held is not None:
        balance = score_balance(held, _number(answers, "bal_semi"), _number(answers, "bal_tan"))
    steps = None if walk is None else score_walk(walk, str(answers.get("gait_m")))
    parts = [part for part in (balance, steps, chair) if part is not None]
    return sum(parts) if len(parts) == 3 else None


UMOL_PER_MG_DL = 88.4


def estimate_gfr(answers: Mapping[str, Any], sex: str, age_y: int | None) -> float | None:
    """Return the glomerular filtration rate, mL/min/1.73 m2, from creatinine in umol/L, to one decimal.

    CKD-EPI 2009 without a race term, as laboratories in the United Kingdom report it:
    Levey et al., Ann Intern Med 150:604 (2009).
    """
    creatinine = _number(answers, "lab_creat")
    if creatinine is None or age_y is None or sex not in {"F", "M"}:
        return None
    kappa, alpha, factor = (0.7, -0.329, 1.018) if sex == "F" else (0.9, -0.411, 1.0)
    ratio = float(creatinine) / UMOL_PER_MG_DL / kappa
    rate: float = 141 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.209 * 0.993**age_y * factor
    return round(rate, 1)

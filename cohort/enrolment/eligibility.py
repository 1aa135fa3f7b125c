"""Who may take part: the criteria of CLINICAL 1.2 and CRF form `scr` as one pure function."""

from dataclasses import dataclass, field
from datetime import date, timedelta

CONTRAST_WAIT_DAYS = 14
"""Days from barium, iodinated contrast or a radionuclide to the scan (CLINICAL 1.2)."""
PREGNANCY_ASKED_BELOW_YEARS = 56


@dataclass(frozen=True)
class AgeRule:
    """At least, or older than, a number of years; the protocol says which."""

    least_years: int
    least_counts: bool

    def is_met(self, age_years: int) -> bool:
        """True if a person of this age may take part."""
        return age_years >= self.least_years if self.least_counts else age_years > self.least_years


@dataclass(frozen=True)
class Answers:
    """The answers of the screening form, as its fields are named. Sides: 0 none, 1 left, 2 right, 3 both."""

    scr_date: date
    scr_age: int
    sex: str
    scr_can_consent: bool
    scr_can_attend: bool
    scr_pregnant: str
    scr_contrast: bool
    scr_wrist_metal: str
    scr_wrist_fx12: str
    scr_avf: str
    scr_weight_ok: bool
    scr_bonedisease: bool


@dataclass(frozen=True)
class Verdict:
    """eligible, ineligible or deferred; every criterion that failed; the forearm that must not be scanned."""

    outcome: str
    failed: list[str] = field(default_factory=list)
    defer_until: date | None = None
    side_to_avoid: str = ""


REASONS = {
    "age": "the age rule of the protocol is not met",
    "capacity": "cannot give own consent",
    "attend": "cannot attend, or lie or sit still for scans",
    "pregnancy": "pregnancy is possible",
    "both_forearms": "neither forearm can be scanned (metalwork, recent fracture, fistula or lymphoedema)",
    "weight": "beyond the scanner's table limit",
    "bone_disease": "another disease of the radius",
}
"""Criterion → what a person reads."""


def judge(answers: Answers, age_rule: AgeRule) -> Verdict:
    """Return the verdict of the criteria. One usable forearm is enough: the side is switched."""
    blocked = _blocked_sides(answers)
    tests = {
        "age": age_rule.is_met(answers.scr_age),
        "capacity": answers.scr_can_consent,
        "attend": answers.scr_can_attend,
        "pregnancy": answers.scr_pregnant != "1",
        "both_forearms": blocked != {"left", "right"},
        "weight": answers.scr_weight_ok,
        "bone_disease": not answers.scr_bonedisease,
    }
    failed = [name for name, is_met in tests.items() if not is_met]
    side = next(iter(blocked)) if len(blocked) == 1 else ""
    if failed:
        return Verdict("ineligible", failed, side_to_avoid=side)
    if answers.scr_contrast:
        return Verdict("deferred", [], answers.scr_date + timedelta(days=CONTRAST_WAIT_DAYS), side)
    return Verdict("eligible", side_to_avoid=side)


def _blocked_sides(answers: Answers) -> set[str]:
    sides = {"0": set[str](), "1": {"left"}, "2": {"right"}, "3": {"left", "right"}}
    return sides[answers.scr_wrist_metal] | sides[answers.scr_wrist_fx12] | sides[answers.scr_avf]

"""What the rules say of one past fracture: fragility, age 50, major osteoporotic site (pure; CLINICAL 1.7).

A fragility fracture comes from a force that would not ordinarily break bone: a fall from standing height or less. The
edges (a kerb, a few steps, a seizure) go to adjudication, and nobody guesses what was not told.
"""

from collections.abc import Mapping
from typing import Any, Final

from cohort.study.limits import span_of

YES, NO, ADJUDICATE, UNKNOWN = "1", "0", "8", "9"

NEVER_COUNT: Final = frozenset({"skull", "face", "finger", "toe", "metacarpal", "metatarsal"})
MAJOR: Final = frozenset(
    {"hip_neck", "hip_troch", "hip_subtroch", "spine", "forearm_shaft", "radius_distal", "ulna_distal", "humerus_prox"}
)
"""Hip, clinical spine, forearm, proximal humerus."""

OF_MECHANISM: Final = {
    "spont": YES,
    "cough": YES,
    "lift": YES,
    "sport": NO,
    "rta": NO,
    "assault": NO,
    "crush": NO,
    "seizure": ADJUDICATE,
}
OF_FALL: Final = {"0": YES, "1": YES, "2": ADJUDICATE, "3": ADJUDICATE, "4": NO}


def judge_fragility(site: str, mechanism: str, height: str, *, chair_counts: bool = True) -> str:
    """Return 1 yes, 0 no, 8 to be adjudicated, 9 unknown, by FX-MECH x height x FX-SITE.

    chair_counts: whether a fall from chair or bed counts; some programmes say no, so it is the study's to set.
    """
    if site in NEVER_COUNT:
        return NO
    if mechanism != "fall":
        return OF_MECHANISM.get(mechanism, UNKNOWN)
    if height == "1" and not chair_counts:
        return NO
    return OF_FALL.get(height, UNKNOWN)


def judge_answers(answers: Mapping[str, Any]) -> str | None:
    """Return the rule's verdict on the answers of form `fxh`; None where no bone was named."""
    site = answers.get("fxh_site")
    if answers.get("fxh_any") != "1" or not site:
        return None
    return judge_fragility(str(site), str(answers.get("fxh_mech") or ""), str(answers.get("fxh_height") or ""))


def is_after_50(answers: Mapping[str, Any], birth_year: int | None) -> str | None:
    """Return 1 if the fracture came at 50 or later, 0 if before, 9 if nobody can say; None without a fracture.

    The birth date lies in the sealed part: from the years alone the fiftieth year itself stays open.
    """
    if answers.get("fxh_any") != "1":
        return None
    age, text = answers.get("fxh_age"), answers.get("fxh_date")
    if age is not None:
        return YES if int(age) >= 50 else NO
    if not text or birth_year is None:
        return UNKNOWN
    years = span_of(str(text))[0].year - birth_year
    return UNKNOWN if years == 50 else YES if years > 50 else NO


def is_major(site: Any) -> str | None:
    """Return whether the bone is one of the major osteoporotic sites; None where none was named."""
    return None if not site else YES if site in MAJOR else NO

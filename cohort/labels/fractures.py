"""Low-trauma fractures, tasks FX_FRAG, FX_INC and FX_WRIST_PAST (pure; CLINICAL 1.7; worked examples in CLINICAL 8.11).

Low-trauma is what breaks though the force would not ordinarily break bone: the WHO says a fall from standing height
or less; a vertebra may break without a fall. Lists disagree at the edge, so mechanism and height of the fall are kept
apart and the edges go to adjudication (8). Nothing at the edge becomes a label before somebody has judged it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cohort.labels.rules import INCOMPLETE, NO_IMAGING, NOT_FOLLOWED, NOT_KNOWN, TO_ADJUDICATE, Label

YES, NO, ADJUDICATE, UNKNOWN = 1, 0, 8, 9

NEVER_SITES = frozenset({"skull", "face", "finger", "toe", "metacarpal", "metatarsal"})
MAJOR_SITES = frozenset(
    {"hip_neck", "hip_troch", "hip_subtroch", "spine", "radius_distal", "ulna_distal", "forearm_shaft", "humerus_prox"}
)
"""Major osteoporotic: hip, clinical spine, forearm, proximal humerus."""

LOW_FORCE = frozenset({"spont", "cough", "lift"})
HIGH_FORCE = frozenset({"sport", "rta", "assault", "crush"})
BY_HEIGHT: dict[str, int] = {"0": YES, "1": YES, "2": ADJUDICATE, "3": ADJUDICATE, "4": NO}
"""Height of a fall (code of `fxh_height`) → verdict: 0 same level, 1 chair or bed, 2 kerb, 3 steps, 4 more."""

ADULT_YEARS, LATER_YEARS = 18, 50


@dataclass(frozen=True)
class Fracture:
    """One fracture as it was told or read. Codes are those of the forms `fxh` and `fxe`; "" where not answered.

    age_years: completed years when it happened, None where not known.
    happened: "2021", "2021-05" or "2021-05-13"; "" where not known.
    is_pathological: tumour, Paget, infection, periprosthetic, atypical femoral or stress.
    adjudicated: what readers found in the end, which overrules the table.
    """

    site: str
    mechanism: str
    height: str = ""
    age_years: int | None = None
    happened: str = ""
    is_pathological: bool = False
    adjudicated: int | None = None


def judge_fracture(fracture: Fracture) -> int:
    """Return 1 low-trauma, 0 not, 8 for the adjudicators, 9 unknown, by site, mechanism and height."""
    if fracture.adjudicated is not None:
        return fracture.adjudicated
    if fracture.is_pathological or fracture.site in NEVER_SITES or fracture.mechanism in HIGH_FORCE:
        return NO
    if fracture.mechanism in LOW_FORCE:
        return YES
    if fracture.mechanism == "seizure":
        return ADJUDICATE
    if fracture.mechanism == "fall":
        return BY_HEIGHT.get(fracture.height, UNKNOWN)
    return UNKNOWN


def is_major(fracture: Fracture) -> bool:
    """True at a major osteoporotic site."""
    return fracture.site in MAJOR_SITES


def make_past_fracture_label(ever: str, fractures: Sequence[Fracture], from_years: int = ADULT_YEARS) -> Label:
    """Return the label FX_FRAG: a low-trauma fracture at or after an age, before baseline.

    ever: the answer of `fxh_any`, "1" yes, "0" no, "9" unknown, "" not asked.
    from_years: 18 for adult life (as FRAX asks), 50 for the narrower window (as Garvan and DeepQCT).
    """
    if ever == "0" and not fractures:
        return Label(NO)
    if ever != "1" and not fractures:
        return Label(None, NOT_KNOWN if ever == "9" else INCOMPLETE)
    if not fractures:
        return Label(None, INCOMPLETE)
    return _combine([_judge_in_window(one, from_years) for one in fractures])


def make_incident_label(
    baseline: date | None, last_seen: date | None, fractures: Sequence[Fracture], told: Collection[str] = ()
) -> Label:
    """Return the label FX_INC: a low-trauma fracture strictly after the day of baseline imaging.

    last_seen: the last day somebody is known to have been free of fracture, or was asked; None if never.
    told: the answers of all follow-ups to "new fracture since last contact", "1" yes, "0" no, "9" unknown. A later
    "no" takes none of them back, for it speaks of the time since the last contact alone.
    """
    if baseline is None:
        return Label(None, NO_IMAGING)
    verdicts = []
    for one in fractures:
        verdict = judge_fracture(one)
        after = is_after(one.happened, baseline)
        if verdict != NO and after is not False:
            verdicts.append(verdict if after else ADJUDICATE)
    if verdicts:
        return _combine(verdicts)
    if "1" in told and not fractures:
        # Somebody told of one, and its event form is not done yet.
        return Label(None, INCOMPLETE)
    if "9" in told:
        return Label(None, NOT_KNOWN)
    if last_seen is None or last_seen <= baseline:
        return Label(None, NOT_FOLLOWED)
    return Label(NO)


def make_told_label(answer: str) -> Label:
    """Return the label FX_WRIST_PAST from the survey's answer: "1" yes, "0" no; anything else is no answer."""
    return Label({"1": YES, "0": NO}.get(answer), "" if answer in {"1", "0"} else NOT_KNOWN)


def is_after(partial: str, day: date) -> bool | None:
    """Return whether a partial date lies strictly after a day; None where it could lie on either side.

    Raises ValueError for what is no partial date.
    """
    if not partial:
        return None
    first, last = bounds_of(partial)
    if first > day:
        return True
    return False if last <= day else None


def bounds_of(partial: str) -> tuple[date, date]:
    """Return the first and the last day a partial date can mean. Raises ValueError for anything else."""
    parts = [int(part) for part in partial.split("-")]
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    if len(parts) == 2:
        first = date(parts[0], parts[1], 1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    whole = date(*parts)
    return whole, whole


def _judge_in_window(fracture: Fracture, from_years: int) -> int:
    verdict = judge_fracture(fracture)
    if fracture.age_years is None:
        # Everybody was asked for fractures since 18, so only the narrower window needs the age.
        return verdict if from_years <= ADULT_YEARS or verdict == NO else UNKNOWN
    return verdict if fracture.age_years >= from_years else NO


def _combine(verdicts: Sequence[int]) -> Label:
    if YES in verdicts:
        return Label(YES)
    if ADJUDICATE in verdicts:
        return Label(None, TO_ADJUDICATE)
    return Label(None, NOT_KNOWN) if UNKNOWN in verdicts else Label(NO)

"""When the visits of a participant are due, and which forms each of them has (pure; CLINICAL 1.3).

Days are counted from the baseline (day 0). A window is the days before and after the due day within which a visit
still counts as on time; a visit outside it is noted as a deviation, never blocked.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

HISTORY = ("dem", "ant", "fxh", "fam", "fal", "lif", "rep", "mhx", "med", "gcs", "phy")
IMAGING = ("img", "xrq", "dxa", "pqc")
FOLLOW_UP = ("fup", "fal", "med")
WHEN_NEEDED = ("aev", "inc", "dev")
"""Forms that are filled in when something happened; nobody misses them."""


@dataclass(frozen=True)
class PlannedVisit:
    """One kind of visit. after_months: due this many months after the baseline. before_days, after_days: its window.

    forms: asked of everybody. when_needed: filled in only when there is something to say, or a machine to say it.
    """

    code: str
    title: str
    after_months: int
    before_days: int
    after_days: int
    forms: tuple[str, ...]
    when_needed: tuple[str, ...] = WHEN_NEEDED
    is_optional: bool = False


SCHEDULE: tuple[PlannedVisit, ...] = (
    # CLINICAL gives the baseline no window; it gets that of its imaging, so that both can share one appointment.
    PlannedVisit("BL", "Baseline", 0, 0, 30, HISTORY, ("lab", "rsk", *WHEN_NEEDED)),
    PlannedVisit("BLI", "Baseline imaging", 0, 0, 30, IMAGING, ("hrp", "vfa", "qcd", "prc", *WHEN_NEEDED)),
    PlannedVisit("FU06", "Follow-up at 6 months", 6, 28, 56, FOLLOW_UP, ("fxe", *WHEN_NEEDED)),
    PlannedVisit("FU12", "Follow-up at 12 months", 12, 28, 56, FOLLOW_UP, ("fxe", *WHEN_NEEDED)),
    PlannedVisit("FU18", "Follow-up at 18 months", 18, 28, 56, FOLLOW_UP, ("fxe", *WHEN_NEEDED)),
    PlannedVisit("FU24", "Follow-up at 24 months", 24, 28, 56, FOLLOW_UP, ("fxe", *WHEN_NEEDED)),
    PlannedVisit(
        "FU24I", "Repeat imaging", 24, 60, 60, IMAGING, ("hrp", "vfa", "qcd", "prc", *WHEN_NEEDED), is_optional=True
    ),
    PlannedVisit("EOS", "End of study", 24, 28, 56, ("eos",), ("fxe", *WHEN_NEEDED)),
)

BY_CODE: dict[str, PlannedVisit] = {one.code: one for one in SCHEDULE}


@dataclass(frozen=True)
class Dates:
    """The day a visit is due and the first and last day of its window."""

    due_on: date
    opens_on: date
    closes_on: date


def plan(baseline_on: date) -> Iterator[tuple[PlannedVisit, Dates]]:
    """Yield every visit that is not optional, with its days."""
    for one in SCHEDULE:
        if not one.is_optional:
            yield one, find_dates(one, baseline_on)


def find_dates(visit: PlannedVisit, baseline_on: date) -> Dates:
    """Return when one kind of visit is due."""
    due = add_months(baseline_on, visit.after_months)
    return Dates(due, due - timedelta(visit.before_days), due + timedelta(visit.after_days))


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later; 31 January and one month is the last day of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

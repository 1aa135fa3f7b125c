"""The range a value is expected in: the soft limits of the form that asks for the same quantity.

It says what would make somebody look twice at a typed number; it is no reference of healthy people, and is never
called one. A reference curve holds only for its own generation of scanner, offset and people; none is built in.
"""

from dataclasses import dataclass
from functools import cache

from cohort.study.dictionary import load_dictionary
from cohort.study.limits import BMD_BY_REGION, Between
from frontend.units import with_unit
from modelling.engine.features.quantities import DXA, Quantity

REGIONS = {"ud": "R_UD", "mid": "R_MID", "33": "R_33", "total": "R_TOT"}
"""Region of a forearm DXA as measured → as `dxa_roi` of the form names it."""


@dataclass(frozen=True)
class Expected:
    """A range, both ends included, in the unit of its quantity."""

    lowest: float
    highest: float
    words: str

    def holds(self, value: float) -> bool:
        """True if a value lies in the range."""
        return self.lowest <= value <= self.highest


@cache
def find_expected(known: Quantity) -> Expected | None:
    """Return the range a quantity is expected in; None where no form asks for it."""
    found = _soft_limits(known)
    if found is None:
        return None
    lowest, highest = found
    words = with_unit(f"{lowest:g} to {highest:g}", "" if known.unit == "1" else known.unit).strip()
    return Expected(lowest, highest, words)


def _soft_limits(known: Quantity) -> tuple[float, float] | None:
    what, _, region = known.name.partition(".")[2].partition("_")
    if known.modality == DXA:
        if what != "abmd":
            return None
        (lowest, highest), _ = BMD_BY_REGION[REGIONS[region]]
        return float(lowest), float(highest)
    if not known.field:
        return None
    between = next((one for one in load_dictionary().field(known.field).soft if isinstance(one, Between)), None)
    return None if between is None else (float(between.lowest), float(between.highest))

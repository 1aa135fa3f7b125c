"""How well a site repeats its own DXA: its precision study, form `prc`, as a least significant change with its source.

ISCD Official Positions (2019): RMS-SD of repositioned repeats, 15 people three times or 30 twice (30 degrees of
freedom); several operators: the mean of their errors. Until a site has so many, the published error stands.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cohort.crf.access import COMPLETE
from cohort.crf.store import list_records
from cohort.measurements.expected import REGIONS
from cohort.participants.models import Visit
from modelling.engine.features.catalogue import Quantity
from modelling.engine.features.precision import LEAST_FREEDOM, measure_precision
from modelling.engine.features.quantities import LSC_FACTOR
from portal.sites.models import Site

FORM = "prc"


@dataclass(frozen=True)
class SitePrecision:
    """rms_sd: in the unit of the quantity. freedom: degrees of freedom of all operators."""

    rms_sd: float
    n_people: int
    n_operators: int
    freedom: int

    @property
    def is_enough(self) -> bool:
        """True if enough people were repeated to go by it."""
        return self.freedom >= LEAST_FREEDOM

    @property
    def lsc(self) -> float:
        """Least significant change, in the unit of the quantity."""
        return LSC_FACTOR * self.rms_sd

    @property
    def words(self) -> str:
        """Where it comes from."""
        return f"this site's own precision study: {self.n_people} people, {self.freedom} degrees of freedom"


def find_site_precisions(site: Site) -> dict[str, SitePrecision]:
    """Return the precision of each forearm quantity that a site's completed forms give, by its name."""
    visits = Visit.objects.filter(participant__site=site).values_list("pk", flat=True)
    rows = [one.answers for one in list_records(visits, [FORM]) if one.state in COMPLETE]
    codes = {code: f"dxa.abmd_{region}" for region, code in REGIONS.items()}
    found = {codes[code]: gather_precision(of) for code, of in _by(rows, "pr_site").items() if code in codes}
    return {name: one for name, one in found.items() if one is not None}


def gather_precision(rows: Iterable[Mapping[str, Any]]) -> SitePrecision | None:
    """Return the precision of one region's repeats: answers of `prc`; None where nobody was repeated."""
    errors, people, freedom = [], 0, 0
    for of_operator in _by(rows, "pr_oper").values():
        repeats = [[float(one["pr_val"]) for one in of] for of in _by(of_operator, "pr_subj").values()]
        repeats = [one for one in repeats if len(one) > 1]
        if repeats:
            precision = measure_precision(repeats)
            errors.append(precision.rms_sd)
            people += len(repeats)
            freedom += precision.freedom
    return SitePrecision(sum(errors) / len(errors), people, len(errors), freedom) if errors else None


def choose_least(known: Quantity, first: float, own: Mapping[str, SitePrecision]) -> tuple[float, str]:
    """Return the least significant change from a first value, and its source: the site's own where it is enough."""
    mine = own.get(known.name)
    if mine is not None and mine.is_enough:
        return mine.lsc, mine.words
    short = f"; {mine.words} of {LEAST_FREEDOM} wanted" if mine is not None else ""
    return LSC_FACTOR * (known.cv_percent or 0.0) / 100.0 * abs(first), f"published: {known.cv_source}{short}"


def _by(rows: Iterable[Mapping[str, Any]], variable: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in rows:
        if one.get("pr_val") not in (None, ""):
            found[str(one.get(variable, ""))].append(one)
    return found

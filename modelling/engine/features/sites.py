"""Where along the forearm the slices of a pQCT lie, told by the data (pure).

The slice near the wrist is told by its shape: marrow fills it. From there the others are as far up the arm as their
positions say, whatever the scanner counts from; per cent by the length of the forearm. Where that is not known, the
site that the form names stands. A shaft that nothing places is not measured: its indices would be of no site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modelling.engine.features.quantities_pqct import DISTAL, SHAFTS

WITHIN: Final = 3.0
"""Per cent of the forearm: a slice farther than this from each site is of none of them."""


@dataclass(frozen=True)
class Place:
    """What is known of a series. positions_mm: of each slice, along the arm. sites_of_form: as `pq_site` was ticked."""

    positions_mm: tuple[float, ...] = ()
    forearm_mm: float | None = None
    sites_of_form: tuple[str, ...] = ()


NOWHERE: Final = Place()


@dataclass(frozen=True)
class Sites:
    """The site of each slice; empty where nothing tells it, and then `why` says what is missing."""

    sites: tuple[str, ...]
    why: str = ""
    notes: tuple[str, ...] = ()


def tell_sites(is_shaft: Sequence[bool], place: Place) -> Sites:
    """Return the site of each slice. Raises ValueError where two are of one site."""
    distal = [number for number, shaft in enumerate(is_shaft) if not shaft]
    if len(distal) > 1:
        raise ValueError(f"two slices look like the {DISTAL} % site; wanted one")
    found, why, notes = [], "", []
    for number, shaft in enumerate(is_shaft):
        if not shaft:
            found.append(DISTAL)
            continue
        site, reason = _tell_shaft(number, distal, place)
        found.append(site)
        why = why or reason
        if site and place.sites_of_form and site not in place.sites_of_form:
            named = ", ".join(place.sites_of_form)
            notes.append(f"the slice lies at the {site} % site by its position; the form names {named} %")
    twice = {site for site in found if site and found.count(site) > 1}
    if twice:
        raise ValueError(f"two slices are of the {twice.pop()} % site; wanted one of each")
    return Sites(tuple(found), why, tuple(notes))


def _tell_shaft(number: int, distal: Sequence[int], place: Place) -> tuple[str, str]:
    """Return the site of one slice of a shaft and "", or "" and what is missing."""
    if distal and place.positions_mm and place.forearm_mm:
        away = abs(place.positions_mm[number] - place.positions_mm[distal[0]])
        percent = float(DISTAL) + 100.0 * away / place.forearm_mm
        site = min(SHAFTS, key=lambda one: abs(float(one) - percent))
        if abs(float(site) - percent) <= WITHIN:
            return site, ""
        return "", f"a slice lies at {percent:.0f} % of the forearm; wanted {', '.join(SHAFTS)} %"
    named = [site for site in place.sites_of_form if site in SHAFTS]
    if len(named) == 1:
        return named[0], ""
    return (
        "",
        "nothing tells where on the shaft the slice lies: neither its position and the length of the forearm "
        "nor the form",
    )

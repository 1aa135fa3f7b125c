"""What is measured in an image of the forearm: the catalogue that documents, pages and exports are made of (pure).

A name is `<modality>.<quantity>`, in a pQCT with the site in per cent of the forearm after `@`. The names before `@`
stand in `modelling.engine.training.fields.MEASUREMENTS`, where each is classified for every task.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from modelling.engine.fe import quantities as quantities_fe
from modelling.engine.features import quantities_dxa, quantities_film, quantities_hrpqct, quantities_pqct
from modelling.engine.features.drawing import Coloured, Drawing
from modelling.engine.features.quantities import DXA, FILM, HRPQCT, PQCT, Quantity
from modelling.engine.features.quantities_pqct import DISTAL, SITES

__all__ = [
    "DISTAL", "DXA", "FILM", "HRPQCT", "MEASURED", "PQCT", "QUANTITIES", "SHAFT", "SITES", "STRENGTHS", "VERSION",
    "Measured", "NotMeasured", "Quantity", "Value", "describe_quantity", "list_quantities",
]  # fmt: skip

VERSION: Final = "5"
"""Raised whenever a formula, a threshold or a region changes: what was measured before is then measured anew."""

MEASURED: Final = (FILM, DXA, PQCT, HRPQCT)
"""Modalities something is measured in."""

SHAFT: Final = "33"
"""The site of the shaft in most protocols; which site a slice really is of is told by the data, not by this."""


@dataclass(frozen=True)
class Value:
    """One measured value, in the unit of its quantity."""

    name: str
    value: float


@dataclass(frozen=True)
class NotMeasured:
    """A quantity that could not be measured in this image, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Measured:
    """What came out of one image."""

    values: tuple[Value, ...]
    left_out: tuple[NotMeasured, ...] = ()
    notes: tuple[str, ...] = ()
    drawing: Drawing | None = None
    """Where it was measured."""
    coloured: Mapping[str, Coloured] = field(default_factory=dict)
    """Pictures in colours of their own, by kind."""


QUANTITIES: Final[Mapping[str, Quantity]] = MappingProxyType(
    {
        one.name: one
        for one in (*quantities_film.ROWS, *quantities_dxa.ROWS, *quantities_pqct.ROWS, *quantities_hrpqct.ROWS)
    }
)

STRENGTHS: Final[Mapping[str, Quantity]] = MappingProxyType({one.name: one for one in quantities_fe.ROWS})
"""What a mechanical test by finite elements gives: asked for by somebody, never measured by itself."""


def list_quantities(modality: str, sites: tuple[str, ...] = (DISTAL, SHAFT)) -> list[Quantity]:
    """Return what is measured in a modality, in the order of the catalogue; of a pQCT, at these sites."""
    return [one for one in QUANTITIES.values() if one.modality == modality and one.site in ("", *sites)]


def describe_quantity(name: str) -> Quantity:
    """Return a quantity by its name. Raises KeyError for one nobody measures."""
    return QUANTITIES[name] if name in QUANTITIES else STRENGTHS[name]

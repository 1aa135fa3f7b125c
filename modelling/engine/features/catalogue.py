"""What is measured in an image of the forearm: names, units and titles (pure).

A name is `<modality>.<quantity>`, in a pQCT with the site in per cent of the forearm after `@`. The names before `@`
stand in `modelling.engine.training.fields.MEASUREMENTS`, where each is classified for every task.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

VERSION: Final = "1"
"""Raised whenever a formula, a threshold or a region changes: what was measured before is then measured anew."""

FILM, DXA, PQCT = "film", "dxa", "pqct"
MEASURED: Final = (FILM, DXA, PQCT)
"""Modalities something is measured in."""

DISTAL, SHAFT = "4", "33"
"""Sites of a pQCT, per cent of the forearm from its hand end, as `pq_site` of the form `pqc` names them."""


@dataclass(frozen=True)
class Quantity:
    """One quantity: unit as pages write it, title, and how many decimals say something."""

    name: str
    unit: str
    title: str
    decimals: int

    @property
    def modality(self) -> str:
        """The modality it is measured in."""
        return self.name.partition(".")[0]

    @property
    def base(self) -> str:
        """The name without the site."""
        return self.name.partition("@")[0]


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


_DENSITY, _AREAL = "mg HA/cm3", "g/cm2"

QUANTITIES: Final[Mapping[str, Quantity]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Quantity("film.cortical_index", "1", "Cortical index of the radius", 3),
            Quantity("film.cortical_thickness", "mm", "Both cortices of the radius together", 2),
            Quantity("film.radius_width", "mm", "Width of the radius", 1),
            Quantity("film.mean_attenuation", "1", "Mean attenuation of the distal radius over soft tissue", 3),
            Quantity("film.trabecular_texture", "1", "Slope of the log-variogram in the distal radius", 2),
            Quantity("dxa.abmd_ud", _AREAL, "aBMD, ultradistal radius", 3),
            Quantity("dxa.abmd_mid", _AREAL, "aBMD, mid radius", 3),
            Quantity("dxa.abmd_33", _AREAL, "aBMD, 33 % radius", 3),
            Quantity("dxa.abmd_total", _AREAL, "aBMD, total radius", 3),
            Quantity("dxa.bmc_ud", "g", "BMC, ultradistal radius", 2),
            Quantity("dxa.bmc_33", "g", "BMC, 33 % radius", 2),
            Quantity("dxa.area_ud", "cm2", "Area, ultradistal radius", 2),
            Quantity("dxa.area_33", "cm2", "Area, 33 % radius", 2),
            Quantity("pqct.total_density@4", _DENSITY, "Total density, 4 % radius", 1),
            Quantity("pqct.trabecular_density@4", _DENSITY, "Trabecular density, 4 % radius", 1),
            Quantity("pqct.total_area@4", "mm2", "Total area, 4 % radius", 1),
            Quantity("pqct.trabecular_area@4", "mm2", "Trabecular area (inner 45 %), 4 % radius", 1),
            Quantity("pqct.bsi@4", "mg2/mm4", "Bone strength index in compression, 4 % radius", 1),
            Quantity("pqct.total_area@33", "mm2", "Total area, 33 % radius", 1),
            Quantity("pqct.cortical_density@33", _DENSITY, "Cortical density, 33 % radius", 1),
            Quantity("pqct.cortical_area@33", "mm2", "Cortical area, 33 % radius", 1),
            Quantity("pqct.cortical_thickness@33", "mm", "Cortical thickness by a circular ring, 33 % radius", 2),
            Quantity("pqct.ssi@33", "mm3", "Polar stress-strain index, 33 % radius", 1),
        )
    }
)


def list_quantities(modality: str) -> list[Quantity]:
    """Return what is measured in one modality, in the order of the catalogue."""
    return [one for one in QUANTITIES.values() if one.modality == modality]


def describe_quantity(name: str) -> Quantity:
    """Return a quantity by its name. Raises KeyError for one nobody measures."""
    return QUANTITIES[name]

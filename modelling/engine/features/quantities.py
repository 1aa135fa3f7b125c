"""What a quantity is: the one row that documents, pages and exports are made of (pure)."""

from dataclasses import dataclass
from typing import Final

FILM, DXA, PQCT, HRPQCT = "film", "dxa", "pqct", "hrpqct"

LSC_FACTOR: Final = 2.77
"""1.96 x sqrt 2, as ISCD rounds it (2019): two measurements of one bone differ by more once in twenty."""


@dataclass(frozen=True)
class Quantity:
    """One quantity.

    symbol: as papers write it. unit: "1" where it has none. decimals: how many say something.
    function: where it is computed, as `module.function` below `modelling.engine.features`.
    cv_percent: published repeat error (RMS %CV), with its source; None where none is known.
    field: the question of the case report form that asks for the same quantity, whose limits are its expected range.
    """

    name: str
    symbol: str
    unit: str
    title: str
    decimals: int
    definition: str
    source: str
    function: str
    cv_percent: float | None = None
    cv_source: str = ""
    field: str = ""

    @property
    def modality(self) -> str:
        """The only modality it is valid in."""
        return self.name.partition(".")[0]

    @property
    def base(self) -> str:
        """The name without the site."""
        return self.name.partition("@")[0]

    @property
    def site(self) -> str:
        """Per cent of the forearm, as `pq_site` names it; empty where the modality has no sites."""
        return self.name.partition("@")[2]

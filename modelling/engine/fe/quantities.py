"""Quantities of a mechanical test by finite elements: the rows that documents, pages and exports are made of (pure).

They stand apart from what a pQCT section gives: a section has a rigidity, a piece of bone that was tested a strength.
After `@` stands the load; without it the piece was compressed along its axis.
"""

from typing import Final

from modelling.engine.features.quantities import Quantity

FE: Final = "fe"
"""The family; `modelling.engine.training.fields.MEASUREMENTS` says what each task may do with it."""

AXIAL: Final = "z"
FALL: Final = "fall"
"""The loads by their names in `modelling.engine.fe.loads.DIRECTIONS`."""

VERSION: Final = "1"
"""Raised whenever the recipe changes what comes out: what was tested before then stands beside what is tested after."""

_PISTOIA: Final = "Pistoia et al., Bone 30:842 (2002)"
_RECIPE: Final = "Pistoia et al., Bone 30:842 (2002); MacNeil and Boyd, Bone 42:1203 (2008)"
_MEASURE: Final = "strength.measure_strength"


def _rows(load: str, words: str, way: str, suffix: str) -> tuple[Quantity, ...]:
    def row(what: str, symbol: str, unit: str, title: str, decimals: int, definition: str, source: str) -> Quantity:
        symbol, title = f"{symbol}{suffix}", f"{title}, {words}"
        return Quantity(f"{FE}.{what}{load}", symbol, unit, title, decimals, definition, source, _MEASURE)

    return (
        row("failure_load", "F.Load", "N", "Failure load", 0,
            "reaction force x critical strain / effective strain at the critical volume", _PISTOIA),
        row("stiffness", "Stiff", "N/mm", "Stiffness", 0, f"reaction force / displacement, {way}", _RECIPE),
        row("reaction_force", "RF", "N", "Reaction force", 0, f"force that the strain takes, {way}", _RECIPE),
        row("apparent_modulus", "App.Mod", "MPa", "Apparent modulus", 0,
            "stiffness x height / area of the box round the bone, pores included", _RECIPE),
        row("effective_strain", "EES", "1", "Effective strain at the critical volume", 5,
            "sqrt(2 SED / E) that the critical volume exceeds, energy at the centre of each element", _PISTOIA),
    )  # fmt: skip


ROWS: Final = (
    *_rows("", "axial load", "compressed along the axis of the scan", ""),
    *_rows(f"@{FALL}", "fall load", "sheared across the image, towards its lower rows", " fall"),
)

COLUMNS: Final = {
    "failure_load": "failure_load_n",
    "stiffness": "stiffness_n_per_mm",
    "reaction_force": "reaction_force_n",
    "apparent_modulus": "apparent_modulus_mpa",
    "effective_strain": "effective_strain_at_critical_volume",
}
"""Quantity → its name in the answer of `python -m modelling.engine strength`."""


def name_of(what: str, direction: str) -> str:
    """Return the name of a quantity under a load, as `fe.failure_load@fall`."""
    return f"{FE}.{what}" if direction == AXIAL else f"{FE}.{what}@{direction}"

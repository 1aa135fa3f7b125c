"""What an aluminium step wedge is, as told by whoever lays it beside the wrist (pure; without numpy, for forms)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

LEAST_STEPS: Final = 4
LEAST_MM: Final = 2.0
"""A shorter step is lost in the film's blur."""


@dataclass(frozen=True)
class Wedge:
    """A step wedge. steps_mm: thickness of aluminium, the thinnest step first. length_mm: of a step, along the wedge.

    Raises ValueError for fewer than four steps, steps that do not rise from above 0, or steps shorter than 2 mm.
    """

    steps_mm: tuple[float, ...]
    length_mm: float

    def __post_init__(self) -> None:
        if len(self.steps_mm) < LEAST_STEPS:
            raise ValueError(f"a wedge of {len(self.steps_mm)} steps; wanted at least {LEAST_STEPS}")
        if not all(0 < thin < thick for thin, thick in pairwise(self.steps_mm)):
            found = ", ".join(f"{one:g}" for one in self.steps_mm)
            raise ValueError(f"steps of {found} mm; wanted rising thicknesses, the thinnest first")
        if not self.length_mm >= LEAST_MM:
            raise ValueError(f"steps of {self.length_mm:g} mm length; wanted at least {LEAST_MM:g} mm")

    def __str__(self) -> str:
        steps = f"{len(self.steps_mm)} steps of {self.length_mm:g} mm length"
        return f"{steps}, {self.steps_mm[0]:g} to {self.steps_mm[-1]:g} mm of aluminium"

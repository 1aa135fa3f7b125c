"""Slices of one DICOM series put in order, and whether any is missing or there twice (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cohort.formats.dicom_facts import DicomFacts
from cohort.formats.errors import FormatError
from cohort.formats.volume import STORED, Values, Volume

_SAME_PLACE_MM = 1e-3
_STEP_TOLERANCE = 0.02
_CONTIGUOUS = 1.5
"""Slices no further apart than 1.5 times their thickness are one body; further apart, they are cross-sections."""


@dataclass(frozen=True)
class Stack:
    """Slices in their order. order: indices into what was given, lowest position first."""

    order: tuple[int, ...]
    step_mm: float
    is_contiguous: bool


def order_slices(facts: Sequence[DicomFacts]) -> Stack:
    """Return the order and step of a series.

    Contiguous slices must be evenly spaced. Separate cross-sections, as a pQCT takes them at 4 % and 66 % of the
    forearm, may lie anywhere, each in its own place; their step is the thickness.
    Raises FormatError when two lie in one place, when one is missing, or when they differ in size.
    """
    if len({(one.rows, one.columns, one.spacing_mm) for one in facts}) != 1:
        raise FormatError("the slices", "different sizes or spacings", "slices of one series", "mixed")
    if len(facts) == 1:
        return Stack((0,), facts[0].thickness_mm or 1.0, True)
    places = _places(facts)
    order = tuple(sorted(range(len(facts)), key=lambda index: places[index]))
    steps = np.diff([places[index] for index in order])
    if (steps < _SAME_PLACE_MM).any():
        raise FormatError("the slices", "two in the same place", "each place once", "duplicate_slice")
    smallest, thickness = float(steps.min()), facts[0].thickness_mm
    if thickness is not None and smallest > _CONTIGUOUS * thickness:
        return Stack(order, thickness, False)
    if (steps > smallest * (1 + _STEP_TOLERANCE)).any():
        if len(facts) == 2 or thickness is None:
            return Stack(order, thickness or smallest, False)
        missing = int(np.rint(steps / smallest - 1).sum())
        found = f"{len(facts)} of {len(facts) + missing}" if missing else "uneven steps"
        raise FormatError("the slices", found, "the whole series, evenly spaced", "gap")
    return Stack(order, float(steps.mean()), True)


def stack_slices(facts: Sequence[DicomFacts], frames: Sequence[Values]) -> Volume:
    """Return one volume of a series' instances, rescaled where the header gives a unit.

    frames: for each instance (frames, rows, columns), grey, more is brighter.
    """
    stack = order_slices(facts) if len(facts) > 1 else Stack((0,), facts[0].thickness_mm or 1.0, True)
    first = facts[0]
    if not first.modality:
        raise FormatError("the header", "another modality", "a radiograph, a DXA picture or a CT slice", "modality")
    values = np.concatenate([rescale(facts[index], frames[index]) for index in stack.order])
    in_plane = first.spacing_mm or (1.0, 1.0)
    return Volume(values, (stack.step_mm, *in_plane), first.unit, first.modality, first.spacing_is)


def rescale(facts: DicomFacts, values: Values) -> Values:
    """Return value * slope + intercept as float32 where the values have a unit, else the stored values."""
    if facts.unit == STORED:
        return values
    # In double first: a slope of 0.0001 in single precision would shift the third digit of large values.
    return (values.astype(np.float64) * facts.slope + facts.intercept).astype(np.float32)


def _places(facts: Sequence[DicomFacts]) -> list[float]:
    places = [one.position_mm for one in facts]
    if any(place is None for place in places):
        raise FormatError("the slices", "one without a position", "the position of each", "position")
    return [float(place) for place in places if place is not None]

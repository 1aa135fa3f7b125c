"""Slices of one DICOM series put in order, and whether any is missing or there twice (pure)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from cohort.formats.dicom_facts import DicomFacts
from cohort.formats.errors import FormatError
from cohort.formats.volume import HRPQCT, PQCT, STORED, Values, Volume

_SAME_PLACE_MM = 1e-3
_SAME_COSINE = 1e-3
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
    Raises FormatError when two lie in one place, when one is missing, when they are not of one series, where frames of
    one file do not say how far apart they lie, and where a high-resolution volume has gaps: its slices are one body,
    and with some left out they would be squeezed together.
    """
    _check_one_series(facts)
    if len(facts) == 1:
        if facts[0].frames > 1 and facts[0].modality in {PQCT, HRPQCT} and facts[0].thickness_mm is None:
            raise FormatError("the header", "no thickness of its slices", "SliceThickness in mm", "spacing")
        return Stack((0,), facts[0].thickness_mm or 1.0, True)
    stack = _order(facts)
    if facts[0].modality == HRPQCT and not stack.is_contiguous:
        raise FormatError("the slices", "gaps between them", "the whole series, each beside the next", "gap")
    return stack


def _check_one_series(facts: Sequence[DicomFacts]) -> None:
    """Raise FormatError where slices differ in what a series has one of. What differs is named, no value of it."""
    told: dict[str, set[object]] = {
        "sizes or spacings": {(one.rows, one.columns, one.spacing_mm, one.spacing_is) for one in facts},
        "series": {one.series_uid for one in facts},
        "persons": {one.person_number for one in facts},
        "kinds of picture": {one.modality for one in facts},
        "units": {one.unit for one in facts},
        # Some devices write the side into the first header alone.
        "sides": {one.side for one in facts if one.side} or {""},
        "orientations": {_is_turned_as(facts[0], one) for one in facts},
    }
    for thing, found in told.items():
        if len(found) > 1:
            raise FormatError("the slices", f"different {thing}", "slices of one series", "mixed")


def _is_turned_as(first: DicomFacts, other: DicomFacts) -> bool:
    if len(first.orientation) != len(other.orientation):
        return False
    return bool(np.allclose(first.orientation, other.orientation, rtol=0, atol=_SAME_COSINE))


def _order(facts: Sequence[DicomFacts]) -> Stack:
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


def stack_slices(facts: Sequence[DicomFacts], read_frames: Callable[[int], Values]) -> Volume:
    """Return one volume of a series' instances, rescaled where the header gives a unit.

    read_frames: gives the frames of an instance by its index in `facts`, (frames, rows, columns), grey, more is
    brighter. It is called once for each, in order, so that no more than one instance is held beside the volume.
    """
    stack = order_slices(facts)
    first = facts[0]
    if not first.modality:
        raise FormatError("the header", "another modality", "a radiograph, a DXA picture or a CT slice", "modality")
    instances = (rescale(facts[index], read_frames(index)) for index in stack.order)
    values = _join(instances, sum(one.frames for one in facts))
    in_plane = first.spacing_mm or (1.0, 1.0)
    return Volume(values, (stack.step_mm, *in_plane), first.unit, first.modality, first.spacing_is)


def _join(instances: Iterator[Values], n_frames: int) -> Values:
    """Return the frames of instances, (n_frames, rows, columns), each copied to its place as it comes."""
    first = next(instances)
    if len(first) == n_frames:
        return first
    values = np.empty((n_frames, *first.shape[1:]), first.dtype)
    filled = 0
    for frames in chain([first], instances):
        if frames.dtype != values.dtype:
            raise FormatError("the slices", "different kinds of numbers", "slices of one series", "mixed")
        values[filled : filled + len(frames)] = frames
        filled += len(frames)
    return values


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

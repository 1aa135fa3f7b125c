"""The one forearm all images of a person are taken of, averaged or resolved. Pure."""

from dataclasses import dataclass

import numpy as np

from modelling.engine.phantom.anatomy import Forearm, make_forearm
from modelling.engine.phantom.fine import COARSEST_MM, Lattice, Segment, cut, make_lattices, resolve
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.shadow import Shadow, cast_coarse, cast_fine

FIRST_SLICE_MM, SCAN_MM = 9.0, 10.25
"""Where an HR-pQCT begins above the joint, and how much of the arm it takes: 168 slices of 61 um."""


@dataclass(frozen=True)
class Twin:
    """One right forearm. Without lattices its microstructure is averaged."""

    forearm: Forearm
    voxel_mm: float | None
    lattices: tuple[Lattice, Lattice] | None
    """Radius and ulna."""
    segments: tuple[Segment, ...]
    """What an HR-pQCT scans of both; none without lattices."""
    shadow: Shadow


def make_twin(person: Person, voxel_mm: float | None = None) -> Twin:
    """Return the forearm of a person; the same person and voxel give the same one.

    voxel_mm: side of the voxels in which trabeculae are drawn, 0.03 to 0.15 mm; above, or None, they are averaged.
    Raises ValueError for a voxel finer than 0.03 mm.
    """
    forearm = make_forearm(person)
    if voxel_mm is None or voxel_mm > COARSEST_MM:
        return Twin(forearm, None, None, (), cast_coarse(forearm))
    lattices = make_lattices(forearm, person, voxel_mm)
    segments = []
    for number, lattice in enumerate(lattices):
        first = int(np.searchsorted(lattice.grid.z, FIRST_SLICE_MM - 1e-6))
        segments.append(resolve(cut(lattice, first, round(SCAN_MM / voxel_mm)), lattice, person, number))
    scanned = (segments[0], segments[1])
    return Twin(forearm, voxel_mm, lattices, scanned, cast_fine(lattices, scanned))

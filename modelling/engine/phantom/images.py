"""All images of one person, as volumes. Pure."""

from dataclasses import dataclass

import numpy as np

from cohort.formats.volume import AREAL, DENSITY, DXA, FILM, PQCT, STORED, Volume
from modelling.engine.phantom.anatomy import fill, make_forearm
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.projections import (
    DXA_PIXEL_MM,
    FILM_PIXEL_MM,
    MAGNIFICATION,
    PROJECTION_GRID,
    Region,
    make_dxa,
    make_film,
    project,
)
from modelling.engine.phantom.scanner import PIXEL_MM, SLICE_MM, make_pqct, positions_mm


@dataclass(frozen=True)
class Images:
    """The images of one forearm, and what the DXA scanner says of it."""

    person: Person
    side: str
    film: Volume
    """(1, rows, columns) uint16, -ln(I/I0) in steps of FILM_SCALE; spacing in the patient."""
    dxa: Volume
    """(1, rows, columns) float32, g/cm2."""
    pqct: Volume
    """(slice, y, x) float32, mg HA/cm3; separate cross-sections, so the z spacing is their thickness."""
    pqct_z_mm: tuple[float, ...]
    regions: dict[str, Region]


def make_images(person: Person, side: str | None = None, *, marker: str | None = "true", motion: float = 0.0) -> Images:
    """Return film, DXA and pQCT of one forearm.

    side: L or R; the side that does not write unless said. marker: the lead letter on the film: "true" for the
    side that was imaged, L or R to lay another, None for none. motion: 0 to 1, movement during the pQCT.
    Raises ValueError for another side or marker.
    """
    side = side or person.scanned_side
    letter = side if marker == "true" else marker
    if side not in {"L", "R"} or letter not in {"L", "R", None}:
        raise ValueError(f"side '{side}' with marker '{marker}'; wanted L or R")
    forearm = make_forearm(person)
    paths = project(fill(forearm, PROJECTION_GRID))
    dxa = make_dxa(paths, person, side)
    film = make_film(paths, person, side, letter)
    slices = make_pqct(forearm, person, side, motion)
    pixel = FILM_PIXEL_MM / MAGNIFICATION
    return Images(
        person=person,
        side=side,
        film=Volume(film[None], (1.0, pixel, pixel), STORED, FILM),
        dxa=Volume(dxa.image[None].astype(np.float32), (1.0, DXA_PIXEL_MM, DXA_PIXEL_MM), AREAL, DXA),
        pqct=Volume(slices.astype(np.float32), (SLICE_MM, PIXEL_MM, PIXEL_MM), DENSITY, PQCT),
        pqct_z_mm=positions_mm(person),
        regions=dxa.regions,
    )

"""All images of one person, as volumes. Pure."""

from dataclasses import dataclass

import numpy as np

from cohort.formats.volume import AREAL, DENSITY, DXA, FILM, HRPQCT, PQCT, STORED, Volume
from modelling.engine.phantom.dxa import DXA_PIXEL_MM, Region, make_dxa
from modelling.engine.phantom.hrpqct import make_hrpqct
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.projections import COARSE, FINE, MAGNIFICATION, Exposure, make_film, set_exposure
from modelling.engine.phantom.scanner import PIXEL_MM, SLICE_MM, make_pqct, positions_mm
from modelling.engine.phantom.twin import Twin, make_twin


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
    exposure: Exposure
    """Of the film."""
    hrpqct: Volume | None = None
    """(z, y, x) float32, mg HA/cm3; None where the microstructure is averaged."""


def make_images(
    person: Person,
    side: str | None = None,
    *,
    marker: str | None = "true",
    motion: float = 0.0,
    voxel_mm: float | None = None,
    twin: Twin | None = None,
    has_wedge: bool = False,
) -> Images:
    """Return film, DXA and pQCT of one forearm, and an HR-pQCT where its trabeculae are drawn.

    side: L or R; the side that does not write unless said. marker: the lead letter on the film: "true" for the
    side that was imaged, L or R to lay another, None for none. motion: 0 to 1, movement during pQCT and HR-pQCT.
    voxel_mm: as `make_twin` takes it. twin: of this person, where it is there already. has_wedge: an aluminium step
    wedge (`aluminium.WEDGE`) lies on the film.
    Raises ValueError for another side or marker, and what `make_twin` and the scanners refuse.
    """
    side = side or person.scanned_side
    letter = side if marker == "true" else marker
    if side not in {"L", "R"} or letter not in {"L", "R", None}:
        raise ValueError(f"side '{side}' with marker '{marker}'; wanted L or R")
    twin = twin or make_twin(person, voxel_mm)
    frame = COARSE if twin.voxel_mm is None else FINE
    if has_wedge:
        frame = frame.with_wedge()
    dxa = make_dxa(twin.shadow, twin.forearm, person, side)
    film = make_film(twin.shadow, twin.forearm, person, side, letter, frame)
    slices = make_pqct(twin, person, side, motion)
    pixel = frame.pixel_mm / MAGNIFICATION
    return Images(
        person=person,
        side=side,
        film=Volume(film[None], (1.0, pixel, pixel), STORED, FILM),
        dxa=Volume(dxa.image[None].astype(np.float32), (1.0, DXA_PIXEL_MM, DXA_PIXEL_MM), AREAL, DXA),
        pqct=Volume(slices.astype(np.float32), (SLICE_MM, PIXEL_MM, PIXEL_MM), DENSITY, PQCT),
        pqct_z_mm=positions_mm(person),
        regions=dxa.regions,
        exposure=set_exposure(person),
        hrpqct=_scan(twin, person, side, motion),
    )


def _scan(twin: Twin, person: Person, side: str, motion: float) -> Volume | None:
    if twin.voxel_mm is None:
        return None
    return Volume(make_hrpqct(twin, person, side, motion), (twin.voxel_mm,) * 3, DENSITY, HRPQCT)

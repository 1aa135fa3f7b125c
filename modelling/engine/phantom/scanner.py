"""pQCT of a forearm: slices of density with the scanner's blur, noise and, if wanted, movement. Pure."""

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.anatomy import NOISE_PQCT, Grid, Tissue
from modelling.engine.phantom.attenuation import AT_38_KEV, HA_DENSITY
from modelling.engine.phantom.filling import dress, fill
from modelling.engine.phantom.fine import Lattice, Segment, cut
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.projections import blur
from modelling.engine.phantom.shadow import overlap_matrix
from modelling.engine.phantom.twin import Twin

Floats = NDArray[np.floating]

SITES = (0.04, 0.33)
"""Share of the forearm's length, from the joint surface up."""
PIXELS, PIXEL_MM, SLICE_MM = 160, 0.5, 2.0
NOISE_MG = 14.0
"""SD of the noise, mg HA/cm3."""
PSF_MM = 0.35
"""Sigma of the scanner's point spread, 0.7 pixel."""
_WORST_MOTION_MM = 2.5
"""How far from its mean place the arm is on average (root mean square) at motion 1."""
_FINE = 2


def to_density(tissue: Tissue) -> Floats:
    """Return calibrated density (z, y, x), mg HA/cm3, as seen at an effective energy of 38 keV.

    Water reads 0. Mineral displaces water, so 1 g/cm3 of it adds mu_HA - mu_water / density_HA to the attenuation.
    """
    attenuation = AT_38_KEV.ha * tissue.ha + AT_38_KEV.water * tissue.water + AT_38_KEV.fat * tissue.fat
    slope = AT_38_KEV.ha - AT_38_KEV.water / HA_DENSITY
    return np.asarray(1e3 * (attenuation - AT_38_KEV.water) / slope)


def positions_mm(person: Person) -> tuple[float, ...]:
    """Return how far up the arm each slice lies, mm from the joint surface."""
    return tuple(share * person.forearm_mm for share in SITES)


def make_pqct(twin: Twin, person: Person, side: str, motion: float = 0.0) -> Floats:
    """Return one slice a site, (slice, y, x) float64, mg HA/cm3; row 0 is the back of the hand.

    side: L or R. motion: 0 (none) to 1 (unusable): how much the arm moves while the picture is taken.
    Raises ValueError if `motion` is outside 0 to 1.
    """
    check_motion(motion)
    rng = person.stream(NOISE_PQCT)
    found = []
    for position in positions_mm(person):
        picture = _move(_make_slice(twin, position), motion, rng)
        picture = blur(picture, PSF_MM / PIXEL_MM)
        # Back-projection joins neighbouring pixels' noise; 1.9 gives back the SD that this blur takes.
        picture = picture + NOISE_MG * 1.9 * blur(rng.standard_normal(picture.shape), 0.55)
        found.append(picture)
    slices = np.stack(found)[:, ::-1, :]
    # Seen from the hand, a right forearm has its thumb on the right.
    return slices[:, :, ::-1] if side == "L" else slices


def check_motion(motion: float) -> None:
    """Raise ValueError if `motion` is outside 0 to 1."""
    if not 0.0 <= motion <= 1.0:
        raise ValueError(f"motion is {motion}; wanted 0 to 1")


def _make_slice(twin: Twin, position: float) -> Floats:
    """Return one slice (y, x) averaged over its thickness, without blur and noise."""
    step = PIXEL_MM / _FINE
    across = (np.arange(PIXELS * _FINE) - (PIXELS * _FINE - 1) / 2) * step
    if twin.lattices is None:
        z = position + np.array([-1.0, 0.0, 1.0]) * SLICE_MM / 3
        tissue = fill(twin.forearm, Grid(z, across, across - 10.5))
    else:
        grid = Grid(np.array([position]), across, across - 10.5)
        tissue = dress(twin.forearm, grid, *_average(twin.lattices, twin.segments, grid))
    fine = to_density(tissue).mean(axis=0)
    return np.asarray(fine.reshape(PIXELS, _FINE, PIXELS, _FINE).mean(axis=(1, 3)))


def _average(lattices: tuple[Lattice, ...], segments: tuple[Segment, ...], grid: Grid) -> tuple[Floats, Floats]:
    """Return mineral and marrow (1, y, x) of resolved bones, averaged over a slice's thickness and a grid's pixels."""
    whole = np.zeros((2, 1, grid.y.size, grid.x.size))
    for lattice, segment in zip(lattices, segments, strict=True):
        first, last = np.searchsorted(lattice.grid.z, grid.z[0] + np.array([-0.5, 0.5]) * SLICE_MM)
        part = cut(lattice, int(first), int(last - first))
        mineral, marrow = part.mineral, part.marrow
        begin = int(np.searchsorted(lattice.grid.z, segment.grid.z[0] - 1e-6))
        low, high = max(begin, int(first)), min(begin + segment.grid.z.size, int(last))
        if low < high:
            mineral[low - first : high - first] = segment.mineral[low - begin : high - begin]
        over_y, over_x = overlap_matrix(lattice.grid.y, grid.y), overlap_matrix(lattice.grid.x, grid.x)
        for total, values in zip(whole, (mineral, marrow), strict=True):
            total[0] += over_y @ values.mean(axis=0, dtype=np.float64) @ over_x.T
    return whole[0], whole[1]


def _move(picture: Floats, motion: float, rng: np.random.Generator) -> Floats:
    """Return the picture as the mean of where the arm was: it jumps and drifts a few times during the turn."""
    if motion == 0.0:
        return picture
    steps = np.cumsum(rng.standard_normal((6, 2)), axis=0)
    steps -= steps.mean(axis=0)
    steps *= motion * _WORST_MOTION_MM / PIXEL_MM / np.sqrt((steps**2).sum(axis=1).mean())
    whole = np.round(steps).astype(int)
    return np.asarray(np.mean([np.roll(picture, (dy, dx), axis=(0, 1)) for dy, dx in whole.tolist()], axis=0))

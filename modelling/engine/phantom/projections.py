"""Radiograph and DXA of a forearm, from the mineral, water and fat along each ray. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.anatomy import NOISE_DXA, NOISE_FILM, Grid, Tissue, interpolate_matrix
from modelling.engine.phantom.attenuation import AT_38_KEV, AT_70_KEV, SPECTRUM, SPECTRUM_KEV, SPECTRUM_PHOTONS
from modelling.engine.phantom.person import Person

Floats = NDArray[np.floating]

PROJECTION_GRID = Grid(np.arange(-30.0, 102.0, 0.5), np.arange(-30.0, 30.1, 0.75), np.arange(-52.0, 32.1, 0.3))

FILM_ROWS, FILM_COLUMNS, FILM_PIXEL_MM = 512, 384, 0.16
"""The pixel is that of the detector."""
SOURCE_TO_DETECTOR_MM, SOURCE_TO_PATIENT_MM = 1000.0, 970.0
MAGNIFICATION = SOURCE_TO_DETECTOR_MM / SOURCE_TO_PATIENT_MM
FILM_SCALE = 1e-4
"""-ln(I/I0) of one grey step: grey values are logarithmic, and bone is bright."""
DXA_ROWS, DXA_COLUMNS, DXA_PIXEL_MM = 160, 120, 0.65
DXA_SCALE = 1e-4
"""g/cm2 of one grey step."""
TISSUE_RATIO = float(AT_38_KEV.water / AT_70_KEV.water)
BONE_WEIGHT = float(AT_38_KEV.ha - TISSUE_RATIO * AT_70_KEV.ha)
"""cm2/g."""
_LETTERS = {
    "L": ("1000", "1000", "1000", "1000", "1000", "1111"),
    "R": ("1110", "1001", "1001", "1110", "1010", "1001"),
}


@dataclass(frozen=True)
class Paths:
    """Mass along each ray, g/cm2: three arrays (rows, columns); z runs down the rows."""

    ha: Floats
    water: Floats
    fat: Floats


@dataclass(frozen=True)
class Dxa:
    """A forearm DXA: the picture, g/cm2, and its regions by the names of the form."""

    image: Floats
    """(rows, columns) float64."""
    regions: dict[str, "Region"]


@dataclass(frozen=True)
class Region:
    """One region of the radius: areal density g/cm2, content g, area cm2."""

    bmd: float
    bmc: float
    area: float


def project(tissue: Tissue) -> Paths:
    """Return the mass along y, g/cm2, on the grid's own z and x: the sum of density times thickness, exactly."""
    thickness = tissue.grid.steps[1] / 10.0
    found = [part.sum(axis=1, dtype=np.float64) * thickness for part in (tissue.ha, tissue.water, tissue.fat)]
    return Paths(*found)


def _map(paths: Paths, over_z: Floats, over_x: Floats) -> Paths:
    return Paths(*(over_z @ part @ over_x.T for part in (paths.ha, paths.water, paths.fat)))


def overlap_matrix(source: Floats, wanted: Floats) -> Floats:
    """Return the matrix (wanted, source) that averages source pixels over wanted ones by their overlap.

    source, wanted: centres of evenly spaced pixels, mm. Mass is kept where the source covers the wanted.
    """
    step, size = source[1] - source[0], wanted[1] - wanted[0]
    low = np.maximum(wanted[:, None] - size / 2, source[None, :] - step / 2)
    high = np.minimum(wanted[:, None] + size / 2, source[None, :] + step / 2)
    return np.asarray(np.maximum(0.0, high - low) / size)


def blur(image: Floats, sigma: float) -> Floats:
    """Return an image (rows, columns) blurred by a Gaussian of `sigma` pixels; its edges are mirrored."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    wide = np.pad(image, reach, mode="symmetric")
    rows = sum(weight * wide[k : k + image.shape[0]] for k, weight in enumerate(kernel))
    return np.asarray(sum(weight * rows[:, k : k + image.shape[1]] for k, weight in enumerate(kernel)))


def polychromatic(paths: Paths) -> Floats:
    """Return -ln(I/I0) of an energy-integrating detector behind the tissue (no unit).

    Beer and Lambert for each bin of the stored spectrum; the signal of a photon goes with its energy.
    """
    weights = SPECTRUM_PHOTONS * SPECTRUM_KEV
    signal = np.zeros(paths.ha.shape)
    for weight, ha, water, fat in zip(weights / weights.sum(), SPECTRUM.ha, SPECTRUM.water, SPECTRUM.fat, strict=True):
        signal += weight * np.exp(-(ha * paths.ha + water * paths.water + fat * paths.fat))
    return np.asarray(-np.log(signal))


def make_film(paths: Paths, person: Person, side: str, marker: str | None) -> NDArray[np.uint16]:
    """Return a radiograph (rows, columns) uint16: grey value x FILM_SCALE is -ln(I/I0).

    side: L or R, the forearm that is imaged. marker: the lead letter beside it, or None for a film without one.
    """
    z = (np.arange(FILM_ROWS) - 160.0) * FILM_PIXEL_MM / MAGNIFICATION
    x = ((FILM_COLUMNS - 1) / 2 - np.arange(FILM_COLUMNS)) * FILM_PIXEL_MM / MAGNIFICATION - 8.5
    seen = _map(paths, interpolate_matrix(PROJECTION_GRID.z, z), interpolate_matrix(PROJECTION_GRID.x, x))
    transmitted = np.exp(-polychromatic(seen))
    # The thumb is on the picture's left for a right hand, palm down; a left one is its mirror image.
    if side == "L":
        transmitted = transmitted[:, ::-1]
    if marker is not None:
        _lay_marker(transmitted, marker, on_left=side == "R")
    # Focal spot 0.6 mm at a magnification of 1.03, and the detector's own spread.
    transmitted = blur(transmitted, sigma=0.55)
    photons = 12_000.0
    counted = person.stream(NOISE_FILM).poisson(transmitted * photons) / photons
    attenuation = -np.log(np.maximum(counted, 1.0 / photons))
    return np.clip(np.round(attenuation / FILM_SCALE), 0, 65535).astype(np.uint16)


def _lay_marker(transmitted: Floats, letter: str, *, on_left: bool) -> None:
    """Lay a lead letter of 4.6 by 6.9 mm on the thumb's side beside the wrist."""
    shape = np.kron(
        np.array([[int(bit) for bit in row] for row in _LETTERS[letter]], dtype=bool), np.ones((7, 7), bool)
    )
    top = 196
    left = 12 if on_left else FILM_COLUMNS - 12 - shape.shape[1]
    transmitted[top : top + shape.shape[0], left : left + shape.shape[1]][shape] *= 1e-3


def bone_density(low: Floats, high: Floats) -> Floats:
    """Return areal bone mineral, g/cm2, from -ln(I/I0) at 38 and at 70 keV; any amount of water cancels.

    aBMD = (L_low - R_s L_high) / (mu_bone,low - R_s mu_bone,high), R_s = mu_water,low / mu_water,high.
    Cameron and Sorenson, Science 142:230 (1963), for two energies.
    """
    return np.asarray((low - TISSUE_RATIO * high) / BONE_WEIGHT)


def attenuate(paths: Paths) -> tuple[Floats, Floats]:
    """Return -ln(I/I0) at 38 and at 70 keV."""
    found = [mu.ha * paths.ha + mu.water * paths.water + mu.fat * paths.fat for mu in (AT_38_KEV, AT_70_KEV)]
    return found[0], found[1]


def make_dxa(paths: Paths, person: Person, side: str) -> Dxa:
    """Return a forearm DXA of the radius and ulna; the regions are those of the radius.

    Fat in soft tissue shifts the density by a little; as scanners do, each row's soft tissue beside bone is zero.
    """
    rng = person.stream(NOISE_DXA)
    z = -6.0 + DXA_PIXEL_MM * np.arange(DXA_ROWS)
    x = -10.0 + DXA_PIXEL_MM * ((DXA_COLUMNS - 1) / 2 - np.arange(DXA_COLUMNS))
    over_z = overlap_matrix(PROJECTION_GRID.z, z)
    over_x = overlap_matrix(PROJECTION_GRID.x, x[::-1])[::-1]
    seen = _map(paths, over_z, over_x)
    counts = (6.0e5, 9.0e5)
    measured = []
    for line, photons in zip(attenuate(seen), counts, strict=True):
        measured.append(line + rng.standard_normal(line.shape) * np.exp(line / 2) / np.sqrt(photons))
    density = bone_density(measured[0], measured[1])
    density -= _soft_tissue_level(density, seen)[:, None]
    regions = _measure(density, seen.ha, z, x, person, shift=0.4 * float(rng.standard_normal()))
    image = np.where(seen.water + seen.fat > 0.2, np.maximum(density, 0.0), 0.0)
    return Dxa(image[:, ::-1] if side == "L" else image, regions)


def _soft_tissue_level(density: Floats, seen: Paths) -> Floats:
    soft = (seen.ha < 0.004) & (seen.water > 1.0)
    level = [float(np.median(row[mask])) if mask.sum() > 5 else 0.0 for row, mask in zip(density, soft, strict=True)]
    return np.array(level)


def _measure(density: Floats, ha: Floats, z: Floats, x: Floats, person: Person, shift: float) -> dict[str, Region]:
    """Return the regions of the radius: ultradistal 15 mm next to the end plate, mid, and 20 mm about 33 %."""
    third = 0.333 * person.forearm_mm - 4.0 + shift
    spans = {
        "R_UD": (3.0 + shift, 18.0 + shift),
        "R_MID": (18.0 + shift, third - 10.0),
        "R_33": (third - 10, third + 10),
    }
    is_radius = (ha > 0.03) & _beside_radius(ha, x)
    pixel_cm2 = (DXA_PIXEL_MM / 10.0) ** 2
    found = {}
    for name, (low, high) in spans.items():
        inside = is_radius & ((z >= low) & (z < high))[:, None]
        area, content = float(inside.sum()) * pixel_cm2, float(density[inside].sum()) * pixel_cm2
        found[name] = Region(bmd=content / area, bmc=content, area=area)
    return found


def _beside_radius(ha: Floats, x: Floats) -> NDArray[np.bool_]:
    """Return where a pixel is on the radius' side of the least mineral between the two bones, row by row."""
    between = (x < -9.0) & (x > -19.0)
    gap = np.where(between, blur(ha, 1.0), np.inf)
    return np.asarray(x[None, :] > x[np.argmin(gap, axis=1)][:, None])

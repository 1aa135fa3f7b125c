"""Forearm DXA: two broad beams, bone mineral along each ray, and the regions a scanner reports. Pure.

Beams with a spectrum harden on their way, so the formula for two single energies is biased; as scanners do, the
densities are calibrated on steps of known mineral and water.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from modelling.engine.phantom.anatomy import ANGLES, NOISE_DXA, Bone, Forearm
from modelling.engine.phantom.attenuation import AT_38_KEV, AT_70_KEV, HIGH_BEAM, LOW_BEAM, Beam
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.projections import blur
from modelling.engine.phantom.shadow import Paths, Shadow, look

Floats = NDArray[np.floating]

DXA_ROWS, DXA_COLUMNS, DXA_PIXEL_MM = 160, 120, 0.65
DXA_SCALE = 1e-4
"""g/cm2 of one grey step."""
TISSUE_RATIO = float(AT_38_KEV.water / AT_70_KEV.water)
BONE_WEIGHT = float(AT_38_KEV.ha - TISSUE_RATIO * AT_70_KEV.ha)
"""cm2/g."""
STEPS_HA, STEPS_WATER = (0.0, 0.2, 0.4, 0.8, 1.2, 1.6), (1.0, 2.0, 3.5, 5.0, 7.0)
"""What the scanner is calibrated on: mineral, g/cm2, behind water, cm."""

TURN_DEGREES, BETWEEN_MM = 1.0, -10.0
"""SD of the arm's roll from one placing to the next; and the line it rolls about, mm from the radius' axis."""
SHIFT_MM, DRIFT = 0.3, 0.005
"""SD of where the regions are laid along the arm, and of the scanner's scale from scan to scan (no unit).

With the roll the phantom's own choices, made for the precision that is measured in patients (MODELLING 6.3, C6)."""


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


def attenuate_beams(paths: Paths) -> tuple[Floats, Floats]:
    """Return -ln(N/N0) of the photons counted in the low and in the high energy window."""
    return _count(paths, LOW_BEAM), _count(paths, HIGH_BEAM)


def _count(paths: Paths, beam: Beam) -> Floats:
    counted = np.zeros(paths.ha.shape)
    mass = beam.mass
    for share, ha, water, fat in zip(beam.photons, mass.ha, mass.water, mass.fat, strict=True):
        counted += share * np.exp(-(ha * paths.ha + water * paths.water + fat * paths.fat))
    return np.asarray(-np.log(counted))


def calibrated_density(low: Floats, high: Floats) -> Floats:
    """Return areal bone mineral, g/cm2, from what the two windows of `attenuate_beams` count."""
    return np.asarray(sum(weight * term for weight, term in zip(_calibrate(), _terms(low, high), strict=True)))


def _terms(low: Floats, high: Floats) -> tuple[Floats, ...]:
    return low, high, low**2, low * high, high**2, low**3, low**2 * high, low * high**2, high**3


@cache
def _calibrate() -> tuple[float, ...]:
    """Return the weights of `_terms` that fit the steps best."""
    ha, water = (part.ravel() for part in np.meshgrid(STEPS_HA, STEPS_WATER))
    seen = attenuate_beams(Paths(ha, water, np.zeros_like(ha)))
    return tuple(np.linalg.lstsq(np.stack(_terms(*seen), axis=1), ha, rcond=None)[0].tolist())


def place_arm(forearm: Forearm, person: Person, placing: int) -> Forearm:
    """Return the forearm as it lies at a placing: rolled a little about its own length, each time otherwise.

    Of an uneven shaft another width is seen then, and so another areal density. Placing 0 is the arm as it was made.
    """
    if placing == 0:
        return forearm
    places = round(TURN_DEGREES * float(person.stream(1500 + placing).standard_normal()) / 360.0 * ANGLES.size)
    return replace(forearm, radius=_roll(forearm.radius, places), ulna=_roll(forearm.ulna, places))


def _roll(bone: Bone, places: int) -> Bone:
    """Return a bone rolled by so many of ANGLES about the middle between radius and ulna."""
    turn = 2 * np.pi * places / ANGLES.size
    x, y = bone.x0 - BETWEEN_MM, bone.y0
    return replace(
        bone,
        x0=float(BETWEEN_MM + x * np.cos(turn) - y * np.sin(turn)),
        y0=float(x * np.sin(turn) + y * np.cos(turn)),
        outline=np.roll(bone.outline, places, axis=1),
        wall=np.roll(bone.wall, places, axis=1),
    )


def make_dxa(shadow: Shadow, forearm: Forearm, person: Person, side: str, placing: int = 0) -> Dxa:
    """Return a forearm DXA of the radius and ulna; the regions are those of the radius.

    placing: how often the arm was laid down anew before; each placing has noise and an error of place of its own.
    Fat in soft tissue shifts the density by a little; as scanners do, each row's soft tissue beside bone is zero.
    """
    rng = person.stream(NOISE_DXA if placing == 0 else 1000 + placing)
    z = -6.0 + DXA_PIXEL_MM * np.arange(DXA_ROWS)
    x = -10.0 + DXA_PIXEL_MM * ((DXA_COLUMNS - 1) / 2 - np.arange(DXA_COLUMNS))
    found = look(shadow, forearm, person, z, x[::-1])
    seen = Paths(found.ha[:, ::-1], found.water[:, ::-1], found.fat[:, ::-1])
    counts = (6.0e5, 9.0e5)
    measured = []
    for line, photons in zip(attenuate_beams(seen), counts, strict=True):
        measured.append(line + rng.standard_normal(line.shape) * np.exp(line / 2) / np.sqrt(photons))
    density = calibrated_density(measured[0], measured[1])
    density -= _soft_tissue_level(density, seen)[:, None]
    shift, drift = SHIFT_MM * float(rng.standard_normal()), DRIFT * float(rng.standard_normal())
    density *= 1.0 + drift
    regions = _measure(density, seen.ha, z, x, person, shift)
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

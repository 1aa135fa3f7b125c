"""How strong the scanned piece of radius is along its length, and the load of a fall on it. Pure.

The outcome's strength is the failure load by finite elements of the piece averaged to 0.244 mm; where no bone was
drawn, `outcomes.expected_strength` stands for it. The simple strength, the weakest millimetre of the piece at the
strain at which bone yields, enters by the same door, `Strength`, for comparison.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.solver import Settings
from modelling.engine.fe.strength import MechanicalTest, measure_strength
from modelling.engine.phantom.fine import Segment
from modelling.engine.phantom.outcomes import fall_load
from modelling.engine.phantom.person import Person

Floats = NDArray[np.floating]
Strength: TypeAlias = Callable[[NDArray[np.float32], float], float]
"""From mineral (z, y, x) in g HA/cm3 and the side of a voxel in mm to a failure load in N."""

OUTCOME_MM = 0.244
"""Voxel on which strength is reckoned."""
TISSUE_MPA, TISSUE_MINERAL, EXPONENT = 8748.0, 0.93, 1.7
"""Modulus of bone tissue, the mineral it holds (g HA/cm3), and the power that the simple strength's modulus follows."""
LEAST_MINERAL = 0.05
"""g HA/cm3: what holds less carries nothing; above, each voxel carries by its own mineral, thin trabeculae too."""
TOLERANCE = 1e-3
"""Residual of the outcome's finite elements: the failure load is then within 0.3 % of that at 1e-4."""
YIELD_STRAIN = 0.007
WINDOW_MM = 1.0


@dataclass(frozen=True)
class Mechanics:
    """What a fall meets."""

    strength_n: float
    fall_load_n: float

    @property
    def factor_of_risk(self) -> float:
        """Load over strength: above 1 the bone breaks (Hayes et al., Bone 12 Suppl 1:S77, 1991)."""
        return self.fall_load_n / self.strength_n


def average_voxels(values: NDArray[np.float32], voxel_mm: float, wanted_mm: float) -> tuple[NDArray[np.float32], float]:
    """Return values (z, y, x) averaged over whole blocks, and their side in mm: the nearest to `wanted_mm`.

    What does not fill a block at the far faces is left out.
    Raises ValueError if the voxels are coarser than wanted or a side has not one block.
    """
    n = round(wanted_mm / voxel_mm)
    if n < 1 or min(values.shape) < n:
        raise ValueError(f"{values.shape} voxels of {voxel_mm} mm cannot be averaged to {wanted_mm} mm")
    z, y, x = (length // n for length in values.shape)
    blocks = values[: z * n, : y * n, : x * n].reshape(z, n, y, n, x, n)
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32)), n * voxel_mm


def modulus_of(mineral: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return Young's modulus, MPa, of voxels of g HA/cm3: 8748 MPa mineral / 0.93.

    In proportion, as of bone and marrow side by side along the load: so a bone averaged to 0.244 mm fails 6 % before
    the same bone at 61 um; by a power of 1.7 it fails 30 % before (docs/phantom.md).
    """
    return np.asarray(TISSUE_MPA / TISSUE_MINERAL * np.maximum(mineral, 0.0), np.float32)


def fe_strength(mineral: NDArray[np.float32], voxel_mm: float) -> float:
    """Return the failure load, N, of a piece of bone that is pressed along the arm, by linear finite elements.

    mineral: (z, y, x) g HA/cm3. 2 % of the bone strained beyond 0.007 (Pistoia et al., Bone 30:842, 2002). To whole
    newtons, so that the last bits of a sum, which may differ between processors, make no other bytes.
    Raises ValueError where there is no bone.
    """
    test = MechanicalTest(settings=Settings(tolerance=TOLERANCE))
    found = measure_strength(mineral > LEAST_MINERAL, (voxel_mm,) * 3, test, modulus_of(mineral))
    return float(round(found.failure_load_n))


def simple_strength(mineral: NDArray[np.float32], voxel_mm: float) -> float:
    """Return the load, N, at which the weakest millimetre of a piece of bone reaches the yield strain.

    mineral: (z, y, x) g HA/cm3. Each voxel of a section carries by its modulus: E = 8748 MPa (mineral / 0.93)^1.7.
    Composite-beam analysis as by Whealan et al., J Bone Joint Surg Am 82:1240 (2000), along the axis alone.
    """
    modulus = TISSUE_MPA * (np.maximum(mineral, 0.0) / TISSUE_MINERAL) ** EXPONENT
    rigidity = modulus.sum(axis=(1, 2), dtype=np.float64) * voxel_mm**2
    window = max(1, min(rigidity.size, round(WINDOW_MM / voxel_mm)))
    along = np.convolve(rigidity, np.full(window, 1.0 / window), mode="valid")
    return float(YIELD_STRAIN * along.min())


def find_mechanics(segment: Segment, person: Person, strength: Strength = fe_strength) -> Mechanics:
    """Return strength and fall load of a person from the scanned piece of the radius, averaged to OUTCOME_MM."""
    coarse, side = average_voxels(segment.mineral, segment.grid.steps[1], OUTCOME_MM)
    load = fall_load(np.array(person.height_cm), np.array(person.weight_kg))
    return Mechanics(strength(coarse, side), float(load))

"""Stiffness and failure load of a bone from its segmented image, with every parameter beside them."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.criterion import Criterion
from modelling.engine.fe.loads import Load, place_load
from modelling.engine.fe.material import Material, Spacing, make_elasticity, make_strain_matrix
from modelling.engine.fe.memory import require_memory
from modelling.engine.fe.mesh import Mesh, build_mesh, find_box, keep_largest_piece, require_bone
from modelling.engine.fe.solver import OnStep, Settings, Solution, solve

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Box = tuple[slice, slice, slice]

_CHUNK = 200_000


@dataclass(frozen=True)
class MechanicalTest:
    """All that is chosen before a bone is tested."""

    material: Material = field(default_factory=Material)
    load: Load = field(default_factory=Load)
    criterion: Criterion = field(default_factory=Criterion)
    settings: Settings = field(default_factory=Settings)

    def describe(self) -> dict[str, Any]:
        """Return every parameter as plain values, to be stored with the result."""
        device = self.settings.device
        settings = {
            "tolerance": self.settings.tolerance,
            "max_iterations": self.settings.max_iterations,
            "device": "cpu" if device is None else str(device),
        }
        return asdict(self.material) | asdict(self.load) | asdict(self.criterion) | settings


@dataclass(frozen=True)
class Strength:
    """What the test of a bone gave. Forces and stiffness are along the direction in which the top was moved."""

    reaction_force_n: float
    displacement_mm: float
    stiffness_n_per_mm: float
    apparent_modulus_mpa: float
    """Stiffness times height over the area of the box round the mesh, pores included (MPa)."""
    failure_load_n: float
    effective_strain_at_critical_volume: float
    factor: float
    """Failure load over reaction force."""
    dropped_voxels: int
    """Bone voxels outside the largest piece, which carry nothing."""
    mesh: Mesh
    solution: Solution
    energy: Floats
    """(E,) strain energy density at the centre of each element, in MPa."""
    box: Box
    """Where the mesh lies in the volume."""

    def fill_field(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return the energy density in MPa on the voxels of the whole volume (z, y, x), 0 outside the mesh."""
        inside = np.zeros(self.mesh.shape, np.float32)
        inside.ravel()[self.mesh.voxel] = self.energy
        whole = np.zeros(shape, np.float32)
        whole[self.box] = inside
        return whole


def measure_strength(
    bone: Bools,
    spacing_mm: Spacing,
    test: MechanicalTest,
    modulus_mpa: NDArray[np.floating[Any]] | None = None,
    on_step: OnStep | None = None,
) -> Strength:
    """Load the largest piece of a bone and return its stiffness and failure load.

    bone: (z, y, x) bool; modulus_mpa: (z, y, x) Young's modulus of each voxel, or None for `test.material`'s.
    Raises ValueError (nothing to load, moduli not above 0), MemoryNeeded, NotConverged, Cancelled.
    """
    mesh, box, dropped = _mesh_largest_piece(bone, spacing_mm, test)
    if modulus_mpa is None:
        moduli = np.full(mesh.n_elements, test.material.modulus_mpa, np.float32)
    elif modulus_mpa.shape != bone.shape:
        raise ValueError(f"moduli {modulus_mpa.shape} and bone {bone.shape} differ in shape")
    else:
        moduli = modulus_mpa[box].ravel()[mesh.voxel].astype(np.float32)
    held, start, moved = place_load(mesh, test.load)
    solution = solve(mesh, moduli, test.material.poisson, held, start, test.settings, on_step)
    energy = find_energy(mesh, solution.displacement, moduli, test.material.poisson)
    strain = find_critical_strain(energy, moduli, test.criterion.critical_volume)
    # The work of the top: at the tolerance it is far nearer the truth than the sum of the top's nodal forces.
    force = solution.work / moved
    factor = test.criterion.critical_strain / strain
    height, depth, width = (n * edge for n, edge in zip(mesh.shape, spacing_mm, strict=True))
    modulus = force / moved * height / (depth * width)
    failure = force * factor
    return Strength(force, moved, force / moved, modulus, failure, strain, factor, dropped, mesh, solution, energy, box)


def _mesh_largest_piece(bone: Bools, spacing_mm: Spacing, test: MechanicalTest) -> tuple[Mesh, Box, int]:
    """Return the mesh of the largest piece, where it lies in the volume, and how many voxels lie in others."""
    require_bone(bone)
    outer = find_box(bone)
    # Telling the pieces apart takes memory, too.
    require_memory(bone[outer], test.settings.device)
    piece, dropped = keep_largest_piece(bone[outer])
    inner = find_box(piece)
    z, y, x = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(outer, inner, strict=True))
    return build_mesh(piece[inner], spacing_mm), (z, y, x), dropped


def find_energy(mesh: Mesh, displacement: Floats, modulus_mpa: NDArray[np.float32], poisson: float) -> Floats:
    """Return (E,) strain energy density in MPa at the centre of each element.

    At the centre, not averaged over the element: the average also counts the element's bending, is 15 % higher in
    trabecular bone and is not what the criterion was fitted to.
    """
    strain_of = make_strain_matrix(mesh.spacing_mm).T
    elasticity = make_elasticity(poisson)
    energy = np.empty(mesh.n_elements)
    for first in range(0, mesh.n_elements, _CHUNK):
        part = slice(first, first + _CHUNK)
        strain = displacement[mesh.conn[part]].reshape(-1, 24) @ strain_of
        energy[part] = 0.5 * modulus_mpa[part] * np.einsum("ei,ij,ej->e", strain, elasticity, strain, optimize=True)
    return energy


def find_critical_strain(energy: Floats, modulus_mpa: NDArray[np.float32], critical_volume: float) -> float:
    """Return the effective strain sqrt(2 SED / E) that `critical_volume` of the elements exceed; all are of one size.

    Of n elements the one at place floor(critical_volume n) from the top, at least the highest.
    """
    strain = np.sqrt(2 * energy / modulus_mpa)
    place = len(strain) - 1 - int(critical_volume * len(strain))
    return float(np.partition(strain, place)[place])

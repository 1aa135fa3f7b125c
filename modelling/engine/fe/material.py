"""What one voxel of bone does when it is strained: the matrices of a box-shaped element, and moduli from density."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

XCT1_MODULUS_MPA = 6829.0
"""Tissue modulus of the first XtremeCT: MacNeil and Boyd, Bone 42:1203 (2008)."""

XCT2_MODULUS_MPA = 8748.0
"""Tissue modulus of XtremeCT II: the laboratory's own axial recipe (Bonelab, `faim_batch`)."""

CORNERS = np.array(list(itertools.product((0, 1), repeat=3)), np.int64)
"""(8, 3) z, y, x of the corners of an element; corner k is 4 z + 2 y + x everywhere in this package."""


@dataclass(frozen=True)
class Material:
    """Linear isotropic bone: Young's modulus in MPa (used where no field of moduli is given) and Poisson's ratio."""

    modulus_mpa: float = XCT2_MODULUS_MPA
    poisson: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what no isotropic solid can have."""
        if not (np.isfinite(self.modulus_mpa) and self.modulus_mpa > 0):
            raise ValueError(f"Young's modulus is {self.modulus_mpa} MPa; wanted a finite number above 0")
        if not -1 < self.poisson < 0.5:
            raise ValueError(f"Poisson's ratio is {self.poisson}; wanted above -1 and below 0.5")


def make_elasticity(poisson: float) -> Floats:
    """Return the (6, 6) matrix from strain to stress of a solid of modulus 1: zz, yy, xx, yx, zx, zy (engineering)."""
    lame = poisson / ((1 + poisson) * (1 - 2 * poisson))
    shear = 1 / (2 * (1 + poisson))
    matrix = np.zeros((6, 6))
    matrix[:3, :3] = lame
    matrix[np.arange(3), np.arange(3)] += 2 * shear
    matrix[np.arange(3, 6), np.arange(3, 6)] = shear
    return matrix


def make_strain_matrix(spacing: Spacing, at: tuple[float, float, float] = (0.5, 0.5, 0.5)) -> Floats:
    """Return the (6, 24) matrix from corner displacements to strain at one point of an element.

    spacing: edges of the element (z, y, x) in mm. at: the point (z, y, x) in parts of the edges; its centre at first.
    Columns: corner k, component c (z, y, x) at 3 k + c. Rows as in `make_elasticity`.
    """
    point, edges = np.asarray(at), np.asarray(spacing, np.float64)
    matrix = np.zeros((6, 24))
    for k, corner in enumerate(CORNERS):
        value = np.where(corner == 1, point, 1 - point)
        slope = np.where(corner == 1, 1.0, -1.0) / edges
        z, y, x = (slope[axis] * np.prod(np.delete(value, axis)) for axis in range(3))
        matrix[:, 3 * k : 3 * k + 3] = [[z, 0, 0], [0, y, 0], [0, 0, x], [0, x, y], [x, 0, z], [y, z, 0]]
    return matrix


def make_element_matrix(spacing: Spacing, poisson: float) -> Floats:
    """Return the (24, 24) stiffness, in N/mm, of one 8-node hexahedron of modulus 1 MPa: exact 2x2x2 Gauss sum.

    Source: Zienkiewicz and Taylor, The Finite Element Method, 5th ed., vol. 1 (2000), chapters 4 and 9.
    """
    elasticity = make_elasticity(poisson)
    points = 0.5 + np.array([-0.5, 0.5]) / np.sqrt(3)
    total = np.zeros((24, 24))
    for at in itertools.product(points, repeat=3):
        strain = make_strain_matrix(spacing, at)
        total += strain.T @ elasticity @ strain
    return total * float(np.prod(spacing)) / 8


def split_element_matrix(matrix: Floats) -> Floats:
    """Return the (8, 3, 3) blocks into which the mirror planes of a box split its element matrix.

    In the basis of sums and differences over the corners (Walsh-Hadamard, for each component) the matrix couples
    component z of pattern s ^ 4, y of s ^ 2 and x of s ^ 1 only, for s from 0 to 7: 72 products for 576.
    Raises ValueError if the matrix has no such symmetry.
    """
    signs = np.array([[(-1.0) ** int(a & b).bit_count() for b in range(8)] for a in range(8)])
    whole = np.einsum("pk,kcld,ql->pcqd", signs, matrix.reshape(8, 3, 8, 3), signs) / 64
    blocks, left = np.zeros((8, 3, 3)), whole.copy()
    for s in range(8):
        for c, d in itertools.product(range(3), repeat=2):
            row, column = s ^ (4 >> c), s ^ (4 >> d)
            blocks[s, c, d] = whole[row, c, column, d]
            left[row, c, column, d] = 0
    if np.abs(left).max() > 1e-9 * np.abs(whole).max():
        raise ValueError("the element matrix is not symmetric about the three mirror planes of a box")
    return blocks


def modulus_from_density(density: Floats) -> Floats:
    """Return Young's modulus in MPa of a voxel from its density in mg HA/cm3: E = 25 BMD - 5830.

    Mulder et al., Bone 41:256 (2007), as listed by the reference laboratory. Below 233.2 it would be negative: the
    caller says which voxels are bone, and `strength` refuses a modulus that is not above 0.
    """
    return 25.0 * np.asarray(density, np.float64) - 5830.0


def modulus_from_power_law(density: Floats, factor: float = 10000.0, exponent: float = 1.7) -> Floats:
    """Return Young's modulus in MPa from density in mg HA/cm3: factor (density / 1000) ^ exponent; at least 0."""
    return factor * (np.clip(np.asarray(density, np.float64), 0, None) / 1000.0) ** exponent

"""Geometric multigrid as a preconditioner: Chebyshev smoothing on each level, the coarsest solved outright, float32."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.fe import joining
from modelling.engine.fe.coarsening import Lattice, coarsen, make_weights
from modelling.engine.fe.material import Spacing, make_element_matrix
from modelling.engine.fe.operators import Operator, make_operator

SMOOTHING = 3
"""Chebyshev steps before and after each visit of the coarser level."""
SPAN = 12.0
"""The smoother damps the eigenvalues from the highest down to a SPAN-th of it."""
COARSEST_NODES = 400
"""The dense inverse of the coarsest level is taken at or below so many nodes."""


@dataclass
class Level:
    """One level: its operator, 1 / diagonal with 0 at what is held, the places held, the highest eigenvalue's bound."""

    operator: Operator
    inverse: Tensor
    held: Tensor
    highest: float


def bound_eigenvalue(spacing: Spacing, poisson: float) -> float:
    """Return a bound of the eigenvalues of D^-1 K for every mesh of such elements, whatever their moduli.

    K and D are sums over elements, so no Rayleigh quotient exceeds the highest one of a single element.
    """
    matrix = make_element_matrix(spacing, poisson)
    scale = 1 / np.sqrt(np.diag(matrix))
    return float(np.linalg.eigvalsh(scale[:, None] * matrix * scale).max())


class Multigrid:
    """A V-cycle over all levels, symmetric and positive, so that it may precondition conjugate gradients."""

    def __init__(self, levels: list[Level], coarsest: Tensor) -> None:
        """levels: finest first; coarsest: the dense inverse (3 n, 3 n) float32 of the last level's K."""
        self.levels, self.coarsest = levels, coarsest

    def cycle(self, right: Tensor, at: int = 0) -> Tensor:
        """Return an approximation of K^-1 right on a level; right: (3 N,) float32."""
        if at == len(self.levels) - 1:
            return self.coarsest @ right
        level = self.levels[at]
        x = self._smooth(level, right, None)
        left = level.operator.apply(x).neg_().add_(right).index_fill_(0, level.held, 0)
        level.operator.prolong_add(self.cycle(level.operator.restrict(left), at + 1), x)
        x.index_fill_(0, level.held, 0)
        return self._smooth(level, right, x)

    @staticmethod
    def _smooth(level: Level, right: Tensor, x: Tensor | None) -> Tensor:
        """Chebyshev of the first kind on D^-1 K: Saad, Iterative Methods for Sparse Linear Systems (2003), 12.3."""
        high, low = level.highest, level.highest / SPAN
        centre, half = (high + low) / 2, (high - low) / 2
        sigma = centre / half
        rho = 1 / sigma
        if x is None:
            step = level.inverse * right / centre
            x = step.clone()
        else:
            step = torch.zeros_like(x)
            level.operator.smooth_step(0.0, 1 / centre, level.inverse, right, step, x)
        for _ in range(SMOOTHING - 1):
            after = 1 / (2 * sigma - rho)
            level.operator.smooth_step(after * rho, 2 * after / half, level.inverse, right, step, x)
            rho = after
        return x


def build_multigrid(
    lattice: Lattice,
    modulus: NDArray[np.float32],
    spacing: Spacing,
    poisson: float,
    free: NDArray[np.bool_],
    device: torch.device | None = None,
) -> Multigrid:
    """Return the multigrid of a mesh.

    modulus: (E,) MPa; free: (3 N,) which displacements are unknown; device: where torch works, or None for the
    compiled loops of the CPU.
    """
    highest = bound_eigenvalue(spacing, poisson)
    levels: list[Level] = []
    while True:
        operator = make_operator(lattice, modulus, spacing, poisson, device)
        inverse = torch.from_numpy(_invert_diagonal(lattice, modulus, spacing, poisson, free)).to(operator.device)
        held = torch.from_numpy(np.flatnonzero(~free)).to(operator.device)
        levels.append(Level(operator, inverse, held, highest))
        if len(lattice.grid) <= COARSEST_NODES:
            break
        coarsening = coarsen(lattice)
        operator.hang_in(coarsening)
        lattice, spacing = coarsening.lattice, (2 * spacing[0], 2 * spacing[1], 2 * spacing[2])
        where = (coarsening.owner, coarsening.code, make_weights(), lattice.conn)
        free = joining.find_free(*where, free, len(lattice.grid))
        modulus = (np.bincount(coarsening.parent, modulus, len(lattice.conn)) / 8).astype(np.float32)
    return Multigrid(levels, _invert_all(lattice, modulus, spacing, poisson, free).to(operator.device))


def _invert_diagonal(
    lattice: Lattice, modulus: NDArray[np.float32], spacing: Spacing, poisson: float, free: NDArray[np.bool_]
) -> NDArray[np.float32]:
    total = np.zeros(len(lattice.grid))
    for k in range(8):
        total += np.bincount(lattice.conn[:, k], modulus, len(total))
    diagonal = total[:, None] * np.diag(make_element_matrix(spacing, poisson))[:3]
    return np.where(free, 1 / diagonal.ravel(), 0).astype(np.float32)


def _invert_all(
    lattice: Lattice, modulus: NDArray[np.float32], spacing: Spacing, poisson: float, free: NDArray[np.bool_]
) -> Tensor:
    unit = make_element_matrix(spacing, poisson)
    whole = np.zeros((len(free), len(free)))
    for nodes, e in zip(lattice.conn, modulus, strict=True):
        dofs = (3 * nodes[:, None] + np.arange(3)).ravel()
        whole[np.ix_(dofs, dofs)] += e * unit
    inverse = np.zeros_like(whole)
    moving = np.flatnonzero(free)
    inverse[np.ix_(moving, moving)] = np.linalg.inv(whole[np.ix_(moving, moving)])
    return torch.from_numpy(inverse.astype(np.float32))

"""Solve K u = f on a mesh: conjugate gradients in float64 with a multigrid in float32 before them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.fe.coarsening import Lattice
from modelling.engine.fe.mesh import Mesh
from modelling.engine.fe.multigrid import Multigrid, build_multigrid

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

OnStep = Callable[[int, float], bool]
"""Called with the number of iterations done and the residual; returns False to stop the work."""

_STALLED_AFTER = 200
"""Iterations that may pass without the residual falling by a tenth below its lowest so far."""


class NotConverged(Exception):
    """The residual did not fall below the tolerance; `history` holds it after each iteration."""

    def __init__(self, reason: str, history: tuple[float, ...], tolerance: float) -> None:
        """Say how far it came."""
        last = history[-1]
        super().__init__(
            f"the solution {reason}: relative residual {last:.2e} after {len(history) - 1} iterations, wanted "
            f"{tolerance:.0e} (first {history[0]:.2e}, lowest {min(history):.2e})"
        )
        self.history = history


class Cancelled(Exception):
    """The caller stopped the work."""


@dataclass(frozen=True)
class Settings:
    """How far and how long to iterate, and where."""

    tolerance: float = 1e-5
    """Norm of the unbalanced forces over the norm of those that the boundary alone would leave."""
    max_iterations: int = 2000
    device: torch.device | None = None
    """None: compiled loops on the CPU; else torch on this device."""

    def __post_init__(self) -> None:
        """Refuse a tolerance that nothing or everything meets."""
        if not 0 < self.tolerance < 1:
            raise ValueError(f"tolerance is {self.tolerance:g}; wanted above 0 and below 1")


@dataclass(frozen=True)
class Solution:
    """Displacements and what became of the iteration."""

    displacement: Floats
    """(N, 3) z, y, x in mm."""
    force: Floats
    """(N, 3) z, y, x in N: K u, which is what holds the held nodes and nearly 0 elsewhere."""
    history: tuple[float, ...]
    """Relative residual at the start and after each iteration."""

    @property
    def iterations(self) -> int:
        """Number of iterations."""
        return len(self.history) - 1

    @property
    def work(self) -> float:
        """Twice the strain energy, u K u, in N mm: its error is the square of that of the displacements."""
        return float(np.sum(self.displacement * self.force))


def solve(
    mesh: Mesh,
    modulus_mpa: NDArray[np.float32],
    poisson: float,
    held: Bools,
    start: Floats,
    settings: Settings = Settings(),
    on_step: OnStep | None = None,
) -> Solution:
    """Return the displacements of a mesh whose `held` ones are given.

    modulus_mpa: (E,) above 0; held: (N, 3) z, y, x; start: (N, 3) mm, the given values where held, a first guess
    elsewhere. Raises NotConverged, Cancelled, ValueError.
    """
    _check(mesh, modulus_mpa, held, start)
    on_cpu = settings.device is None or settings.device.type == "cpu"
    with _torch_on_one_thread() if on_cpu else nullcontext():
        return _solve(mesh, modulus_mpa, poisson, held, start, settings, on_step)


def _solve(
    mesh: Mesh,
    modulus: NDArray[np.float32],
    poisson: float,
    held: Bools,
    start: Floats,
    settings: Settings,
    on_step: OnStep | None,
) -> Solution:
    cell = np.stack(np.unravel_index(mesh.voxel, mesh.shape), axis=1).astype(np.int32)
    lattice = Lattice(mesh.conn, cell, mesh.find_grid().astype(np.int32))
    grid = build_multigrid(lattice, modulus, mesh.spacing_mm, poisson, ~held.ravel(), settings.device)
    operator = grid.levels[0].operator
    del cell, lattice
    u = torch.from_numpy(start.ravel().copy()).to(operator.device)
    fixed = torch.from_numpy(np.flatnonzero(held)).to(operator.device)
    history = iterate(grid, u, fixed, settings, on_step)
    force = operator.apply(u)
    return Solution(u.cpu().numpy().reshape(-1, 3), force.cpu().numpy().reshape(-1, 3), history)


@contextmanager
def _torch_on_one_thread() -> Iterator[None]:
    """Keep torch's own threads still: they spin while they wait, on cores that the loops need.

    It also keeps the bits: torch adds up a vector in as many parts as it has threads.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _check(mesh: Mesh, modulus: NDArray[np.float32], held: Bools, start: Floats) -> None:
    wanted = (mesh.n_nodes, 3)
    if held.shape != wanted or start.shape != wanted:
        raise ValueError(f"held is {held.shape} and start {start.shape}; wanted {wanted}, one row a node")
    if modulus.shape != (mesh.n_elements,) or modulus.dtype != np.float32:
        raise ValueError(f"moduli are {modulus.shape} {modulus.dtype}; wanted ({mesh.n_elements},) float32")
    if not (np.isfinite(modulus).all() and modulus.min() > 0):
        raise ValueError(f"Young's moduli go from {modulus.min()} to {modulus.max()} MPa; wanted finite, above 0")
    if not np.isfinite(start).all():
        raise ValueError("a displacement is not a finite number")


def iterate(grid: Multigrid, u: Tensor, fixed: Tensor, settings: Settings, on_step: OnStep | None) -> tuple[float, ...]:
    """Flexible conjugate gradients (Notay, SIAM J Sci Comput 22:1444, 2000); u is changed in place.

    grid: the multigrid before them; u: (3 N,) the first guess, whose type is the precision of all but the multigrid
    (float64, or the residual stalls: see `tests`); fixed: (H,) places of u that are given. Returns the residuals.
    """
    operator = grid.levels[0].operator
    scale = _norm_of_boundary(grid, u, fixed)
    r = operator.apply(u).neg_().index_fill_(0, fixed, 0)
    history = [float(r.norm()) / scale if scale else 0.0]
    p = q = torch.zeros_like(u)
    alpha, rz = 0.0, 1.0
    while True:
        if history[-1] <= settings.tolerance:
            # The residual that is carried along falls for ever; the one of the displacements themselves may not.
            r = operator.apply(u).neg_().index_fill_(0, fixed, 0)
            history[-1] = float(r.norm()) / scale if scale else 0.0
            if history[-1] <= settings.tolerance:
                break
        if on_step is not None and not on_step(len(history) - 1, history[-1]):
            raise Cancelled(f"stopped by the caller after {len(history) - 1} iterations")
        if len(history) > settings.max_iterations:
            raise NotConverged("did not converge", tuple(history), settings.tolerance)
        if len(history) > _STALLED_AFTER and min(history[-_STALLED_AFTER:]) > 0.9 * min(history[:-_STALLED_AFTER]):
            raise NotConverged("stalled", tuple(history), settings.tolerance)
        # Scaled to 1: small forces would leave float32's range, not its precision.
        size = history[-1] * scale
        z = grid.cycle((r / size).float()).to(u.dtype).mul_(size)
        # The flexible form of beta: a multigrid in float32 is not quite the same linear map each time.
        p = z.add_(p, alpha=-alpha * float(z @ q) / rz)
        rz = float(p @ r)
        q = operator.apply(p).index_fill_(0, fixed, 0)
        pq = float(p @ q)
        if not (pq > 0 and np.isfinite(rz)):
            raise NotConverged(
                "broke down (is a part of the mesh held by nothing?)", tuple(history), settings.tolerance
            )
        alpha = rz / pq
        u.add_(p, alpha=alpha)
        r.sub_(q, alpha=alpha)
        history.append(float(r.norm()) / scale)
    return tuple(history)


def _norm_of_boundary(grid: Multigrid, u: Tensor, fixed: Tensor) -> float:
    alone = torch.zeros_like(u).index_copy_(0, fixed, u[fixed])
    return float(grid.levels[0].operator.apply(alone).index_fill_(0, fixed, 0).norm())

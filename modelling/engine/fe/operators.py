"""The stiffness of one level: K x, its diagonal, and the way to the coarser level, on the CPU or in torch anywhere.

`CpuOperator` runs the loops of `kernels` and `transfer`; `TorchOperator` does the same by gathering alone (no atomic
sums, so every run gives the same bits) on any device of torch, and is the reference the loops are tested against.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.fe import kernels, transfer
from modelling.engine.fe.coarsening import Coarsening, Lattice, make_weights
from modelling.engine.fe.crew import Crew, Work, get_crew
from modelling.engine.fe.material import Spacing, make_element_matrix, split_element_matrix
from modelling.engine.fe.mesh import cut_slabs

_N_SLABS = 16
_SMALL = 20_000
"""Elements up to which one thread does it all: starting others costs more than it saves."""


class Operator(Protocol):
    """K of one level. Vectors are flat (3 N,) tensors of float32 or float64 on the operator's device."""

    device: torch.device
    n_nodes: int

    def apply(self, x: Tensor) -> Tensor:
        """Return K x."""

    def smooth_step(self, keep: float, gain: float, inverse: Tensor, right: Tensor, step: Tensor, x: Tensor) -> None:
        """Do step = keep step + gain inverse (right - K x) and x += step, in place."""

    def prolong_add(self, coarse: Tensor, fine: Tensor) -> None:
        """Add the coarse field, interpolated, to the fine one, in place."""

    def restrict(self, fine: Tensor) -> Tensor:
        """Return the transpose of the interpolation applied to a fine field."""


class CpuOperator:
    """The compiled loops. modulus: (E,) MPa, float32."""

    device = torch.device("cpu")

    def __init__(
        self, lattice: Lattice, modulus: NDArray[np.float32], spacing: Spacing, poisson: float, crew: Crew | None = None
    ) -> None:
        """Take over the elements; nothing of the size of the mesh is copied. crew: get_crew()'s at first."""
        self.n_nodes = len(lattice.grid)
        self._conn, self._modulus = lattice.conn, modulus
        blocks = split_element_matrix(make_element_matrix(spacing, poisson))
        self._blocks = {torch.float32: blocks.astype(np.float32), torch.float64: blocks}
        self._crew = crew or get_crew()
        self._slabs = cut_slabs(lattice.cell[:, 0], _N_SLABS)
        # smooth_step leaves it empty for the next call.
        self._force = np.zeros(3 * self.n_nodes, np.float32)

    def hang_in(self, coarsening: Coarsening) -> None:
        """Know the coarser level."""
        coarser = coarsening.lattice
        self._n_coarse = len(coarser.grid)
        self._hanging = transfer.list_held_nodes(coarsening.owner, coarsening.code, coarser.conn)
        self._coarse_slabs = cut_slabs(coarser.cell[:, 0], _N_SLABS)

    def apply(self, x: Tensor) -> Tensor:
        """Return K x."""
        force = torch.zeros_like(x)
        self._add_forces(x, force.numpy())
        return force

    def smooth_step(self, keep: float, gain: float, inverse: Tensor, right: Tensor, step: Tensor, x: Tensor) -> None:
        """Do step = keep step + gain inverse (right - K x) and x += step, in place."""
        self._add_forces(x, self._force)
        fields = (inverse.numpy(), right.numpy(), self._force, step.numpy(), x.numpy())
        factors = (np.float32(keep), np.float32(gain))
        size = len(self._force)
        self._share(
            lambda share, of: kernels.smooth_step(*factors, fields, size * share // of, size * (share + 1) // of)
        )

    def prolong_add(self, coarse: Tensor, fine: Tensor) -> None:
        """Add the coarse field, interpolated, to the fine one, in place."""
        given = (self._hanging, coarse.numpy(), fine.numpy(), self._coarse_slabs)
        self._share(lambda share, of: transfer.prolong_add(*given, share, of))

    def restrict(self, fine: Tensor) -> Tensor:
        """Return the transpose of the interpolation applied to a fine field."""
        coarse = torch.zeros(3 * self._n_coarse, dtype=fine.dtype)
        given = (self._hanging, fine.numpy(), coarse.numpy(), self._coarse_slabs)
        for colour in range(2):
            self._share(_take_colour(colour, transfer.restrict_add, given))
        return coarse

    def _add_forces(self, x: Tensor, force: NDArray[Any]) -> None:
        element = (self._conn, self._modulus, self._blocks[x.dtype])
        given = (element, x.numpy(), force, self._slabs)
        for colour in range(2):
            self._share(_take_colour(colour, kernels.apply_elements, given))

    def _share(self, work: Work) -> None:
        if len(self._modulus) > _SMALL:
            self._crew.share(work)
        else:
            work(0, 1)


class TorchOperator:
    """The same by gathers and matrix products, on any device of torch."""

    def __init__(
        self,
        lattice: Lattice,
        modulus: NDArray[np.float32],
        spacing: Spacing,
        poisson: float,
        device: torch.device,
    ) -> None:
        """Copy the mesh to the device."""
        self.device, self.n_nodes = device, len(lattice.grid)
        self._conn = torch.from_numpy(lattice.conn).to(device, torch.int64)
        self._modulus = torch.from_numpy(modulus).to(device)[:, None]
        unit = torch.from_numpy(make_element_matrix(spacing, poisson))
        self._unit = {kind: unit.to(device, kind) for kind in (torch.float32, torch.float64)}
        self._slots = torch.from_numpy(_list_slots(lattice)).to(device)

    def hang_in(self, coarsening: Coarsening) -> None:
        """Know the coarser level: the interpolation and its transpose, each as rows, so that both only gather."""
        n_coarse = len(coarsening.lattice.grid)
        shares = make_weights()[coarsening.code]
        row, corner = np.nonzero(shares)
        column = coarsening.lattice.conn[coarsening.owner[row], corner]
        value = shares[row, corner].astype(np.float32)
        self._down = _pad_rows(row, column, value, self.n_nodes, self.device)
        self._up = _pad_rows(column, row, value, n_coarse, self.device)

    def apply(self, x: Tensor) -> Tensor:
        """Return K x."""
        at_corners = x.view(-1, 3)[self._conn].view(-1, 24)
        forces = (at_corners @ self._unit[x.dtype]) * self._modulus.to(x.dtype)
        padded = torch.cat([forces.view(-1, 3), forces.new_zeros(1, 3)])
        total = padded[self._slots[:, 0]]
        for slot in range(1, self._slots.shape[1]):
            total += padded[self._slots[:, slot]]
        return total.view(-1)

    def smooth_step(self, keep: float, gain: float, inverse: Tensor, right: Tensor, step: Tensor, x: Tensor) -> None:
        """Do step = keep step + gain inverse (right - K x) and x += step, in place."""
        step.mul_(keep).addcmul_(inverse, right - self.apply(x), value=gain)
        x.add_(step)

    def prolong_add(self, coarse: Tensor, fine: Tensor) -> None:
        """Add the coarse field, interpolated, to the fine one, in place."""
        fine.add_(_multiply_rows(self._down, coarse))

    def restrict(self, fine: Tensor) -> Tensor:
        """Return the transpose of the interpolation applied to a fine field."""
        return _multiply_rows(self._up, fine)


def make_operator(
    lattice: Lattice, modulus: NDArray[np.float32], spacing: Spacing, poisson: float, device: torch.device | None
) -> CpuOperator | TorchOperator:
    """Return the operator of a level: the compiled loops where no device is named, else torch on that device."""
    if device is None:
        return CpuOperator(lattice, modulus, spacing, poisson)
    return TorchOperator(lattice, modulus, spacing, poisson, device)


def _take_colour(colour: int, loop: Callable[..., None], given: tuple[Any, ...]) -> Work:
    """Return the work of a loop on the slabs of one colour, every second one from `colour` on."""

    def work(share: int, of: int) -> None:
        loop(*given, colour + 2 * share, 2 * of)

    return work


def _list_slots(lattice: Lattice) -> NDArray[np.int64]:
    """Return (N, most) places 8 e + k of each node among the corners of the elements, padded with 8 E."""
    flat = lattice.conn.ravel()
    order = np.argsort(flat, kind="stable")
    counts = np.bincount(flat, minlength=len(lattice.grid))
    starts = np.cumsum(counts) - counts
    slots = np.full((len(counts), int(counts.max())), flat.size, np.int64)
    slots[flat[order], np.arange(flat.size) - starts[flat[order]]] = order
    return slots


def _pad_rows(
    row: NDArray[np.integer[Any]],
    column: NDArray[np.integer[Any]],
    value: NDArray[np.float32],
    n_rows: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Return (rows, most) columns and values of a sparse matrix, each row filled up with value 0 at column 0."""
    order = np.argsort(row, kind="stable")
    counts = np.bincount(row, minlength=n_rows)
    starts = np.cumsum(counts) - counts
    place = np.arange(len(row)) - starts[row[order]]
    columns, values = np.zeros((n_rows, counts.max()), np.int64), np.zeros((n_rows, counts.max()), np.float32)
    columns[row[order], place], values[row[order], place] = column[order], value[order]
    return torch.from_numpy(columns).to(device), torch.from_numpy(values).to(device)


def _multiply_rows(rows: tuple[Tensor, Tensor], x: Tensor) -> Tensor:
    columns, values = rows
    points = x.view(-1, 3)
    total = values[:, :1] * points[columns[:, 0]]
    for slot in range(1, columns.shape[1]):
        total += values[:, slot, None] * points[columns[:, slot]]
    return total.view(-1)

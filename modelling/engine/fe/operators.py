"""The stiffness of one level: K x, its diagonal, and the way to the coarser level, on the CPU or in torch anywhere.

`CpuOperator` runs the loops of `kernels`; `TorchOperator` does the same by gathering alone (no atomic sums, so every
run gives the same bits) on any device of torch, and is the reference the loops are tested against.
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.fe import kernels
from modelling.engine.fe.coarsening import Coarsening, Lattice, make_weights
from modelling.engine.fe.material import Spacing, make_element_matrix, split_element_matrix
from modelling.engine.fe.mesh import cut_slabs

Range = tuple[int, int]

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

    def __init__(self, lattice: Lattice, modulus: NDArray[np.float32], spacing: Spacing, poisson: float) -> None:
        """Take over the elements; nothing of the size of the mesh is copied."""
        self.n_nodes = len(lattice.grid)
        self._conn, self._modulus = lattice.conn, modulus
        blocks = split_element_matrix(make_element_matrix(spacing, poisson))
        self._blocks = {torch.float32: blocks.astype(np.float32), torch.float64: blocks}
        self._run = run_together if len(modulus) > _SMALL else run_in_turn
        n_slabs = _N_SLABS if len(modulus) > _SMALL else 1
        self._slabs = _list_ranges(cut_slabs(lattice.cell[:, 0], n_slabs))
        # Cut at even planes: nodes there hang on one coarse plane only, so slabs of one colour meet on none.
        self._node_slabs = _list_ranges(cut_slabs(lattice.grid[:, 0] // 2, n_slabs))
        self._parts = _list_ranges(np.linspace(0, 3 * self.n_nodes, n_slabs + 1).astype(np.int64))

    def hang_in(self, coarsening: Coarsening) -> None:
        """Know the coarser level."""
        self._n_coarse = len(coarsening.lattice.grid)
        weights = make_weights().astype(np.float32)
        self._hanging = (coarsening.owner, coarsening.code, weights, coarsening.lattice.conn)

    def apply(self, x: Tensor) -> Tensor:
        """Return K x."""
        force = torch.zeros_like(x)
        given = (self._conn, self._modulus, self._blocks[x.dtype])
        self._run_by_colour(kernels.apply_elements, self._slabs, given, (x.numpy(), force.numpy()))
        return force

    def smooth_step(self, keep: float, gain: float, inverse: Tensor, right: Tensor, step: Tensor, x: Tensor) -> None:
        """Do step = keep step + gain inverse (right - K x) and x += step, in place."""
        fields = tuple(tensor.numpy() for tensor in (inverse, right, self.apply(x), step, x))
        given = (np.float32(keep), np.float32(gain), fields)
        self._run(lambda part: kernels.smooth_step(*given, *part), self._parts)

    def prolong_add(self, coarse: Tensor, fine: Tensor) -> None:
        """Add the coarse field, interpolated, to the fine one, in place."""
        fields = (coarse.numpy(), fine.numpy())
        self._run(lambda part: kernels.prolong_add(self._hanging, *part, *fields), self._node_slabs)

    def restrict(self, fine: Tensor) -> Tensor:
        """Return the transpose of the interpolation applied to a fine field."""
        coarse = torch.zeros(3 * self._n_coarse, dtype=fine.dtype)
        fields = (fine.numpy(), coarse.numpy())
        self._run_by_colour(kernels.restrict_add, self._node_slabs, (self._hanging,), fields)
        return coarse

    def _run_by_colour(
        self, loop: Callable[..., None], slabs: list[Range], given: tuple[Any, ...], fields: tuple[Any, ...]
    ) -> None:
        for colour in range(2):
            self._run(lambda slab: loop(*given, *slab, *fields), slabs[colour::2])


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


def run_in_turn(work: Callable[[Range], None], ranges: list[Range]) -> None:
    """Do a piece of work on each range, one after another."""
    for one in ranges:
        work(one)


def run_together(work: Callable[[Range], None], ranges: list[Range]) -> None:
    """Do a piece of work on every range, each by whichever thread is free; the loops let go of Python's lock."""
    for _ in _crew().map(work, ranges):
        pass


@cache
def _crew() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="fe")


def _list_ranges(bounds: NDArray[np.int64]) -> list[Range]:
    return [(int(first), int(last)) for first, last in itertools.pairwise(bounds)]


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
    row: NDArray[np.int64], column: NDArray[np.int64], value: NDArray[np.float32], n_rows: int, device: torch.device
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

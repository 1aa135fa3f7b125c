"""The compiled loops against the same in torch, and against themselves with other numbers of threads."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelling.engine.fe.coarsening import Coarsening, Lattice, coarsen
from modelling.engine.fe.crew import Crew, get_crew
from modelling.engine.fe.operators import CpuOperator, TorchOperator
from tests.modelling.engine.fe.blocks import make_mesh, make_struts, make_trabeculae

SPACING = (0.05, 0.07, 0.06)


def make_lattices(bone: NDArray[np.bool_], n: int) -> tuple[list[Lattice], list[Coarsening]]:
    """Return n lattices, finest first, and the n ways from each to the next."""
    mesh = make_mesh(bone, SPACING)
    cell = np.stack(np.unravel_index(mesh.voxel, mesh.shape), axis=1).astype(np.int32)
    lattices, ways = [Lattice(mesh.conn, cell, mesh.find_grid().astype(np.int32))], []
    for _ in range(n):
        ways.append(coarsen(lattices[-1]))
        lattices.append(ways[-1].lattice)
    return lattices[:-1], ways


def make_moduli(lattice: Lattice) -> NDArray[np.float32]:
    return np.random.default_rng(2).uniform(500, 15_000, len(lattice.conn)).astype(np.float32)


def draw(n_nodes: int, seed: int) -> Tensor:
    return torch.randn(3 * n_nodes, generator=torch.Generator().manual_seed(seed))


def use_all(operator: CpuOperator | TorchOperator, n_coarse: int) -> list[Tensor]:
    """Return what each way of using an operator gives."""
    n = operator.n_nodes
    fine, step, x = draw(n, 1), draw(n, 2), draw(n, 3)
    operator.prolong_add(draw(n_coarse, 4), fine)
    operator.smooth_step(0.3, 0.4, draw(n, 5).abs() * 1e-4, draw(n, 6), step, x)
    return [operator.apply(draw(n, 7)), operator.apply(draw(n, 7).double()), operator.restrict(fine), fine, step, x]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_loops_do_what_torch_does_by_gathering(level: int) -> None:
    lattices, ways = make_lattices(make_trabeculae((40, 36, 38)), 3)
    lattice, moduli = lattices[level], make_moduli(lattices[level])
    ours = CpuOperator(lattice, moduli, SPACING, 0.3)
    reference = TorchOperator(lattice, moduli, SPACING, 0.3, torch.device("cpu"))
    n_coarse = len(ways[level].lattice.grid)
    for operator in (ours, reference):
        operator.hang_in(ways[level])
    for found, wanted in zip(use_all(ours, n_coarse), use_all(reference, n_coarse), strict=True):
        assert float((found - wanted).abs().max()) < 2e-6 * float(wanted.abs().max())


def test_some_nodes_of_a_level_lie_at_one_place_so_that_the_test_above_sees_them() -> None:
    lattices, _ = make_lattices(make_trabeculae((40, 36, 38)), 2)
    assert len(np.unique(lattices[0].grid, axis=0)) == len(lattices[0].grid)
    assert len(np.unique(lattices[1].grid, axis=0)) < len(lattices[1].grid)


def test_restricting_is_the_transpose_of_prolonging() -> None:
    lattices, ways = make_lattices(make_trabeculae((40, 36, 38)), 2)
    for lattice, way in zip(lattices, ways, strict=True):
        operator, n_coarse = CpuOperator(lattice, make_moduli(lattice), SPACING, 0.3), len(way.lattice.grid)
        operator.hang_in(way)
        coarse, fine = draw(n_coarse, 1), draw(operator.n_nodes, 2)
        raised = torch.zeros_like(fine)
        operator.prolong_add(coarse, raised)
        assert float(raised @ fine) == pytest.approx(float(coarse @ operator.restrict(fine)), rel=1e-4)


@pytest.mark.parametrize("n_threads", [2, 3, 8])
def test_any_number_of_threads_gives_the_same_bits(n_threads: int) -> None:
    lattices, ways = make_lattices(make_struts(48), 1)
    assert len(lattices[0].conn) > 20_000, "below this the work is not shared"
    found = []
    for n in (1, n_threads):
        operator = CpuOperator(lattices[0], make_moduli(lattices[0]), SPACING, 0.3, Crew(n))
        operator.hang_in(ways[0])
        found.append(use_all(operator, len(ways[0].lattice.grid)))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_a_crew_does_every_share_once_and_tells_what_went_wrong() -> None:
    done: list[tuple[int, int]] = []
    Crew(3).share(lambda share, of: done.append((share, of)))
    assert sorted(done) == [(0, 3), (1, 3), (2, 3)]

    def fail(share: int, _: int) -> None:
        if share == 2:
            raise ValueError("share 2 went wrong")

    with pytest.raises(ValueError, match="share 2 went wrong"):
        Crew(3).share(fail)
    assert get_crew() is get_crew()

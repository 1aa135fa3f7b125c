"""The solver against an assembled one, against itself turned about, and where it must refuse."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from modelling.engine.fe.coarsening import Lattice
from modelling.engine.fe.loads import Load, place_load
from modelling.engine.fe.multigrid import Multigrid, build_multigrid
from modelling.engine.fe.solver import Cancelled, NotConverged, Settings, Solution, iterate, solve
from tests.modelling.engine.fe.blocks import (
    EXACT,
    list_rotations,
    make_block,
    make_mesh,
    make_struts,
    make_trabeculae,
    solve_assembled,
)

BONE = make_trabeculae((24, 20, 22))
SPACING = (0.05, 0.07, 0.06)


def load_bone(bone: NDArray[np.bool_] = BONE, angle: float = 0.0, settings: Settings = EXACT) -> Solution:
    mesh = make_mesh(bone, SPACING)
    held, start, _ = place_load(mesh, Load(0.01, angle))
    return solve(mesh, np.full(mesh.n_elements, 8748, np.float32), 0.3, held, start, settings)


@pytest.mark.parametrize("angle", [0.0, 90.0, 35.0])
@pytest.mark.parametrize("poisson", [0.3, 0.0, 0.45])
def test_graded_bone_of_flat_voxels_moves_as_an_assembled_solver_says(angle: float, poisson: float) -> None:
    mesh = make_mesh(BONE, SPACING)
    modulus = np.random.default_rng(3).uniform(500, 15_000, mesh.n_elements).astype(np.float32)
    held, start, _ = place_load(mesh, Load(0.01, angle))
    found = solve(mesh, modulus, poisson, held, start, EXACT)
    u, force = solve_assembled(mesh, modulus, poisson, held, start)
    assert np.abs(found.displacement - u).max() < 1e-9 * np.abs(u).max()
    assert np.abs(found.force - force).max() < 1e-8 * np.abs(force).max()


def test_the_torch_path_on_the_cpu_gives_what_the_loops_give() -> None:
    ours = load_bone()
    other = load_bone(settings=Settings(EXACT.tolerance, EXACT.max_iterations, torch.device("cpu")))
    assert other.displacement == pytest.approx(ours.displacement, abs=1e-10 * np.abs(ours.displacement).max())
    # Further down the two cycles differ by what float32 rounds.
    steps = [next(n for n, residual in enumerate(one.history) if residual < 1e-6) for one in (ours, other)]
    assert steps[0] > 5
    assert abs(steps[0] - steps[1]) <= 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_e11_a_gpu_gives_the_force_of_the_loops() -> None:
    ours = load_bone()
    other = load_bone(settings=Settings(EXACT.tolerance, EXACT.max_iterations, torch.device("cuda")))
    assert other.force == pytest.approx(ours.force, abs=2e-4 * np.abs(ours.force).max())


@pytest.mark.parametrize("device", [None, torch.device("cpu")])
def test_two_runs_give_the_same_bits(device: torch.device | None) -> None:
    settings = Settings(1e-6, 400, device)
    first, second = load_bone(settings=settings), load_bone(settings=settings)
    assert first.iterations > 2
    assert np.array_equal(first.displacement, second.displacement)


def test_e8_bone_turned_about_or_mirrored_is_as_stiff() -> None:
    work = set()
    for order, flips in list_rotations():
        bone = np.ascontiguousarray(BONE.transpose(order)[tuple(slice(None, None, flip) for flip in flips)])
        mesh = make_mesh(bone, (0.05, 0.05, 0.05))
        # The same two faces move along the same way, wherever they lie now.
        axis, flip = order.index(0), flips[order.index(0)]
        along = mesh.find_grid()[:, axis] if flip == 1 else bone.shape[axis] - mesh.find_grid()[:, axis]
        held = np.repeat(((along == 0) | (along == bone.shape[axis]))[:, None], 3, axis=1)
        start = np.zeros((mesh.n_nodes, 3))
        start[:, axis] = -0.01 * flip * along * 0.05
        found = solve(mesh, np.full(mesh.n_elements, 8748, np.float32), 0.3, held, start, Settings(1e-10))
        work.add(found.work)
    assert len(work) > 1
    assert max(work) / min(work) - 1 < 1e-7


def test_e8_a_thousand_times_the_length_is_a_million_times_the_force() -> None:
    small = load_bone()
    mesh = make_mesh(BONE, (50.0, 70.0, 60.0))
    held, start, _ = place_load(mesh, Load(0.01))
    large = solve(mesh, np.full(mesh.n_elements, 8748e-6, np.float32), 0.3, held, start, EXACT)
    assert large.work == pytest.approx(small.work * 1e3, rel=1e-7)


def iterate_in(kind: torch.dtype, settings: Settings) -> tuple[float, ...]:
    """Return the residuals of the product's own iteration, with all but the multigrid in one precision."""
    mesh = make_mesh(BONE, SPACING)
    held, start, _ = place_load(mesh, Load(0.01))
    cell = np.stack(np.unravel_index(mesh.voxel, mesh.shape), axis=1).astype(np.int32)
    lattice = Lattice(mesh.conn, cell, mesh.find_grid().astype(np.int32))
    moduli = np.full(mesh.n_elements, 8748, np.float32)
    grid = build_multigrid(lattice, moduli, SPACING, 0.3, ~held.ravel())
    fixed = torch.from_numpy(np.flatnonzero(held))
    return iterate(grid, torch.from_numpy(start.ravel()).to(kind), fixed, settings, None)


def test_float64_carries_on_where_float32_alone_stalls() -> None:
    """The fp32 trap: with the displacements in float32, too, the residual comes to a stand and there is no answer."""
    settings = Settings(1e-9, 1000)
    assert iterate_in(torch.float64, settings)[-1] <= 1e-9
    with pytest.raises(NotConverged, match="the solution stalled") as caught:
        iterate_in(torch.float32, settings)
    assert 1e-9 < min(caught.value.history) < 1e-3


def test_the_displacements_of_a_solution_are_kept_in_float64() -> None:
    """An answer rounded to float32 no longer holds the tolerance that it was found with."""
    mesh = make_mesh(BONE, SPACING)
    held, _, _ = place_load(mesh, Load(0.01))
    found = load_bone()
    assert found.history[-1] <= EXACT.tolerance
    assert found.displacement.dtype == np.float64
    rounded = found.displacement.astype(np.float32).astype(np.float64)
    again = solve(mesh, np.full(mesh.n_elements, 8748, np.float32), 0.3, held, rounded, Settings(0.999))
    assert again.history[0] > 1e3 * EXACT.tolerance


def test_the_multigrid_takes_two_fifths_off_the_residual_at_each_iteration() -> None:
    history = load_bone(make_struts()).history
    assert len(history) > 5
    assert history[-1] / history[0] < 0.6 ** (len(history) - 1)


def test_no_convergence_is_an_error_with_its_history() -> None:
    with pytest.raises(NotConverged, match=r"did not converge: relative residual .* after 3 iterations") as caught:
        load_bone(settings=Settings(1e-12, 3))
    assert len(caught.value.history) == 4


def test_a_part_that_nothing_holds_is_an_error_not_a_number() -> None:
    mesh = make_mesh(make_block(12, 12, 12))
    held, start = np.zeros((mesh.n_nodes, 3), np.bool_), np.zeros((mesh.n_nodes, 3))
    held[0], start[0] = True, 0.01
    held[-1, 0] = True
    with pytest.raises(NotConverged, match="residual"):
        solve(mesh, np.ones(mesh.n_elements, np.float32), 0.3, held, start, Settings(1e-13, 12))


def test_the_caller_sees_each_iteration_and_may_stop() -> None:
    mesh = make_mesh(BONE, SPACING)
    held, start, _ = place_load(mesh, Load(0.01))
    seen: list[tuple[int, float]] = []

    def stop_at_two(iteration: int, residual: float) -> bool:
        seen.append((iteration, residual))
        return iteration < 2

    with pytest.raises(Cancelled, match="after 2 iterations"):
        solve(mesh, np.ones(mesh.n_elements, np.float32), 0.3, held, start, EXACT, stop_at_two)
    assert [iteration for iteration, _ in seen] == [0, 1, 2]
    assert seen[2][1] < seen[0][1]


def test_torch_keeps_to_one_thread_while_a_bone_is_solved_and_has_its_own_again_after() -> None:
    mesh = make_mesh(make_block(4, 4, 4))
    held, start, _ = place_load(mesh, Load(0.01))
    seen: list[int] = []

    def note(iteration: int, _: float) -> bool:
        seen.append(torch.get_num_threads())
        return iteration < 1

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(Cancelled):
            solve(mesh, np.ones(mesh.n_elements, np.float32), 0.3, held, start, EXACT, note)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 1]


@pytest.mark.parametrize("modulus", [0.0, -5.0, float("nan")])
def test_a_modulus_that_is_no_stiffness_is_refused(modulus: float) -> None:
    mesh = make_mesh(make_block(2, 2, 2))
    held, start, _ = place_load(mesh, Load(0.01))
    with pytest.raises(ValueError, match="Young's moduli go from"):
        solve(mesh, np.full(8, modulus, np.float32), 0.3, held, start)


def test_the_cycle_is_symmetric_as_conjugate_gradients_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Multigrid] = []
    plain = Multigrid.cycle

    def keep(self: Multigrid, right: torch.Tensor, at: int = 0) -> torch.Tensor:
        if at == 0:
            kept.append(self)
        return plain(self, right, at)

    monkeypatch.setattr(Multigrid, "cycle", keep)
    load_bone(settings=Settings(1e-3))
    grid, free = kept[0], (kept[0].levels[0].inverse != 0).float()
    a, b = (torch.randn(free.shape, generator=torch.Generator().manual_seed(seed)) * free for seed in (1, 2))
    assert len(grid.levels) > 2
    assert float(plain(grid, a) @ b) == pytest.approx(float(plain(grid, b) @ a), rel=1e-3)
    assert float(plain(grid, a) @ a) > 0

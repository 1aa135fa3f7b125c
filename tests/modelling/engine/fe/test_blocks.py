"""E1 to E5: solids whose answer is known on paper, or was computed by scikit-fem 12.0.2."""

import numpy as np
import pytest

from bench.fe import GRADED_EDGES_MM, make_graded
from modelling.engine.fe.loads import Load, make_load, place_load
from modelling.engine.fe.material import Material
from modelling.engine.fe.solver import Settings, solve
from modelling.engine.fe.strength import MechanicalTest, measure_strength
from tests.modelling.engine.fe.blocks import EXACT, make_block, make_mesh

SPACING = (0.06, 0.08, 0.05)


@pytest.mark.parametrize("seed", range(27))
def test_e1_a_linear_field_on_the_surface_is_found_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mesh = make_mesh(make_block(4, 5, 3), SPACING)
    gradient, grid = 1e-3 * rng.standard_normal((3, 3)), mesh.find_grid()
    truth = (grid * SPACING) @ gradient
    surface = ((grid == 0) | (grid == np.array(mesh.shape))).any(axis=1)
    held = np.repeat(surface[:, None], 3, axis=1)
    start = np.where(held, truth, 0)
    found = solve(mesh, np.full(mesh.n_elements, 8748, np.float32), 0.3, held, start, EXACT)
    assert np.abs(found.displacement - truth).max() < 1e-10 * max(1.0, np.abs(truth).max())
    assert np.abs(found.displacement - truth).max() < 1e-10


def test_e1_macneal_and_harder_prescribe_a_field_and_get_its_stress() -> None:
    """u = 1e-3 (2x + y + z) / 2 ..., E 1e6, nu 0.25: stress 2000 and shear 400. Finite Elem Anal Des 1:3 (1985)."""
    mesh = make_mesh(make_block(3, 3, 3), (1 / 3, 1 / 3, 1 / 3))
    grid = mesh.find_grid()
    gradient = 0.5e-3 * (np.ones((3, 3)) + np.eye(3))
    truth = (grid / 3) @ gradient
    held = np.repeat(((grid == 0) | (grid == 3)).any(axis=1)[:, None], 3, axis=1)
    found = solve(mesh, np.full(27, 1e6, np.float32), 0.25, held, np.where(held, truth, 0), EXACT)
    assert np.abs(found.displacement - truth).max() < 1e-10
    pull = found.force[grid[:, 0] == 3].sum(axis=0)
    assert pull == pytest.approx([2000, 400, 400], rel=1e-9)


def test_e2_a_free_bar_is_pulled_with_its_modulus_and_narrows_by_poissons_ratio() -> None:
    mesh = make_mesh(make_block(10, 5, 6), SPACING)
    grid, (nz, ny, nx) = mesh.find_grid(), mesh.shape
    held = np.zeros((mesh.n_nodes, 3), np.bool_)
    held[:, 0] = (grid[:, 0] == 0) | (grid[:, 0] == nz)
    held[:, 1], held[:, 2] = grid[:, 1] == 0, grid[:, 2] == 0
    start = np.zeros((mesh.n_nodes, 3))
    start[grid[:, 0] == nz, 0] = 0.01 * nz * SPACING[0]
    found = solve(mesh, np.full(mesh.n_elements, 8748, np.float32), 0.3, held, start, EXACT)
    area = ny * SPACING[1] * nx * SPACING[2]
    assert found.force[grid[:, 0] == nz, 0].sum() == pytest.approx(8748 * 0.01 * area, rel=1e-8)
    assert found.displacement[:, 2] == pytest.approx(-0.3 * 0.01 * SPACING[2] * grid[:, 2], abs=1e-10)


def test_e3_a_confined_block_shows_the_p_wave_modulus() -> None:
    mesh = make_mesh(make_block(8, 6, 6))
    held, start, moved = place_load(mesh, Load(0.01))
    grid = mesh.find_grid()
    for axis in (1, 2):
        held[:, axis] |= (grid[:, axis] == 0) | (grid[:, axis] == mesh.shape[axis])
    found = solve(mesh, np.ones(mesh.n_elements, np.float32), 0.3, held, start, EXACT)
    assert found.work / moved * 8 / (moved * 36) == pytest.approx(0.7 / (1.3 * 0.4), rel=1e-9)


@pytest.mark.parametrize(("axis", "wanted"), [(0, 2 / 1.1), (2, 5.5)])
def test_e4_a_laminate_follows_the_rules_of_series_and_parallel(axis: int, wanted: float) -> None:
    bone, modulus = make_block(8, 8, 8), np.ones((8, 8, 8))
    modulus[(slice(None),) * axis + (slice(0, 4),)] = 10
    test = MechanicalTest(Material(1.0, 0.0), settings=Settings(1e-11))
    assert measure_strength(bone, (1, 1, 1), test, modulus).apparent_modulus_mpa == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize(
    ("n", "wanted"), [(4, 1.089304511824765), (8, 1.073845607242834), (12, 1.069680038013429), (16, 1.067834439441453)]
)
def test_e5_a_cube_between_glued_plates_has_the_force_that_scikit_fem_gives(n: int, wanted: float) -> None:
    test = MechanicalTest(Material(1.0, 0.3), Load(0.01), settings=Settings(1e-11))
    found = measure_strength(make_block(n, n, n), (1 / n, 1 / n, 1 / n), test)
    assert found.apparent_modulus_mpa == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("direction", "wanted"), [("z", 4.15019901152), ("fall", 1.60567042096)])
def test_graded_bone_of_flat_voxels_has_the_force_that_scikit_fem_gives(direction: str, wanted: float) -> None:
    """Printed by `bench.fe.compare_graded`, which lets scikit-fem 12.0.2 assemble and solve the same bone outright."""
    bone, modulus = make_graded()
    test = MechanicalTest(load=make_load(direction, 0.01), settings=Settings(1e-9))
    assert modulus[bone].max() > 1.8 * modulus[bone].min()
    assert measure_strength(bone, GRADED_EDGES_MM, test, modulus).reaction_force_n == pytest.approx(wanted, rel=1e-9)

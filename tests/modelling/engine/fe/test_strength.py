"""E9, E10, E12 and the rules of the failure load."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from modelling.engine.fe import memory, strength
from modelling.engine.fe.loads import Load, make_load, place_load
from modelling.engine.fe.material import Material, modulus_from_density, modulus_from_power_law
from modelling.engine.fe.mesh import build_mesh
from modelling.engine.fe.solver import Settings, solve
from modelling.engine.fe.strength import Criterion, MechanicalTest, find_critical_strain, measure_strength
from tests.modelling.engine.fe.blocks import make_block, make_trabeculae

EDGES = (0.06, 0.06, 0.06)


def test_e9_islands_are_left_out_and_counted() -> None:
    bone = np.zeros((10, 12, 12), np.bool_)
    bone[:, 2:6, 2:6] = True
    bone[:, 8:10, 8:10] = True
    alone = measure_strength(bone[:, :7, :7], EDGES, MechanicalTest())
    found = measure_strength(bone, EDGES, MechanicalTest())
    assert found.dropped_voxels == 40
    assert found.reaction_force_n == pytest.approx(alone.reaction_force_n, rel=1e-12)


def test_e9_voxels_that_share_an_edge_only_are_two_pieces() -> None:
    bone = np.zeros((4, 4, 4), np.bool_)
    bone[:2, :2], bone[2:, 2:] = True, True
    assert measure_strength(bone, EDGES, MechanicalTest()).dropped_voxels == 16


def test_e9_a_bridge_of_one_voxel_carries_what_it_can() -> None:
    bone = np.zeros((9, 6, 6), np.bool_)
    bone[:4], bone[5:], bone[4, 2, 3] = True, True, True
    found = measure_strength(bone, EDGES, MechanicalTest())
    solid = measure_strength(make_block(9, 6, 6), EDGES, MechanicalTest())
    assert 0 < found.reaction_force_n < 0.5 * solid.reaction_force_n
    assert np.isfinite(found.energy).all()
    assert found.energy.argmax() == np.flatnonzero(np.flatnonzero(bone) == np.ravel_multi_index((4, 2, 3), bone.shape))


def test_e9_a_volume_of_nothing_but_bone_has_the_force_of_a_solid_block() -> None:
    found = measure_strength(make_block(16, 16, 16), EDGES, MechanicalTest(settings=Settings(1e-10)))
    assert found.apparent_modulus_mpa == pytest.approx(8748 * 1.067834439441453, rel=1e-8)


def test_e9_a_volume_without_bone_is_refused() -> None:
    with pytest.raises(ValueError, match="no voxel of the volume"):
        measure_strength(np.zeros((5, 5, 5), np.bool_), EDGES, MechanicalTest())


@pytest.mark.parametrize("tolerance", [0.0, 1.0, -1e-5, float("inf"), float("nan")])
def test_a_tolerance_that_is_no_share_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="wanted above 0 and below 1"):
        Settings(tolerance)


def test_memory_is_asked_before_the_pieces_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(bone: np.ndarray, device: object = None) -> None:
        assert bone.shape == (10, 10, 10)
        raise memory.MemoryNeeded("none left")

    monkeypatch.setattr(strength, "require_memory", refuse)
    monkeypatch.setattr(strength, "keep_largest_piece", lambda bone: pytest.fail("labels were taken before memory"))
    bone = np.zeros((30, 30, 30), np.bool_)
    bone[5:9, 5:9, 5:9], bone[14, 14, 14] = True, True
    with pytest.raises(memory.MemoryNeeded, match="none left"):
        measure_strength(bone, EDGES, MechanicalTest())


def test_the_mesh_lies_where_the_largest_piece_lies_in_the_whole_volume() -> None:
    bone = np.zeros((30, 20, 20), np.bool_)
    bone[3, 2, 1], bone[10:18, 6:12, 7:13] = True, True
    found = measure_strength(bone, EDGES, MechanicalTest())
    assert found.box == (slice(10, 18), slice(6, 12), slice(7, 13))
    assert np.array_equal(found.fill_field(bone.shape) > 0, bone & (np.indices(bone.shape)[0] > 3))
    modulus = np.where(bone, 5000.0, np.nan)
    graded = measure_strength(bone, EDGES, MechanicalTest(), modulus)
    assert graded.apparent_modulus_mpa == pytest.approx(found.apparent_modulus_mpa * 5000 / 8748, rel=1e-6)


def test_a_flat_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="2 axes; wanted 3"):
        measure_strength(np.ones((5, 5), np.bool_), EDGES, MechanicalTest())


@pytest.mark.parametrize("edges", [(0.0, 1, 1), (1, -1, 1), (1, 1, float("nan"))])
def test_voxels_without_an_extent_are_refused(edges: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="voxel edges are"):
        measure_strength(make_block(3, 3, 3), edges, MechanicalTest())


def test_empty_layers_round_a_bone_change_nothing() -> None:
    bone = make_trabeculae((16, 14, 14))
    padded = np.pad(bone, ((2, 3), (1, 0), (0, 4)))
    plain, found = (measure_strength(one, EDGES, MechanicalTest()) for one in (bone, padded))
    assert found.failure_load_n == pytest.approx(plain.failure_load_n, rel=1e-12)
    field = found.fill_field(padded.shape)
    assert np.array_equal(field > 0, padded)
    assert field[2:-3, 1:, :-4] == pytest.approx(plain.fill_field(bone.shape))


def test_the_failure_load_is_where_two_percent_pass_the_critical_strain() -> None:
    found = measure_strength(make_trabeculae((16, 14, 14)), EDGES, MechanicalTest())
    strain = np.sqrt(2 * found.energy / 8748) * found.factor
    assert np.mean(strain > 0.007) == pytest.approx(0.02, abs=1 / len(strain))
    assert found.failure_load_n == pytest.approx(found.factor * found.reaction_force_n)
    assert found.stiffness_n_per_mm == pytest.approx(found.reaction_force_n / (0.01 * found.mesh.shape[0] * 0.06))


@pytest.mark.parametrize(("n", "share", "wanted"), [(100, 0.02, 97), (10, 0.02, 9), (50, 0.5, 24)])
def test_the_critical_strain_is_the_one_that_the_share_of_elements_exceeds(n: int, share: float, wanted: int) -> None:
    energy = 0.5 * np.arange(n)[::-1] ** 2.0
    assert find_critical_strain(energy, np.ones(n, np.float32), share) == wanted


def test_strength_grows_with_the_modulus_and_not_with_the_strain_of_the_test() -> None:
    bone = make_trabeculae((12, 12, 12))
    plain = measure_strength(bone, EDGES, MechanicalTest(settings=Settings(1e-9)))
    twice = measure_strength(bone, EDGES, MechanicalTest(Material(2 * 8748.0), settings=Settings(1e-9)))
    gentle = measure_strength(bone, EDGES, MechanicalTest(load=Load(0.001), settings=Settings(1e-9)))
    assert twice.failure_load_n == pytest.approx(2 * plain.failure_load_n, rel=1e-6)
    assert gentle.failure_load_n == pytest.approx(plain.failure_load_n, rel=1e-6)


def test_a_fall_moves_the_top_along_y_and_finds_the_bone_softer_than_in_compression() -> None:
    assert make_load("fall", 0.01).unit == pytest.approx([0, 1, 0])
    assert make_load("z", 0.01).unit == pytest.approx([-1, 0, 0])
    bone = make_block(16, 8, 8)
    z, fall = (measure_strength(bone, EDGES, MechanicalTest(load=make_load(way, 0.01))) for way in ("z", "fall"))
    assert 0 < fall.stiffness_n_per_mm < 0.5 * z.stiffness_n_per_mm


def test_density_laws_give_the_moduli_of_their_papers() -> None:
    assert modulus_from_density(np.array([800.0])) == pytest.approx([14_170])
    assert modulus_from_power_law(np.array([1000.0, 500.0, -5.0])) == pytest.approx([10_000, 10_000 * 0.5**1.7, 0])


def test_a_graded_bone_of_one_density_is_a_plain_one() -> None:
    bone = make_trabeculae((12, 12, 12))
    graded = measure_strength(bone, EDGES, MechanicalTest(), np.full(bone.shape, 5000.0))
    plain = measure_strength(bone, EDGES, MechanicalTest(Material(5000.0)))
    assert graded.failure_load_n == pytest.approx(plain.failure_load_n, rel=1e-9)
    with pytest.raises(ValueError, match="differ in shape"):
        measure_strength(bone, EDGES, MechanicalTest(), np.ones((2, 2, 2)))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Material(0), "modulus is 0 MPa"),
        (lambda: Material(1.0, 0.5), "ratio is 0.5"),
        (lambda: Load(0), "strain is 0; wanted above 0"),
        (lambda: make_load("x", 0.01), "direction is 'x'; wanted one of z, fall"),
        (lambda: Criterion(critical_volume=1), "critical volume is 1"),
        (lambda: Criterion(critical_strain=0), "critical strain is 0"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(make: object, says: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=says):
        make()


def test_every_parameter_is_told_with_the_result() -> None:
    assert MechanicalTest().describe() == {
        "modulus_mpa": 8748.0,
        "poisson": 0.3,
        "strain": 0.01,
        "angle_degrees": 0.0,
        "critical_strain": 0.007,
        "critical_volume": 0.02,
        "tolerance": 1e-5,
        "max_iterations": 2000,
        "device": "cpu",
    }


def test_e10_memory_is_predicted_and_a_machine_too_small_is_refused_beforehand() -> None:
    bone = make_block(30, 30, 30)
    needed = memory.predict_bytes(bone.size, 27_000, 31**3)
    memory.require_memory(bone, available=needed)
    with pytest.raises(memory.MemoryNeeded, match=r"27000 elements need 0.1 GB, 0.1 available"):
        memory.require_memory(bone, available=needed - 1)


def test_e10_three_million_elements_are_foretold_five_gigabytes_and_1500_bytes_each_at_most() -> None:
    """A lattice of struts: 26 % bone, 1.62 nodes an element (`bench.fe.make_struts`)."""
    needed = memory.predict_bytes(11_543_176, 3_000_000, 4_860_000)
    assert needed <= 5e9
    assert needed <= 1500 * 3_000_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nodes_are_counted_before_there_is_a_mesh(seed: int) -> None:
    bone = make_trabeculae((9, 11, 10), seed)
    assert memory.count_nodes(bone) == build_mesh(bone, EDGES).n_nodes


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_e12_two_phase_blocks_lie_within_the_bounds_of_hashin_and_shtrikman(share: float) -> None:
    """Bulk modulus by squeezing all faces, here the confined modulus K + 4 G / 3 (J Mech Phys Solids 11:127, 1963)."""
    rng = np.random.default_rng(int(100 * share))
    field = gaussian_filter(rng.standard_normal((20, 20, 20)), 1.5, mode="wrap")
    stiff = field > np.quantile(field, 1 - share)
    low, high = find_bounds(1.0, 4.0, float(stiff.mean()))
    found = measure_confined(np.where(stiff, 4.0, 1.0).astype(np.float32))
    assert low < found < high


def find_bounds(soft: float, hard: float, share: float) -> tuple[float, float]:
    """Return the bounds of K + 4 G / 3 of a mixture of two solids of Poisson's ratio 0.3 and these moduli."""

    def bound(one: float, other: float, part: float) -> float:
        k1, k2 = one / 1.2, other / 1.2
        g1, g2 = one / 2.6, other / 2.6
        k = k1 + part / (1 / (k2 - k1) + 3 * (1 - part) / (3 * k1 + 4 * g1))
        g = g1 + part / (1 / (g2 - g1) + 6 * (1 - part) * (k1 + 2 * g1) / (5 * g1 * (3 * k1 + 4 * g1)))
        return k + 4 * g / 3

    return bound(soft, hard, share), bound(hard, soft, 1 - share)


def measure_confined(modulus: np.ndarray) -> float:

    mesh = build_mesh(np.ones(modulus.shape, np.bool_), (1, 1, 1))
    held, start, moved = place_load(mesh, Load(0.01))
    grid = mesh.find_grid()
    for axis in (1, 2):
        held[:, axis] |= (grid[:, axis] == 0) | (grid[:, axis] == mesh.shape[axis])
    held[:, 1:] &= (grid[:, 1:] == 0) | (grid[:, 1:] == np.array(mesh.shape[1:]))
    work = solve(mesh, modulus.ravel(), 0.3, held, start).work
    return work / moved**2 * mesh.shape[0] / (mesh.shape[1] * mesh.shape[2])

"""Finite elements beside ParOSol and scikit-fem, and beside what the machine itself can do. Prints; never fails.

`python -m bench.fe [VOLUME.npz]`: the volume holds `bone` (z, y, x) bool, `edge` (mm) and `modulus` (MPa); without one
a block of struts is made. The peers run in a Python of their own, named by TRABECULA_BENCH_PYTHON, in which
bench/requirements.txt is installed. TRABECULA_BENCH_ELEMENTS sets the size of the memory test (3000000).
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from modelling.engine.fe.coarsening import Lattice
from modelling.engine.fe.loads import DIRECTIONS, make_load
from modelling.engine.fe.material import Material, modulus_from_density
from modelling.engine.fe.memory import count_nodes, predict_bytes
from modelling.engine.fe.mesh import Mesh, build_mesh, find_box, keep_largest_piece
from modelling.engine.fe.operators import Operator, make_operator
from modelling.engine.fe.solver import Settings
from modelling.engine.fe.strength import MechanicalTest, measure_strength

PEERS = Path(__file__).with_name("fe_peers.py")
EDGE_MM = 0.0607
GRADED_EDGES_MM = (0.05, 0.07, 0.06)
MODULUS_MPA = 10_000.0
EXACT = 1e-6
"""At this residual the work is exact to about 1e-8: its error is the square of that of the displacements."""
TOLERANCES = (1e-4, 3e-5, 1e-5)
FLOPS = 2 * 3 * 24 + 8 * 15 + 24
"""Per element and K x: two transforms (24 sums for each component), eight 3x3 blocks, 24 products by the modulus."""


def main(words: Sequence[str] = ()) -> int:
    """Print every row."""
    given = Path(words[0]) if words else None
    with tempfile.TemporaryDirectory(prefix="trabecula-fe-") as folder:
        path = given or make_volume(Path(folder) / "struts.npz", 96)
        compare(path)
        small = cut_volume(path, Path(folder) / "small.npz")
        compare_small(small)
        compare_graded(Path(folder))
        measure_limit(path)
        measure_precision()
        n_elements = int(os.environ.get("TRABECULA_BENCH_ELEMENTS", "3000000"))
        measure_scaling(n_elements, given)
        measure_gpu(n_elements)
    return 0


def make_volume(path: Path, n: int) -> Path:
    """Write struts of 3 voxels on a lattice of 9, all within n^3."""
    np.savez_compressed(path, bone=make_struts((n, n, n)), edge=EDGE_MM, modulus=MODULUS_MPA)
    return path


def make_struts(shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return a lattice of square struts, 26 % bone."""
    z, y, x = (np.arange(n) % 9 < 3 for n in shape)
    return np.asarray((z[:, None, None] & y[:, None]) | (y[:, None] & x)[None] | (z[:, None, None] & x))


def make_struts_of(n_elements: int) -> NDArray[np.bool_]:
    """Return a cube of such struts with about so many elements."""
    n = round((n_elements / 0.259) ** (1 / 3))
    return make_struts((n, n, n))


def cut_volume(path: Path, to: Path, n: int = 30) -> Path:
    """Write the largest piece of the middle n^3 of a volume, small enough for a direct solver."""
    bone, edge, modulus = read_volume(path)
    middle = tuple(slice((size - n) // 2, (size + n) // 2) for size in bone.shape)
    piece, _ = keep_largest_piece(bone[middle])
    np.savez_compressed(to, bone=piece[find_box(piece)], edge=edge, modulus=modulus)
    return to


def read_volume(path: Path) -> tuple[NDArray[np.bool_], float, float]:
    """Return bone, edge in mm and modulus in MPa."""
    with np.load(path) as file:
        return file["bone"].astype(np.bool_), float(file["edge"]), float(file["modulus"])


def compare(path: Path) -> None:
    """E7: time to a reaction force within 0.1 %, ours and ParOSol's, each at the loosest tolerance that gives it."""
    bone, edge, modulus = read_volume(path)
    truth = run_ours(bone, edge, modulus, EXACT)["reaction_force_n"]
    _say(f"E7 {path.stem}: {np.count_nonzero(bone)} voxels of bone; force at a residual of {EXACT:g}: {truth:.5f} N")
    ours = _find_loosest("ours", lambda tolerance: run_ours(bone, edge, modulus, tolerance), truth)
    _show("ours", TOLERANCES[-1], run_ours(bone, edge, modulus, TOLERANCES[-1]), truth)
    for processes in (2, 1):
        name = f"ParOSol x{processes}"
        peer = _find_loosest(name, lambda tolerance, n=processes: run_peer("parosol", path, tolerance, n), truth)
        if ours is None or peer is None:
            return
        wall, cpu = (peer[key] / ours[key] for key in ("seconds", "cpu_seconds"))
        _say(f"E7 ratio of {name} to ours: {wall:.1f} by the clock, {cpu:.1f} by processor time (wanted 5)")


def _find_loosest(name: str, run: Callable[[float], dict[str, Any] | None], truth: float) -> dict[str, Any] | None:
    for tolerance in TOLERANCES:
        row = run(tolerance)
        if row is None:
            return None
        if _show(name, tolerance, row, truth) <= 1e-3:
            return row
    _say(f"   {name}: no tolerance gave a force within 0.1 %")
    return None


def _show(name: str, tolerance: float, row: dict[str, Any], truth: float) -> float:
    error = abs(row["reaction_force_n"] / truth - 1)
    _say(
        f"   {name:<11} {tolerance:7.0e}  {row['iterations']:4d} iterations  {row['seconds']:7.1f} s  "
        f"{row['cpu_seconds']:7.1f} s of processor  {row['peak_mb']:6.0f} MB  force off by {100 * error:.4f} %"
    )
    return error


def run_ours(
    bone: NDArray[np.bool_], edge: float, modulus: float, tolerance: float, device: torch.device | None = None
) -> dict[str, Any]:
    """Return our row; meshing and the multigrid's making are in the time."""
    test = MechanicalTest(Material(modulus), settings=Settings(tolerance, device=device))
    # Once before, so that what numba compiles is not in the time.
    first = MechanicalTest(settings=Settings(1e-2, device=device))
    measure_strength(np.ones((8, 8, 8), np.bool_), (edge, edge, edge), first)
    begun, used = time.perf_counter(), time.process_time()
    found = measure_strength(bone, (edge, edge, edge), test)
    return {
        "reaction_force_n": found.reaction_force_n,
        "iterations": found.solution.iterations,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - used,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run_peer(name: str, path: Path, tolerance: float, processes: int) -> dict[str, Any] | None:
    """Return a peer's row, or None (and say so) where it is not installed."""
    python = os.environ.get("TRABECULA_BENCH_PYTHON", sys.executable)
    words = [python, str(PEERS), name, str(path), str(tolerance), str(processes)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        _say(f"   {name} did not run ({last[0]}): install bench/requirements.txt, set TRABECULA_BENCH_PYTHON")
        return None
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def compare_small(path: Path) -> None:
    """Show the force of scikit-fem's assembled matrix and direct solver beside ours."""
    bone, edge, modulus = read_volume(path)
    peer = run_peer("scikit-fem", path, 0.0, 1)
    if peer is not None:
        _show_apart("compression", peer, run_ours(bone, edge, modulus, 1e-9), bone)


def compare_graded(folder: Path) -> None:
    """Show the same for bone graded by density, of voxels that are no cubes, compressed and sheared."""
    bone, modulus = make_graded()
    for axis, direction in enumerate(DIRECTIONS):
        path = folder / f"graded-{direction}.npz"
        np.savez_compressed(path, bone=bone, edge=GRADED_EDGES_MM, modulus=modulus, direction=axis)
        peer = run_peer("scikit-fem", path, 0.0, 1)
        if peer is not None:
            test = MechanicalTest(load=make_load(direction, 0.01), settings=Settings(1e-9))
            begun = time.perf_counter()
            found = measure_strength(bone, GRADED_EDGES_MM, test, modulus)
            row = {"reaction_force_n": found.reaction_force_n, "seconds": time.perf_counter() - begun}
            _show_apart(f"graded by density, {direction}", peer, row, bone)


def make_graded() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return bone (z, y, x) and the modulus of each voxel, from a density that rises from 400 to 1150 mg HA/cm3."""
    field = gaussian_filter(np.random.default_rng(1).standard_normal((14, 12, 13)), 2.0)
    piece, _ = keep_largest_piece(field > np.quantile(field, 0.6))
    bone = np.ascontiguousarray(piece[find_box(piece)])
    z, y, x = np.indices(bone.shape)
    return bone, modulus_from_density(400.0 + 25.0 * z + 20.0 * y + 10.0 * x)


def _show_apart(name: str, peer: dict[str, Any], ours: dict[str, Any], bone: NDArray[np.bool_]) -> None:
    apart = abs(ours["reaction_force_n"] / peer["reaction_force_n"] - 1)
    _say(
        f"scikit-fem, {name}, {np.count_nonzero(bone)} elements: {peer['reaction_force_n']:.12g} N, ours {apart:.1e} "
        f"apart; {peer['seconds']:.1f} s and {peer['peak_mb']:.0f} MB for {ours['seconds']:.1f} s"
    )


def measure_limit(path: Path) -> None:
    """Say how fast K x is, and how fast this machine copies and multiplies."""
    bone, edge, _ = read_volume(path)
    piece, _ = keep_largest_piece(bone)
    mesh = build_mesh(piece, (edge, edge, edge))
    n_bytes = 36 + 3 * 12 * mesh.n_nodes / mesh.n_elements
    for name, device in (("loops", None), ("torch", torch.device("cpu"))):
        operator = make_finest(mesh, device)
        x = torch.randn(3 * mesh.n_nodes)
        wall, used = _best(lambda operator=operator, x=x: operator.apply(x))
        rate = mesh.n_elements / wall
        _say(
            f"K x, {name}, float32: {1e9 * used / mesh.n_elements:.1f} ns of processor an element; by the clock "
            f"{rate / 1e6:.1f} M elements/s, {rate * FLOPS / 1e9:.1f} GFLOP/s, "
            f"{rate * n_bytes / 1e9:.1f} GB/s at the {n_bytes:.0f} bytes an element cannot do without"
        )
    many = torch.randn(1500, 1500)
    _say(f"this machine: {2 * 1500**3 / _best(lambda: many @ many)[0] / 1e9:.0f} GFLOP/s of matrix product")
    large = torch.randn(20_000_000)
    out = torch.empty_like(large)
    _say(f"this machine: {160e6 / _best(lambda: out.copy_(large))[0] / 1e9:.0f} GB/s of copying")


def make_finest(mesh: Mesh, device: torch.device | None) -> Operator:
    """Return K x on the finest level of a mesh of one modulus."""
    cell = np.stack(np.unravel_index(mesh.voxel, mesh.shape), axis=1).astype(np.int32)
    lattice = Lattice(mesh.conn, cell, mesh.find_grid().astype(np.int32))
    return make_operator(lattice, np.ones(mesh.n_elements, np.float32), mesh.spacing_mm, 0.3, device)


def measure_precision(n: int = 80) -> None:
    """E13: three scans of each of five random bones; noise SD 60 mg HA/cm3, PSF 0.7 voxel, moved by half a voxel."""
    variations = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        truth = gaussian_filter(rng.standard_normal((n, n, n)), 2.5)
        density = 900.0 / (1 + np.exp(-40 * (truth - np.quantile(truth, 0.65)) / truth.std()))
        loads = [_scan(density, rng) for _ in range(3)]
        variations.append(np.std(loads, ddof=1) / np.mean(loads))
    _say(f"E13 failure load of {n}^3 cubes scanned again: RMS CV {100 * np.sqrt(np.mean(np.square(variations))):.2f} %")


def _scan(density: NDArray[np.float64], rng: np.random.Generator) -> float:
    moved = shift(density, rng.uniform(-0.5, 0.5, 3), order=3, mode="nearest")
    seen = gaussian_filter(moved, 0.7) + gaussian_filter(rng.normal(0, 60, density.shape), 0.7)
    bone = gaussian_filter(seen, 0.8) > 450
    return measure_strength(bone, (EDGE_MM, EDGE_MM, EDGE_MM), MechanicalTest()).failure_load_n


def measure_scaling(n_elements: int, given: Path | None) -> None:
    """E10: so many elements, each row in a process of its own, for its time and memory."""
    codes = [f"bench.fe.solve_struts({n_elements})"]
    if given is not None:
        codes.append(f"bench.fe.solve_mirrored(bench.fe.Path({str(given)!r}))")
    for code in codes:
        subprocess.run([sys.executable, "-c", f"import bench.fe; {code}"], check=False)


def solve_struts(n_elements: int) -> None:
    """Print one row of E10 for a lattice of struts: easy to solve, so a row of memory more than of time."""
    _show_scaling("struts", make_struts_of(n_elements), 1e-5)


def solve_mirrored(path: Path, tolerance: float = 1e-5, times: tuple[int, int, int] = (2, 3, 3)) -> None:
    """Print one row of E10 for a volume beside its mirror images: bone of the real kind, of any size."""
    bone = read_volume(path)[0]
    wide = [(0, (n - 1) * size) for n, size in zip(times, bone.shape, strict=True)]
    _show_scaling(f"{path.stem} mirrored, {tolerance:g}", np.pad(bone, wide, mode="symmetric"), tolerance)


def measure_gpu(n_elements: int) -> None:
    """E11: the same struts on a GPU and on the CPU, and how fast a GPU makes K x."""
    if not torch.cuda.is_available():
        _say("E11: not run, there is no CUDA device here")
        return
    device = torch.device("cuda")
    bone = make_struts_of(n_elements)
    rows = [run_ours(bone, EDGE_MM, MODULUS_MPA, 1e-5, one) for one in (device, None)]
    apart = abs(rows[0]["reaction_force_n"] / rows[1]["reaction_force_n"] - 1)
    mesh = build_mesh(bone, (EDGE_MM,) * 3)
    operator = make_finest(mesh, device)
    x = torch.randn(3 * mesh.n_nodes, device=device)

    def act() -> None:
        operator.apply(x)
        torch.cuda.synchronize()

    rate = mesh.n_elements / _best(act)[0]
    _say(
        f"E11 {torch.cuda.get_device_name()}, {mesh.n_elements} elements: {rows[0]['seconds']:.1f} s against "
        f"{rows[1]['seconds']:.0f} s on the CPU, force {100 * apart:.4f} % apart, {rate / 1e9:.2f} G elements of K x a "
        "second; goal 5 s, 0.02 %, 1 G"
    )


def _show_scaling(name: str, bone: NDArray[np.bool_], tolerance: float) -> None:
    run_ours(np.ones((12, 12, 12), np.bool_), EDGE_MM, MODULUS_MPA, 1e-3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    row = run_ours(bone, EDGE_MM, MODULUS_MPA, tolerance)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    count = int(np.count_nonzero(bone))
    foretold = predict_bytes(bone.size, count, count_nodes(bone))
    _say(
        f"E10 {name}, {count} elements: {row['iterations']} iterations, {row['seconds']:.0f} s, "
        f"{row['cpu_seconds']:.0f} s of processor, {taken / 1e9:.2f} GB ({taken / count:.0f} bytes an element), "
        f"foretold {foretold / 1e9:.2f} GB"
    )


def _best(act: Callable[[], object], rounds: int = 15) -> tuple[float, float]:
    """Return the shortest time by the clock and the least processor time of all threads, in s."""
    times = []
    for _ in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        act()
        times.append((time.perf_counter() - begun, time.process_time() - used))
    return min(wall for wall, _ in times), min(cpu for _, cpu in times)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Finite elements beside ParOSol and scikit-fem, and beside what the machine itself can do. Prints; never fails.

`python -m bench.fe [VOLUME.npz]`: the volume holds `bone` (z, y, x) bool, `edge` (mm) and `modulus` (MPa); without one
a block of struts is made. The peers run in a Python of their own, named by TRABECULA_BENCH_PYTHON, in which
bench/requirements.txt is installed. TRABECULA_BENCH_ELEMENTS sets the size of the memory test (3000000).
"""

import json
import os
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
from modelling.engine.fe.material import Material
from modelling.engine.fe.memory import count_nodes, predict_bytes
from modelling.engine.fe.mesh import build_mesh, find_box, keep_largest_piece
from modelling.engine.fe.operators import make_operator
from modelling.engine.fe.solver import Settings
from modelling.engine.fe.strength import MechanicalTest, measure_strength

PEERS = Path(__file__).with_name("fe_peers.py")
EDGE_MM = 0.0607
MODULUS_MPA = 10_000.0
EXACT = 1e-7
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
        measure_limit(path)
        measure_precision()
        measure_scaling(int(os.environ.get("TRABECULA_BENCH_ELEMENTS", "3000000")))
    return 0


def make_volume(path: Path, n: int) -> Path:
    """Write struts of 3 voxels on a lattice of 9, all within n^3."""
    np.savez_compressed(path, bone=make_struts((n, n, n)), edge=EDGE_MM, modulus=MODULUS_MPA)
    return path


def make_struts(shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return a lattice of square struts, 26 % bone."""
    z, y, x = (np.arange(n) % 9 < 3 for n in shape)
    return np.asarray((z[:, None, None] & y[:, None]) | (y[:, None] & x)[None] | (z[:, None, None] & x))


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
    """E7: time to a reaction force within 0.1 %, ours and ParOSol's, in one run."""
    bone, edge, modulus = read_volume(path)
    truth = run_ours(bone, edge, modulus, EXACT)["reaction_force_n"]
    _say(f"E7 {path.stem}: {np.count_nonzero(bone)} voxels of bone; force at a residual of {EXACT:g}: {truth:.5f} N")
    ours = [_show("ours", tolerance, run_ours(bone, edge, modulus, tolerance), truth) for tolerance in (3e-5, 1e-5)]
    for processes in (1, 2):
        for tolerance in (1e-4, 3e-5, 1e-5):
            peer = run_peer("parosol", path, tolerance, processes)
            if peer is None:
                return
            error = _show(f"ParOSol x{processes}", tolerance, peer, truth)
            if error <= 1e-3:
                _say_ratio(peer, ours, processes)
                break


def _say_ratio(peer: dict[str, Any], ours: list[float], processes: int) -> None:
    best = _LAST["ours", 3e-5] if ours[0] <= 1e-3 else _LAST["ours", 1e-5]
    wall, cpu = (peer[key] / best[key] for key in ("seconds", "cpu_seconds"))
    _say(f"E7 ratio to ParOSol on {processes}: {wall:.1f} by the clock, {cpu:.1f} by processor time")


_LAST: dict[tuple[str, float], dict[str, Any]] = {}


def _show(name: str, tolerance: float, row: dict[str, Any], truth: float) -> float:
    _LAST[name, tolerance] = row
    error = abs(row["reaction_force_n"] / truth - 1)
    _say(
        f"   {name:<11} {tolerance:7.0e}  {row['iterations']:4d} iterations  {row['seconds']:7.1f} s  "
        f"{row['cpu_seconds']:7.1f} s of processor  force off by {100 * error:.4f} %"
    )
    return error


def run_ours(bone: NDArray[np.bool_], edge: float, modulus: float, tolerance: float) -> dict[str, Any]:
    """Return our row; meshing and the multigrid's making are in the time."""
    test = MechanicalTest(Material(modulus), settings=Settings(tolerance))
    # Once before, so that what numba compiles is not in the time.
    measure_strength(np.ones((8, 8, 8), np.bool_), (edge, edge, edge), MechanicalTest(settings=Settings(1e-2)))
    begun, used = time.perf_counter(), time.process_time()
    found = measure_strength(bone, (edge, edge, edge), test)
    return {
        "reaction_force_n": found.reaction_force_n,
        "iterations": found.solution.iterations,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - used,
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
    peer = run_peer("scikit-fem", path, 0.0, 1)
    if peer is not None:
        bone, edge, modulus = read_volume(path)
        ours = run_ours(bone, edge, modulus, 1e-9)
        apart = abs(ours["reaction_force_n"] / peer["reaction_force_n"] - 1)
        _say(
            f"scikit-fem, {np.count_nonzero(bone)} elements: forces {apart:.1e} apart; {peer['seconds']:.1f} s and "
            f"{peer['peak_mb']:.0f} MB for {ours['seconds']:.1f} s"
        )


def measure_limit(path: Path) -> None:
    """Say how fast K x is, and how fast this machine copies and multiplies."""
    bone, edge, _ = read_volume(path)
    piece, _ = keep_largest_piece(bone)
    mesh = build_mesh(piece, (edge, edge, edge))
    cell = np.stack(np.unravel_index(mesh.voxel, mesh.shape), axis=1).astype(np.int32)
    lattice = Lattice(mesh.conn, cell, mesh.find_grid().astype(np.int32))
    ones = np.ones(mesh.n_elements, np.float32)
    n_bytes = 36 + 3 * 12 * mesh.n_nodes / mesh.n_elements
    for name, device in (("loops", None), ("torch", torch.device("cpu"))):
        operator = make_operator(lattice, ones, mesh.spacing_mm, 0.3, device)
        x = torch.randn(3 * mesh.n_nodes)
        rate = mesh.n_elements / _best(lambda operator=operator, x=x: operator.apply(x))
        _say(
            f"K x, {name}, float32: {rate / 1e6:.1f} M elements/s, {rate * FLOPS / 1e9:.1f} GFLOP/s, "
            f"{rate * n_bytes / 1e9:.1f} GB/s at the {n_bytes:.0f} bytes an element cannot do without"
        )
    many = torch.randn(1500, 1500)
    _say(f"this machine: {2 * 1500**3 / _best(lambda: many @ many) / 1e9:.0f} GFLOP/s of matrix product")
    large = torch.randn(20_000_000)
    out = torch.empty_like(large)
    _say(f"this machine: {160e6 / _best(lambda: out.copy_(large)) / 1e9:.0f} GB/s of copying")


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


def measure_scaling(n_elements: int) -> None:
    """E10: a lattice of struts of so many elements in a process of its own, for its time and memory."""
    code = f"import bench.fe; bench.fe.solve_struts({n_elements})"
    subprocess.run([sys.executable, "-c", code], check=False)


def solve_struts(n_elements: int) -> None:
    """Print one row of E10."""
    import resource  # noqa: PLC0415 - belongs to the child

    n = round((n_elements / 0.259) ** (1 / 3))
    bone = make_struts((n, n, n))
    run_ours(np.ones((12, 12, 12), np.bool_), EDGE_MM, MODULUS_MPA, 1e-3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    row = run_ours(bone, EDGE_MM, MODULUS_MPA, 1e-5)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    count = int(np.count_nonzero(bone))
    foretold = predict_bytes(bone.size, count, count_nodes(bone))
    _say(
        f"E10 {count} elements: {row['iterations']} iterations, {row['seconds']:.0f} s, {row['cpu_seconds']:.0f} s of "
        f"processor, {taken / 1e9:.2f} GB ({taken / count:.0f} bytes an element), foretold {foretold / 1e9:.2f} GB"
    )


def _best(act: Callable[[], object], rounds: int = 15) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return min(times)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Bone structure beside bone-microarchitecture on the real volume, repeat scans, a whole radius. Never fails.

`python -m bench.features [VOLUME.npz]`: the volume holds `labels` (z, y, x) and `spacing_xyz` (mm); without one it is
the real trab1240 of the shared data, else a made one. The peer runs in a Python of its own, named by
TRABECULA_BENCH_PYTHON, in which bench/requirements.txt is installed. TRABECULA_BENCH_SUBJECTS sets how many people the
repeat scans are of (2), TRABECULA_BENCH_RADIUS=1 adds the whole radius of F8 (minutes).
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from modelling.engine.features.morphometry import Morphometry, measure_bone, outline_bone
from modelling.engine.features.thickness import EXACT, IPL_LIKE, MODES
from portal.doors.home import ROOT

PEER = Path(__file__).with_name("features_peers.py")
VOXEL = 0.061
NOISE_MG, PSF_VOXELS = 40.0, 0.7
REPEATS = 3
ANCHORS = {
    "Tt.vBMD": 0.29, "Ct.vBMD": 0.27, "Tb.vBMD": 0.51, "Ct.Th": 0.69, "Ct.Po": 7.92, "BV/TV": 1.00, "Tb.N": 1.40,
    "Tb.Th": 0.63, "Tb.Sp": 1.06, "Tt.Ar": 0.71, "Ct.Ar": 0.76, "Tb.Ar": 0.79,
}  # fmt: skip
"""RMS %CV of repeat scans of the XCT2 radius, contours by a U-Net: Neeteson et al., Sci Rep 13 (2023), table 3."""


def main(words: Sequence[str] = ()) -> int:
    """Print every row."""
    path = Path(words[0]) if words else _shared_volume()
    if path is None:
        _say("F6: the real volume trab1240 is absent; set TRABECULA_TEST_DATA")
    else:
        compare(path)
    repeat_scans(int(os.environ.get("TRABECULA_BENCH_SUBJECTS", "2")))
    if os.environ.get("TRABECULA_BENCH_RADIUS"):
        measure_radius()
    return 0


def compare(path: Path) -> None:
    """Print F6: the trabecular indices and times of both modes and of the peer, in turn."""
    with np.load(path) as found:
        bone, (x, y, z) = found["labels"] > 0, (float(one) for one in found["spacing_xyz"])
    outlined = outline_bone(None, bone, (z, y, x), "cube")
    # The first call compiles; what is compiled is kept.
    warm = outline_bone(None, bone[:24, :24, :24], (z, y, x), "cube")
    rows = {}
    for mode in MODES:
        measure_bone(warm, mode)
        begun, cpu = time.perf_counter(), time.process_time()
        indices = measure_bone(outlined, mode).indices
        rows[mode] = {**indices, "seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - cpu}
    if (peer := run_peer(path)) is not None:
        rows["bone-microarchitecture 0.3.1"] = peer
    for name, row in rows.items():
        _say(f"F6 {name:<29} " + "  ".join(f"{key} {value:.4f}" for key, value in row.items()))
    if peer is not None:
        for mode in MODES:
            wall, cpu = (peer[key] / rows[mode][key] for key in ("seconds", "cpu_seconds"))
            _say(f"F6 {mode}: {wall:.1f} times as fast as the peer, {cpu:.1f} times by processor time")


def run_peer(path: Path) -> dict[str, float] | None:
    """Return the peer's row, or None (and say so) where it is not installed."""
    python = os.environ.get("TRABECULA_BENCH_PYTHON", sys.executable)
    done = subprocess.run([python, str(PEER), str(path)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        _say("bone-microarchitecture is not there: install bench/requirements.txt and set TRABECULA_BENCH_PYTHON")
        return None
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def repeat_scans(n: int) -> None:
    """Print F5: RMS %CV of three scans each of n drawn bones, turned by up to 5 degrees and shifted within a voxel."""
    found: dict[str, list[float]] = {name: [] for name in ANCHORS}
    for subject in range(n):
        scans = [scan_bone(subject, repeat).indices for repeat in range(REPEATS)]
        for name in ANCHORS:
            values = np.array([one[name] for one in scans])
            found[name].append(float(values.std(ddof=1) / max(values.mean(), 1e-12) * 100))
    _say(f"F5 {n} subjects x {REPEATS} scans, 5 degrees, noise SD {NOISE_MG:.0f} mg HA/cm3, PSF {PSF_VOXELS} voxel:")
    for name, cvs in found.items():
        rms = float(np.sqrt(np.mean(np.square(cvs))))
        _say(f"F5   {name:<8} {rms:6.2f} %CV, anchor {ANCHORS[name]:.2f} {'' if rms <= ANCHORS[name] else 'NOT MET'}")


def scan_bone(subject: int, repeat: int) -> Morphometry:
    """Return the indices of one scan of one drawn bone."""
    rng = np.random.default_rng((7, subject, repeat))
    turn, shift = np.deg2rad(rng.uniform(-5, 5)), rng.uniform(-0.5, 0.5, 3)
    density = draw_bone((48, 190, 190), subject, float(turn), shift)
    blurred = ndimage.gaussian_filter(density, PSF_VOXELS)
    noisy = (blurred + rng.normal(0, NOISE_MG, density.shape)).astype(np.float32)
    return measure_bone(outline_bone(noisy, None, (VOXEL,) * 3, "radius"))


def draw_bone(
    shape: tuple[int, int, int], seed: int, turn: float = 0.0, shift: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return a drawn radius (z, y, x), mg HA/cm3: waves of a band of lengths in an elliptic shell, with canals.

    turn: radians about z. shift: voxels (z, y, x). The same seed is the same bone, wherever it lies.
    """
    rng = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float64) - (n - 1) / 2 for n in shape), indexing="ij", sparse=True)
    dz, dy, dx = np.zeros(3) if shift is None else shift
    across, along = np.cos(turn) * (x - dx) + np.sin(turn) * (y - dy), np.cos(turn) * (y - dy) - np.sin(turn) * (x - dx)
    half = (shape[2] * rng.uniform(0.38, 0.42), shape[1] * rng.uniform(0.33, 0.38))
    wall = rng.uniform(11, 14)
    radius = np.hypot(across / half[0], along / half[1])
    inner = np.hypot(across / (half[0] - wall), along / (half[1] - wall))
    field = np.zeros(shape)
    for _ in range(60):
        k = rng.normal(size=3)
        k *= 2 * np.pi / (rng.uniform(20, 26) * np.linalg.norm(k))
        field += np.cos(k[0] * (z - dz) + k[1] * along + k[2] * across + rng.uniform(0, 2 * np.pi))
    level = float(np.quantile(np.abs(field), 0.17))
    cortex = (radius <= 1) & (inner > 1)
    for _ in range(14):
        angle = rng.uniform(0, 2 * np.pi)
        at = ((half[0] - wall / 2) * np.cos(angle), (half[1] - wall / 2) * np.sin(angle))
        cortex &= (across - at[0]) ** 2 + (along - at[1]) ** 2 > 2.5**2
    return np.where(cortex, 950.0, np.where((inner <= 1) & (np.abs(field) < level), 900.0, 0.0))


def measure_radius() -> None:
    """Print F8: 168 x 400 x 400, all 13 indices, in both modes."""
    density = draw_bone((168, 400, 400), 3).astype(np.float32)
    for mode, limit in ((IPL_LIKE, "60 s, 4 GB"), (EXACT, "180 s, 8 GB")):
        begun, cpu = time.perf_counter(), time.process_time()
        found = measure_bone(outline_bone(density, None, (VOXEL,) * 3, "radius"), mode)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        _say(
            f"F8 {mode}: {len(found.indices)} indices in {seconds:.0f} s, {cpu:.0f} s of processor, "
            f"peak {peak:.1f} GB so far; goal {limit}"
        )


def _shared_volume() -> Path | None:
    shared = Path(os.environ.get("TRABECULA_TEST_DATA", str(ROOT.parent / "shared" / "data")))
    path = shared / "gpl_reference" / "trab1240_trab1240_labels.npz"
    return path if path.exists() else None


def _say(words: Any) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

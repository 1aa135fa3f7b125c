"""`python -m bench.phantom_drawn FILE`: phantoms drawn voxel by voxel, scanned, measured and broken; one line each.

C4 on drawn volumes: the thirteen indices that `modelling.engine.features` reads from the scanner's stack, beside those
the person was made with. C8: the time of a participant with every file written, and strength at the drawn voxel
against strength after averaging to 0.244 mm, by the simple beam and by finite elements at both.

FILE takes one JSON line a person; a command that was stopped goes on where it was. `--tell` prints the tables alone.
Thickness is taken `ipl_like`, as the published values come from the scanner's own evaluation.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelling.engine.fe.solver import Settings
from modelling.engine.fe.strength import MechanicalTest, measure_strength
from modelling.engine.features.contour import RADIUS
from modelling.engine.features.morphometry import measure_bone, outline_bone
from modelling.engine.features.thickness import IPL_LIKE
from modelling.engine.phantom.anatomy import make_forearm
from modelling.engine.phantom.cohort import Plan, write_participant
from modelling.engine.phantom.fine import cut, make_lattices, resolve
from modelling.engine.phantom.hrpqct import make_hrpqct
from modelling.engine.phantom.person import Person
from modelling.engine.phantom.shadow import cast_coarse
from modelling.engine.phantom.strength import LEAST_MINERAL, OUTCOME_MM, average_voxels, modulus_of, simple_strength
from modelling.engine.phantom.twin import FIRST_SLICE_MM, SCAN_MM, Twin
from modelling.engine.phantom.worlds import make_person

SEED = 1
PUBLISHED = {
    "Ct.Ar": (48, 52),
    "Tb.N": (0.99, 1.1),
    "Tb.Sp": (1.2, 0.95),
    "Ct.Th": (0.88, 0.95),
    "Tt.vBMD": (240, 270),
    "Ct.vBMD": (870, 890),
    "Tb.vBMD": (85, 100),
}
"""Medians of women with and without a fragility fracture: DeepQCT, medRxiv 2024.04.01.24305147."""
FILES, INDICES, STRENGTH, FE = "files", "indices", "strength", "fe"
PARTS = (FILES, INDICES, STRENGTH, FE)
Row = dict[str, Any]


def main(words: Sequence[str] | None = None) -> int:
    """Draw, write down, and print the tables of what is written down."""
    parser = argparse.ArgumentParser(prog="python -m bench.phantom_drawn", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--people", type=int, default=4, help="how many women are drawn (4)")
    parser.add_argument("--skip", type=int, default=0, help="how many of them are left to another command (0)")
    parser.add_argument("--voxel-mm", type=float, default=0.061)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is made of each (all)")
    parser.add_argument("--slab-mm", type=float, default=SCAN_MM, help="how much of a scan's middle is used (all)")
    parser.add_argument("--tell", action="store_true", help="print the tables and draw nothing")
    arguments = parser.parse_args(words)
    rows = read_rows(arguments.file)
    if not arguments.tell:
        done = {row["index"] for row in rows if row["voxel_mm"] == arguments.voxel_mm}
        for index in (one for one in list_women(arguments.people)[arguments.skip :] if one not in done):
            rows.append(draw(make_person(SEED, index), arguments.voxel_mm, arguments.parts, arguments.slab_mm))
            with arguments.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(rows[-1]) + "\n")
    tell(rows)
    return 0


def read_rows(path: Path) -> list[Row]:
    """Return what was drawn before."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def list_women(n: int) -> list[int]:
    """Return the indices of the first n women."""
    found: list[int] = []
    index = 0
    while len(found) < n:
        if make_person(SEED, index).is_woman:
            found.append(index)
        index += 1
    return found


def draw(person: Person, voxel_mm: float, parts: Sequence[str], slab_mm: float = SCAN_MM) -> Row:
    """Return what one person is, what was measured on her, and what each part cost (seconds of processor).

    slab_mm: the middle of the scan that is measured and broken.
    """
    cost: dict[str, float] = {}
    row: Row = {
        "index": person.index,
        "voxel_mm": voxel_mm,
        "has_fx": person.has_fx,
        "design": {
            "Tb.N": person.tb_n, "Tb.vBMD": person.tb_vbmd, "Ct.vBMD": person.ct_vbmd, "Ct.Th": person.ct_th_mm,
            "Tt.Ar": person.area_mm2, "Ct.Po": person.ct_po, "BV/TV": person.tb_vbmd / person.tb_tissue,
        },
        "cost": cost,
    }  # fmt: skip
    if FILES in parts:
        plan = Plan(SEED, voxel_mm=voxel_mm, stratec_share=0.0)
        with tempfile.TemporaryDirectory() as folder:
            _clock(cost, FILES, lambda: write_participant(plan, person.index, Path(folder) / "one"))
    first = FIRST_SLICE_MM + (SCAN_MM - slab_mm) / 2
    if INDICES in parts:
        stack = make_hrpqct(scan_piece(person, voxel_mm, first, slab_mm), person, "R")
        bone = _clock(cost, "outline", lambda: outline_bone(stack, None, (voxel_mm,) * 3, RADIUS))
        row["indices"] = _clock(cost, INDICES, lambda: measure_bone(bone, IPL_LIKE)).indices
    if {STRENGTH, FE} & set(parts):
        mineral = scan_piece(person, voxel_mm, first, slab_mm, n_bones=1).segments[0].mineral
        coarse, side = average_voxels(mineral, voxel_mm, OUTCOME_MM)
        row["simple"] = [simple_strength(mineral, voxel_mm), simple_strength(coarse, side)]
        if FE in parts:
            fine = _clock(cost, FE, lambda: break_bone(mineral, voxel_mm))
            rough = _clock(cost, "fe at 0.244", lambda: break_bone(coarse, side))
            row[FE] = {"failure_n": [fine[0], rough[0]], "stiffness": [fine[1], rough[1]]}
    return row


def scan_piece(person: Person, voxel_mm: float, first_mm: float, length_mm: float, n_bones: int = 2) -> Twin:
    """Return the twin with no more resolved than a piece of the arm: radius, and ulna where two bones are wanted."""
    forearm = make_forearm(person)
    lattices = make_lattices(forearm, person, voxel_mm)
    segments = []
    for number, lattice in enumerate(lattices[:n_bones]):
        first = int(np.searchsorted(lattice.grid.z, first_mm - 1e-6))
        segments.append(resolve(cut(lattice, first, round(length_mm / voxel_mm)), lattice, person, number))
    return Twin(forearm, voxel_mm, lattices, tuple(segments), cast_coarse(forearm))


def break_bone(mineral: NDArray[np.float32], voxel_mm: float) -> tuple[float, float]:
    """Return failure load, N, and stiffness, N/mm, of a piece (z, y, x) in g HA/cm3 pressed along the arm.

    To a residual of 1e-4: the force is then within 0.1 % (docs/finite_elements.md).
    """
    test = MechanicalTest(settings=Settings(tolerance=1e-4))
    found = measure_strength(mineral > LEAST_MINERAL, (voxel_mm,) * 3, test, modulus_of(mineral))
    return found.failure_load_n, found.stiffness_n_per_mm


def tell(rows: list[Row]) -> None:
    """Print C4 and C8 of the rows of each voxel."""
    for voxel in sorted({row["voxel_mm"] for row in rows}):
        some = [row for row in rows if row["voxel_mm"] == voxel]
        measured = [row for row in some if INDICES in row]
        if measured:
            _tell_medians(measured, voxel)
            _tell_design(measured)
        _tell_costs(some)
        _tell_strength(some, voxel)


def _tell_medians(rows: list[Row], voxel: float) -> None:
    pair = [[row for row in rows if row["has_fx"] == broken] for broken in (True, False)]
    _say(f"\nC4, medians as measured on {len(pair[0])} / {len(pair[1])} women drawn at {voxel} mm\n")
    _say("| index | phantom | published | off |\n|---|---|---|---|")
    for name, published in PUBLISHED.items():
        found = [float(np.median([row["indices"][name] for row in part])) if part else np.nan for part in pair]
        off = " / ".join(f"{100 * (one / other - 1):+.0f}" for one, other in zip(found, published, strict=True))
        _say(f"| {name} | {found[0]:.3g} / {found[1]:.3g} | {published[0]} / {published[1]} | {off} % |")


def _tell_design(rows: list[Row]) -> None:
    _say("\nmeasured against made: mean ratio and r\n")
    for name in rows[0]["design"]:
        pairs = np.array([[row[where][name] for where in ("design", "indices")] for row in rows])
        _say(f"{name}: {np.mean(pairs[:, 1] / pairs[:, 0]):.3f}, r {_r(pairs):.3f}")
    apart = [row["indices"]["Tb.Sp"] * row["indices"]["Tb.N"] for row in rows]
    _say(f"Tb.Sp x Tb.N: {np.mean(apart):.3f}, from {min(apart):.3f} to {max(apart):.3f}")


def _tell_costs(rows: list[Row]) -> None:
    for name in (FILES, "outline", INDICES, FE, "fe at 0.244"):
        found = [row["cost"][name] for row in rows if name in row["cost"]]
        if found:
            _say(f"C8, {name}: {np.median(found):.1f} s of processor a person, worst {max(found):.1f} ({len(found)})")


def _tell_strength(rows: list[Row], voxel: float) -> None:
    simple = np.array([row["simple"] for row in rows if "simple" in row])
    if len(simple):
        _say(f"C8, simple strength at {voxel} and 0.244 mm: r {_r(simple):.4f} ({len(simple)})")
    for name, words in (("failure_n", "failure load"), ("stiffness", "stiffness")):
        found = np.array([row[FE][name] for row in rows if FE in row])
        if len(found):
            _say(f"C8, {words} by finite elements at {voxel} and 0.244 mm: r {_r(found):.4f} ({len(found)})")


def _r(pairs: NDArray[np.float64]) -> float:
    return float(np.corrcoef(pairs.T)[0, 1]) if len(pairs) > 2 else float("nan")


def _clock(cost: dict[str, float], name: str, act: Callable[[], Any]) -> Any:
    begun = time.process_time()
    found = act()
    cost[name] = time.process_time() - begun
    return found


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


if __name__ == "__main__":
    raise SystemExit(main())

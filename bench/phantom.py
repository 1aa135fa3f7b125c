"""`python -m bench.phantom`: how the phantom cohort stands beside the published one, how precise, how fast.

Prints the tables of docs/phantom.md. `--people` is the cohort of the table (by design), `--drawn` how many of them are
drawn voxel by voxel and measured (`bench.phantom_drawn`), `--broken` how many radii are drawn and broken
(`bench.phantom_strength`), `--images` how many films trivial statistics and a small net see (`bench.phantom_easy`; none
below 100). `./run study` asks for 400, 40, 60 and 400.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import phantom_drawn, phantom_easy, phantom_strength
from modelling.engine.phantom.anatomy import make_forearm
from modelling.engine.phantom.dxa import (
    Dxa,
    attenuate_beams,
    bone_density,
    calibrated_density,
    make_dxa,
    place_arm,
)
from modelling.engine.phantom.outcomes import forearm_t
from modelling.engine.phantom.person import People, Person
from modelling.engine.phantom.shadow import Paths, cast_coarse
from modelling.engine.phantom.worlds import make_person, make_world

Floats = NDArray[np.float64]

SEED = 1
FEWEST_FILMS = 100
"""An AUC of fewer people says nothing."""
PUBLISHED = {
    "Ct.Ar mm2": (48, 52),
    "Tb.N 1/mm": (0.99, 1.1),
    "Tb.Sp mm": (1.2, 0.95),
    "Ct.Th mm": (0.88, 0.95),
    "Tt.vBMD mg HA/cm3": (240, 270),
    "Ct.vBMD mg HA/cm3": (870, 890),
    "Tb.vBMD mg HA/cm3": (85, 100),
}
"""Medians of 62 women with and 154 without a fragility fracture: DeepQCT, medRxiv 2024.04.01.24305147."""


def main(words: Sequence[str] | None = None) -> int:
    """Print all tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.phantom", description=__doc__)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--drawn", type=int, default=4)
    parser.add_argument("--broken", type=int, default=12)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--voxel-mm", type=float, default=0.122)
    arguments = parser.parse_args(words)
    tell_medians(arguments.people)
    tell_correlations(arguments.people)
    tell_precision(12)
    tell_calibration()
    with tempfile.TemporaryDirectory() as folder:
        words = [str(Path(folder) / "drawn.jsonl"), "--people", str(arguments.drawn)]
        phantom_drawn.main([*words, "--voxel-mm", str(arguments.voxel_mm), "--parts", "files", "indices", "strength"])
        phantom_strength.main([str(Path(folder) / "broken.jsonl"), "--people", str(arguments.broken)])
        if arguments.images >= FEWEST_FILMS:
            phantom_easy.main([str(Path(folder) / "easy"), "--people", str(arguments.images)])
    return 0


def indices_of(people: People) -> dict[str, Floats]:
    """Return the indices of HR-pQCT that follow from the traits of n people, each (n,)."""
    radius = np.sqrt(people.area_mm2 / np.pi)
    shell = np.pi * (2 * radius * people.ct_th_mm - people.ct_th_mm**2)
    share = people.tb_vbmd / people.tb_tissue
    return {
        "Ct.Ar mm2": shell,
        "Tb.N 1/mm": people.tb_n,
        "Tb.Sp mm": (1 - share) / people.tb_n,
        "Ct.Th mm": people.ct_th_mm,
        "Tt.vBMD mg HA/cm3": (shell * people.ct_vbmd + (people.area_mm2 - shell) * people.tb_vbmd) / people.area_mm2,
        "Ct.vBMD mg HA/cm3": people.ct_vbmd,
        "Tb.vBMD mg HA/cm3": people.tb_vbmd,
        "BV/TV": share,
    }


def tell_medians(n: int) -> None:
    """Print C4: medians of women with and without a past fracture, by design, beside the published ones."""
    world = make_world(SEED, range(n))
    women = world.people.is_woman
    _say(f"\nC4, medians by design, {int(women.sum())} women of {n} phantoms (with / without a past fracture)\n")
    _say("| index | phantom | published | off |\n|---|---|---|---|")
    found = indices_of(world.people)
    for name, published in PUBLISHED.items():
        pair = [float(np.median(found[name][women & (world.outcomes.has_fx == broken)])) for broken in (True, False)]
        off = " / ".join(f"{100 * (one / other - 1):+.0f}" for one, other in zip(pair, published, strict=True))
        _say(f"| {name} | {pair[0]:.3g} / {pair[1]:.3g} | {published[0]} / {published[1]} | {off} % |")


def tell_correlations(n: int) -> None:
    """Print C4: how the indices go together, over women, and what forearm and spine share."""
    world = make_world(SEED, range(n))
    women = world.people.is_woman
    found = indices_of(world.people)
    names = ["Tt.vBMD mg HA/cm3", "Tb.vBMD mg HA/cm3", "BV/TV", "Tb.N 1/mm", "Ct.Ar mm2", "Ct.Th mm", "Tb.Sp mm"]
    table = np.corrcoef([found[name][women] for name in names])
    _say("\nC4, correlations over the women (published: the first five rise together, Tb.Sp goes against them)\n")
    short = [name.split()[0] for name in names]
    _say(f"| | {' | '.join(short)} |\n|{'---|' * (len(names) + 1)}")
    for name, row in zip(short, table, strict=True):
        _say(f"| {name} | {' | '.join(f'{value:+.2f}' for value in row)} |")
    forearm = forearm_t(world.outcomes.abmd_33, world.outcomes.abmd_ud)
    r = np.corrcoef(forearm, world.outcomes.t_hip)[0, 1]
    _say(f"\nforearm T-score with hip T-score: r {r:.2f} (measured in patients 0.49 to 0.67)")


def tell_precision(n: int) -> None:
    """Print C6: the root mean square CV of three placings of the forearm under the DXA."""
    spread: dict[str, list[float]] = {"R_UD": [], "R_MID": [], "R_33": []}
    for index in range(n):
        person = make_person(SEED, index)
        placings = [lay_down(person, placing).regions for placing in range(3)]
        for name, found in spread.items():
            values = [regions[name].bmd for regions in placings]
            found.append(float(np.std(values, ddof=1) / np.mean(values)))
    words = ", ".join(f"{name} {100 * np.sqrt(np.mean(np.square(found))):.2f} %" for name, found in spread.items())
    _say(f"\nC6, DXA precision over {n} people x 3 placings: {words} (measured in patients 0.74, 0.58, 0.55 %)")


def lay_down(person: Person, placing: int) -> Dxa:
    """Return the DXA of a person whose arm is laid down anew."""
    laid = place_arm(make_forearm(person), person, placing)
    return make_dxa(cast_coarse(laid), laid, person, "R", placing)


def tell_calibration() -> None:
    """Print C1: what the two broad beams of the DXA give for known steps, by the plain formula and calibrated."""
    steps = [(ha, water) for ha in (0.3, 0.5, 0.7, 1.0, 1.4) for water in (1.5, 3.0, 4.0, 6.0)]
    ha, water = np.array(steps).T
    seen = attenuate_beams(Paths(ha, water, np.zeros_like(ha)))
    plain, fitted = (100 * (found(*seen) / ha - 1) for found in (bone_density, calibrated_density))
    _say(
        f"\nC1, steps of 0.3 to 1.4 g/cm2 behind 1.5 to 6 cm of water: two broad beams by the formula for single "
        f"energies {plain.min():+.1f} to {plain.max():+.1f} %, calibrated {fitted.min():+.2f} to {fitted.max():+.2f} %"
    )


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m bench.phantom_strength FILE`: what finite elements say of drawn radii, and the formula that stands for it.

Draws the scanned radius of each person, averages it to 0.244 mm, breaks it (`strength.fe_strength`), and fits the
logarithm of the failure load by those of the person's traits: the numbers of `outcomes.expected_strength`. Then what
becomes of the fractures of these people when their strength is measured. FILE takes one JSON line a person; a command
that was stopped goes on where it was.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.phantom_drawn import Row, read_rows, scan_piece
from modelling.engine.phantom.outcomes import (
    FORMULA_TRAITS,
    expected_strength,
    fracture_logit_parts,
    relative_strength,
    scale_strength,
)
from modelling.engine.phantom.strength import find_mechanics
from modelling.engine.phantom.twin import FIRST_SLICE_MM, SCAN_MM
from modelling.engine.phantom.worlds import make_person, make_world, oracle_auc

Floats = NDArray[np.float64]

SEED = 1


def main(words: Sequence[str] | None = None) -> int:
    """Break who is not broken yet, write it down and print what follows."""
    parser = argparse.ArgumentParser(prog="python -m bench.phantom_strength", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--voxel-mm", type=float, default=0.122)
    arguments = parser.parse_args(words)
    rows = read_rows(arguments.file)
    done = {row["index"] for row in rows}
    for index in (one for one in range(arguments.people) if one not in done):
        rows.append(break_person(index, arguments.voxel_mm))
        with arguments.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(rows[-1]) + "\n")
    tell_formula(rows)
    tell_fractures(rows)
    return 0


def break_person(index: int, voxel_mm: float) -> Row:
    """Return failure load and fall load of a person, N, and what they cost, seconds of processor."""
    person = make_person(SEED, index)
    piece = scan_piece(person, voxel_mm, FIRST_SLICE_MM, SCAN_MM, n_bones=1).segments[0]
    begun = time.process_time()
    found = find_mechanics(piece, person)
    cost = time.process_time() - begun
    return {"index": index, "strength_n": found.strength_n, "fall_load_n": found.fall_load_n, "cost_s": cost}


def tell_formula(rows: list[Row]) -> None:
    """Print the best exponents, and how near the formula as it stands comes."""
    people = make_world(SEED, [row["index"] for row in rows]).people
    log = np.log([row["strength_n"] for row in rows])
    table = np.stack([np.ones(len(rows)), *(np.log(getattr(people, name)) for name in FORMULA_TRAITS)], axis=1)
    weights = np.linalg.lstsq(table, log, rcond=None)[0]
    names = ", ".join(f"{name} ^ {power:.2f}" for name, power in zip(FORMULA_TRAITS, weights[1:], strict=True))
    left_out = np.array([table[i] @ np.linalg.lstsq(*_without(table, log, i), rcond=None)[0] for i in range(len(log))])
    stands = np.log(expected_strength(people))
    ratio = log - np.log([row["fall_load_n"] for row in rows])
    _say(f"{len(rows)} radii, failure load {np.exp(log.min()):.0f} to {np.exp(log.max()):.0f} N")
    _say(f"best formula: {np.exp(weights[0]):.3g} N x {names}")
    _say(f"left out one by one: r {np.corrcoef(left_out, log)[0, 1]:.3f}, SD of the rest {np.std(log - left_out):.3f}")
    _say(f"as it stands: r {np.corrcoef(stands, log)[0, 1]:.3f}, bias {np.mean(log - stands):+.3f}")
    _say(f"log of strength over fall load: mean {ratio.mean():.3f}, SD {ratio.std(ddof=1):.3f}")
    _say(f"finite elements: {np.median([row['cost_s'] for row in rows]):.2f} s of processor a person (median)")


def _without(table: Floats, log: Floats, row: int) -> tuple[Floats, Floats]:
    return np.delete(table, row, axis=0), np.delete(log, row)


def tell_fractures(rows: list[Row]) -> None:
    """Print how well fractures can be foretold where strength is what finite elements say."""
    people = make_world(SEED, [row["index"] for row in rows]).people
    strength, load = (np.array([row[name] for row in rows]) for name in ("strength_n", "fall_load_n"))
    measured = scale_strength(strength, load)
    drawn = [make_person(SEED, row["index"], strength=value) for row, value in zip(rows, measured, strict=True)]
    labels = np.array([one.has_fx for one in drawn])
    changed = np.mean(labels != [make_person(SEED, row["index"]).has_fx for row in rows])
    parts = fracture_logit_parts(people, measured)
    whole = np.sum(list(parts.values()), axis=0)
    share = np.cov(parts["strength"], whole)[0, 1] / whole.var(ddof=1)
    _say(f"measured against formula, SD units: r {np.corrcoef(measured, relative_strength(people))[0, 1]:.3f}")
    _say(f"strength's share of the log odds of fracture: {share:.2f}")
    _say(f"share of people whose fracture history measuring changes: {changed:.3f}")
    if 0 < labels.sum() < labels.size:
        oracle = oracle_auc(np.array([one.p_fx for one in drawn]), labels)
        _say(f"AUC for fracture, {labels.sum()} of {labels.size}: strength {oracle_auc(-measured, labels):.2f}, "
             f"oracle {oracle:.2f}")  # fmt: skip


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

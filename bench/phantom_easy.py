"""`python -m bench.phantom_easy FOLDER`: is the phantom too easy? Trivial statistics beside a net that looks.

Makes the films of a cohort, and lets the engine's own `train` learn osteoporosis from them by its small recipe, film
alone, as the portal would: films go through the snapshot's writer, which knows attenuation, not grey values. Beside it,
on the same people: boosted stumps that see mean, spread, size and packed length of the film; the forearm's true
density; the true probability. All AUCs are of people held out.

FOLDER keeps what was made; a command that was stopped goes on where it was.
"""

import argparse
import csv
import json
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.phantom_drawn import Row, read_rows
from cohort.datasets.intensity import LOG, Intensity, make_attenuation
from cohort.datasets.writing import STORED, write_snapshot
from modelling.engine.metrics.discrimination import compare_paired, delong_interval
from modelling.engine.phantom.outcomes import PLAIN, WORLDS, forearm_t
from modelling.engine.phantom.projections import COARSE, MAGNIFICATION, make_film, set_exposure
from modelling.engine.phantom.twin import make_twin
from modelling.engine.phantom.worlds import make_person, make_world, oracle_auc

Floats = NDArray[np.float64]

SEED = 1
FILED, FILM = "film as filed", "film"
TRIVIAL = {name: f"trivial statistics: {name}" for name in (FILED, FILM)}
NET = "small net, film alone"
AS_TAKEN = Intensity(LOG, -1)
"""What `dicom_writer` says of its films."""
CONFIG: dict[str, Any] = {"task": "OP_WHO", "recipe": "fusion", "profile": "small", "modalities": [FILM], "columns": []}


def main(words: Sequence[str] | None = None) -> int:
    """Make films, train, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.phantom_easy", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--world", choices=sorted(WORLDS), default=PLAIN)
    parser.add_argument("--epochs", type=int, help="of each fold (those of the recipe)")
    parser.add_argument("--no-net", action="store_true", help="trivial statistics alone")
    arguments = parser.parse_args(words)
    labels, scores = score_all(
        arguments.folder, arguments.people, arguments.world, arguments.epochs, with_net=not arguments.no_net
    )
    tell(labels, scores, arguments.world)
    return 0


def score_all(
    folder: Path, n_people: int, world: str = PLAIN, epochs: int | None = None, *, with_net: bool = True
) -> tuple[NDArray[np.bool_], dict[str, Floats]]:
    """Return who has osteoporosis, (n,), and the scores for it by what they come from, each (n,), of people held out.

    epochs: of each fold of the net, those of the recipe unless said.
    """
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    rows = read_rows(folder / "statistics.jsonl")
    for index in range(len(rows), n_people):
        rows.append(make_row(folder, index))
        with (folder / "statistics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(rows[-1]) + "\n")
    rows = rows[:n_people]
    outcomes = make_world(SEED, range(n_people), world).outcomes
    labels = outcomes.has_op
    scores = {TRIVIAL[name]: cross_validate(np.array([row[name] for row in rows]), labels) for name in TRIVIAL}
    if with_net:
        scores[NET] = train_net(folder, rows, labels, epochs)
    scores["true density of the forearm"] = -forearm_t(outcomes.abmd_33, outcomes.abmd_ud)
    if np.ptp(outcomes.p_op):
        scores["true probability (oracle)"] = outcomes.p_op
    return labels, scores


def token_of(index: int) -> str:
    """Return what stands for a person in the snapshot."""
    return f"{index:032x}"


def make_row(folder: Path, index: int) -> Row:
    """Keep the film of a person as it is filed, and return its trivial statistics."""
    person = make_person(SEED, index)
    twin, side = make_twin(person), person.scanned_side
    film = make_film(twin.shadow, twin.forearm, person, side, side, COARSE)[None]
    filed = film.astype(np.float32) + set_exposure(person).offset
    np.save(folder / "raw" / f"film-{token_of(index)}.npy", filed)
    pixel = COARSE.pixel_mm / MAGNIFICATION
    seen = {FILED: filed, FILM: make_attenuation(filed, AS_TAKEN)[0]}
    return {"index": index, "side": side, "spacing_mm": [1.0, pixel, pixel]} | {
        name: trivial(values) for name, values in seen.items()
    }


def trivial(values: NDArray[np.generic]) -> tuple[float, ...]:
    """Return mean, SD, number of pixels and packed bytes of an image: what needs no look at a bone."""
    flat = np.asarray(values, np.float64)
    packed = len(zlib.compress(np.ascontiguousarray(values).tobytes(), 1))
    return float(flat.mean()), float(flat.std()), float(flat.size), float(packed)


def train_net(folder: Path, rows: list[Row], labels: NDArray[np.bool_], epochs: int | None) -> Floats:
    """Return the out-of-fold probabilities of the net, (n,), after the engine has trained it in FOLDER/run."""
    run = folder / "run"
    run.mkdir(exist_ok=True)
    lay_snapshot(folder, rows, labels)
    if not (run / "snapshot").exists():
        (folder / "result").rename(run / "snapshot")
    config = CONFIG if epochs is None else CONFIG | {"epochs": epochs}
    (run / "config.json").write_text(json.dumps(config), "utf-8")
    command = [sys.executable, "-m", "modelling.engine", "train", str(run)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with (run / "result" / "oof.csv").open(encoding="utf-8", newline="") as stream:
        found = {row["token"]: float(row["p"]) for row in csv.DictReader(stream)}
    return np.array([found[token_of(row["index"])] for row in rows])


def lay_snapshot(folder: Path, rows: list[Row], labels: NDArray[np.bool_]) -> None:
    """Write FOLDER/result/ by the portal's own writer: a snapshot of films and labels, no table."""
    table: list[Row] = [
        {"token": token_of(row["index"]), "values": {}, "label": int(label), "weight": None}
        for row, label in zip(rows, labels, strict=True)
    ]
    images = [
        {"token": token_of(row["index"]), "modality": FILM, "side": row["side"], "spacing_mm": row["spacing_mm"],
         "unit": STORED, "intensity": asdict(AS_TAKEN), "file": f"raw/film-{token_of(row['index'])}.npy"}
        for row in rows
    ]  # fmt: skip
    plan = {"id": "phantom", "study": "phantom", "origin": "simulated", "task": "OP_WHO", "purpose": "train",
            "made_at": "2026-06-01T00:00:00Z", "columns": [], "left_out": [], "modalities": [FILM], "weights": None,
            "consent_root": "0" * 64}  # fmt: skip
    for name, content in (("plan", plan), ("rows", table), ("images", images)):
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    write_snapshot(folder)


def tell(labels: NDArray[np.bool_], scores: Mapping[str, Floats], world: str) -> None:
    """Print the AUC of each for osteoporosis, with its 95 % interval by DeLong, and the net's lead."""
    _say(f"\nOsteoporosis in the world '{world}', {labels.size} people, {int(labels.sum())} cases\n")
    _say("| from | AUC | 95 % |\n|---|---|---|")
    for name, score in scores.items():
        found = delong_interval(labels, score)
        _say(f"| {name} | {oracle_auc(score, labels):.3f} | {found.lower:.2f} to {found.upper:.2f} |")
    for name in TRIVIAL.values() if NET in scores else ():
        lead = compare_paired(labels, scores[NET], scores[name])
        found, p = lead.estimate, lead.p
        _say(f"\nthe net's lead over {name}: {found.value:+.3f} ({found.lower:+.3f} to {found.upper:+.3f}), p {p:.3f}")


def cross_validate(table: Floats, labels: NDArray[np.bool_], folds: int = 5) -> Floats:
    """Return out-of-fold scores of gradient-boosted stumps, (n,)."""
    p = np.zeros(labels.size)
    part = np.random.default_rng(0).permutation(labels.size) % folds
    for fold in range(folds):
        p[part == fold] = boost(table[part != fold], labels[part != fold], table[part == fold])
    return p


def boost(table: Floats, labels: NDArray[np.bool_], wanted: Floats, rounds: int = 80, rate: float = 0.1) -> Floats:
    """Return log odds by gradient boosting of stumps at the deciles (Friedman, Ann Stat 29:1189, 2001)."""
    score, found = np.zeros(labels.size), np.zeros(wanted.shape[0])
    cuts = np.quantile(table, np.linspace(0.1, 0.9, 9), axis=0)
    for _ in range(rounds):
        rest = labels - 1 / (1 + np.exp(-score))
        best = (0.0, 0, 0.0, 0.0, 0.0)
        for column in range(table.shape[1]):
            for cut in np.unique(cuts[:, column]):
                left = table[:, column] <= cut
                if 0 < left.sum() < left.size:
                    low, high = rest[left].mean(), rest[~left].mean()
                    gain = left.sum() * low**2 + (~left).sum() * high**2
                    if gain > best[0]:
                        best = (gain, column, cut, low, high)
        _, column, cut, low, high = best
        score += 4 * rate * np.where(table[:, column] <= cut, low, high)
        found += 4 * rate * np.where(wanted[:, column] <= cut, low, high)
    return found


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

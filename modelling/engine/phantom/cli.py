"""`python -m modelling.engine phantom FOLDER`: writes a cohort of invented people, their images and their truth."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from modelling.engine.phantom.answers import make_answers
from modelling.engine.phantom.dicom_writer import MARK, Identity, write_dicom
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.person import REFERENCE_DAY
from modelling.engine.phantom.worlds import make_person

HELP = "write a cohort of simulated people: DICOM images, answers for the forms, and the truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of the command."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the folders of the people are written")
    parser.add_argument("--n", type=int, default=24, help="how many people (24)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (1)")
    parser.add_argument("--first", type=int, default=0, help="index of the first person (0)")
    parser.add_argument("--visit-on", type=date.fromisoformat, default=REFERENCE_DAY, metavar="YYYY-MM-DD")


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m modelling.engine phantom", description=HELP)
    add_arguments(parser)
    return run(parser.parse_args(words))


def run(arguments: argparse.Namespace) -> int:
    """Write one folder a person: film.dcm, dxa.dcm, pqct-<k>.dcm, truth.json, answers.json."""
    if arguments.n < 1 or arguments.seed < 0 or arguments.first < 0:
        found = f"n is {arguments.n}, seed {arguments.seed}, first {arguments.first}"
        sys.stderr.write(f"{found}; wanted n from 1, seed and first from 0\n")
        return 2
    for number in range(arguments.n):
        index = arguments.first + number
        write_person(arguments.seed, index, arguments.folder / f"person-{index:04d}", arguments.visit_on)
        sys.stdout.write(f"{number + 1} of {arguments.n}\n")
        sys.stdout.flush()
    return 0


def write_person(seed: int, index: int, folder: Path, visit_on: date) -> None:
    """Write the folder of one person."""
    person = make_person(seed, index)
    images = make_images(person)
    identity = Identity(
        patient_id=f"SIM-{seed}-{index:04d}",
        name=f"Simulated^Person {index:04d}",
        born_on=person.born_on,
        taken_at=datetime(visit_on.year, visit_on.month, visit_on.day, 9, 30, tzinfo=UTC),
        accession=f"SIM{seed}{index:04d}",
    )
    write_dicom(images, identity, folder)
    write_json(folder / "truth.json", make_truth(images))
    write_json(folder / "answers.json", {"mark": MARK} | make_answers(person, images.regions, visit_on))


def make_truth(images: Images) -> dict[str, Any]:
    """Return all that is true of a person, what made the images included; NaN becomes null."""
    person = {name: None if value != value else value for name, value in asdict(images.person).items()}  # noqa: PLR0124
    return {
        "mark": MARK,
        "side": images.side,
        "born_on": images.person.born_on.isoformat(),
        "person": person,
        "forearm_dxa": {name: asdict(region) for name, region in images.regions.items()},
        "pqct_z_mm": list(images.pqct_z_mm),
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON a person can read."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")

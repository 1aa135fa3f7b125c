"""Data the reference values were computed from. aSAH belongs to R's pROC (GPL-3): read in place, never copied here."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

DATA = Path(os.environ.get("TRABECULA_TEST_DATA", Path(__file__).resolve().parents[4].parent / "shared" / "data"))


@dataclass(frozen=True)
class Asah:
    """113 people with a subarachnoid haemorrhage, 41 with a poor outcome; each array (person,)."""

    poor: np.ndarray
    s100b: np.ndarray
    ndka: np.ndarray
    wfns: np.ndarray
    age: np.ndarray
    male: np.ndarray


def read_asah() -> Asah:
    """Return the data set, or skip the test where it is not at hand."""
    path = DATA / "gpl_reference" / "aSAH.csv"
    if not path.exists():
        pytest.skip(f"{path.name} of R's pROC is not at hand")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    number = {key: np.array([float(row[key]) for row in rows]) for key in ("s100b", "ndka", "wfns", "age")}
    poor = np.array([int(row["outcome"] == "Poor") for row in rows])
    return Asah(poor=poor, male=np.array([row["gender"] == "Male" for row in rows]), **number)


# Bland & Altman, Lancet 1:307 (1986): peak flow by the Wright and the mini meter, first readings, l/min.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]

# Shrout & Fleiss, Psychol Bull 86:420 (1979), table 2: six targets, four judges.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

"""Measures images in a folder: `python -m modelling.engine measure FOLDER`.

    FOLDER/volume.npy, volume.json            one image, or
    FOLDER/series/<name>/volume.npy, ...json  several of them
    FOLDER/result/measurements.json           what came out of each

volume.json: {"modality", "side", "unit", "spacing_mm": [z, y, x], "spacing_is", "forearm_mm": number or null}. An
image in which nothing can be found gives no values, but the reason. What is reported aloud is only how many values
there are, and their hash: some of them tell of an outcome.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelling.engine.features.catalogue import (
    DXA,
    FILM,
    PQCT,
    QUANTITIES,
    VERSION,
    Measured,
    NotMeasured,
    list_quantities,
)
from modelling.engine.features.densitometry import measure_pqct
from modelling.engine.features.dxa import measure_dxa
from modelling.engine.features.radiogrammetry import measure_film
from portal.jobs import reporting
from portal.proof import jcs

FORMAT = "trabecula.measurements/1"
RESULT = "measurements.json"
_ALONE = "volume"


def main(folder: Path) -> int:
    """Measure; return the exit status."""
    return reporting.run_reporting(lambda: work_in(folder))


def work_in(folder: Path) -> int:
    """Measure every image of a folder and write down what came out; return the exit status."""
    images = list_images(folder)
    found: dict[str, Any] = {}
    for number, (name, place) in enumerate(images.items(), start=1):
        found[name] = measure_folder(place)
        reporting.report_progress(number, len(images), f"measured {number} of {len(images)}")
    content = jcs.dumps({"format": FORMAT, "version": VERSION, "series": found})
    (folder / "result").mkdir(exist_ok=True)
    (folder / "result" / RESULT).write_bytes(content)
    n_values = sum(len(one["values"]) for one in found.values())
    reporting.report_result({"version": VERSION, "n_values": n_values, "sha256": hashlib.sha256(content).hexdigest()})
    return 0


def list_images(folder: Path) -> dict[str, Path]:
    """Return name → folder of each image. Raises ValueError where there is none."""
    if (folder / "volume.json").exists():
        return {_ALONE: folder}
    found = {one.parent.name: one.parent for one in sorted((folder / "series").glob("*/volume.json"))}
    if not found:
        raise ValueError("there is no volume.json in the folder, so there is nothing to measure")
    return found


def measure_folder(folder: Path) -> dict[str, Any]:
    """Return the values of one image, what was left out with its reason, and what is odd.

    Raises ValueError where volume.json is not what it should be, or the values are not finite.
    """
    told = jcs.loads((folder / "volume.json").read_bytes())
    if not isinstance(told, dict) or {"modality", "side", "spacing_mm"} - set(told):
        raise ValueError("volume.json lacks the modality, the side or the spacing")
    values = np.load(folder / "volume.npy", allow_pickle=False)
    if values.ndim != 3 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"volume.npy holds {values.dtype} {values.shape}; wanted finite values (z, y, x)")
    measured = measure(values, told)
    return {
        "values": [
            {"name": one.name, "unit": QUANTITIES[one.name].unit, "value": one.value} for one in measured.values
        ],
        "left_out": [{"name": one.name, "why": one.why} for one in measured.left_out],
        "notes": list(measured.notes),
    }


def measure(values: np.ndarray[Any, Any], told: Mapping[str, Any]) -> Measured:
    """Return what is measured in one image; an image in which nothing is found gives reasons instead of values.

    values: (z, y, x). told: as in volume.json. Raises ValueError for a modality nothing is measured in.
    """
    z, y, x = (float(step) for step in told["spacing_mm"])
    side, modality = str(told["side"]), str(told["modality"])
    forearm = told.get("forearm_mm")
    try:
        if modality == FILM:
            return measure_film(values, (z, y, x), side, str(told.get("spacing_is", "patient")))
        if modality == DXA:
            return measure_dxa(values, (z, y, x), side, None if forearm is None else float(forearm))
        if modality == PQCT:
            return measure_pqct(values, (z, y, x), side)
    except ValueError as error:
        return Measured((), tuple(NotMeasured(one.name, str(error)) for one in list_quantities(modality)))
    raise ValueError(f"nothing is measured in '{modality}'")

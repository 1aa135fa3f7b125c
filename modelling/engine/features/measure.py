"""Measures images in a folder: `python -m modelling.engine measure-job FOLDER`.

    FOLDER/volume.npy, volume.json            one image, or
    FOLDER/series/<name>/volume.npy, ...json  several of them
    FOLDER/result/measurements.json           what came out of each

    FOLDER/result/pictures/<name>-<kind>.png  where it was measured

volume.json: {"modality", "side", "unit", "spacing_mm": [z, y, x], "spacing_is", "origin", "forearm_mm": number or
null, "positions_mm": of each slice, "sites_of_form", "wedge": null or {"steps_mm", "length_mm"} of the step wedge on a
film}. baseline.npy and baseline.json beside it are the DXA that a
follow-up is laid on. An image in which nothing can be found gives no values, but the reason. What is said aloud is only
how many values there are, and their hash: some of them tell of an outcome.
"""

import hashlib
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cohort.deid.thumbnail import write_png
from modelling.engine.features.catalogue import (
    DXA,
    FILM,
    HRPQCT,
    PQCT,
    QUANTITIES,
    VERSION,
    Measured,
    NotMeasured,
    list_quantities,
)
from modelling.engine.features.densitometry import CALIBRATED, measure_pqct
from modelling.engine.features.drawing import SEGMENTATION, paint, paint_colours
from modelling.engine.features.dxa import AREAL, Baseline, measure_dxa
from modelling.engine.features.radiogrammetry import RELATIVE_ATTENUATION, measure_film
from modelling.engine.features.sites import Place
from modelling.engine.features.step_wedge import Wedge
from portal.jobs import reporting
from portal.proof import jcs

Values: TypeAlias = NDArray[Any]
Told: TypeAlias = Mapping[str, Any]

FORMAT = "trabecula.measurements/1"
RESULT = "measurements.json"
PICTURES = "pictures"
_ALONE = "volume"


def main(folder: Path) -> int:
    """Measure; return the exit status."""
    return reporting.run_reporting(lambda: work_in(folder))


def work_in(folder: Path) -> int:
    """Measure every image of a folder and write down what came out; return the exit status."""
    images = list_images(folder)
    found: dict[str, Any] = {}
    (folder / "result" / PICTURES).mkdir(parents=True, exist_ok=True)
    for number, (name, place) in enumerate(images.items(), start=1):
        found[name] = measure_folder(place, folder / "result" / PICTURES)
        reporting.report_progress(number, len(images), f"measured {number} of {len(images)}")
    content = jcs.dumps({"format": FORMAT, "version": VERSION, "series": found})
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


def measure_folder(folder: Path, pictures: Path) -> dict[str, Any]:
    """Return the values of one image, what was left out with its reason, what is odd, and its pictures by their hash.

    Raises ValueError where volume.json is not what it should be, or the values are not finite.
    """
    told, values = load_image(folder, "volume")
    baseline = load_image(folder, "baseline") if (folder / "baseline.json").exists() else None
    measured = measure(values, told, baseline)
    return {
        "values": [
            {"name": one.name, "unit": QUANTITIES[one.name].unit, "value": one.value} for one in measured.values
        ],
        "left_out": [{"name": one.name, "why": one.why} for one in measured.left_out],
        "notes": list(measured.notes),
        "pictures": write_pictures(measured, told, pictures, folder.name),
    }


def load_image(folder: Path, name: str) -> tuple[dict[str, Any], Values]:
    """Return what is told of an image, and its values (z, y, x). Raises ValueError where either is not fit."""
    told = jcs.loads((folder / f"{name}.json").read_bytes())
    if not isinstance(told, dict) or {"modality", "side", "spacing_mm"} - set(told):
        raise ValueError(f"{name}.json lacks the modality, the side or the spacing")
    values = np.load(folder / f"{name}.npy", allow_pickle=False)
    if values.ndim != 3 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"{name}.npy holds {values.dtype} {values.shape}; wanted finite values (z, y, x)")
    return dict(told), values


def write_pictures(measured: Measured, told: Told, folder: Path, name: str) -> list[dict[str, str]]:
    """Write what was measured as PNG files and return kind, file and SHA-256 of each."""
    is_simulated = told.get("origin") == "simulated"
    spacing_is = str(told.get("spacing_is", "patient"))
    painted = {}
    if measured.drawing is not None:
        painted[SEGMENTATION] = paint(measured.drawing, spacing_is=spacing_is, is_simulated=is_simulated)
    for kind, coloured in measured.coloured.items():
        painted[kind] = paint_colours(coloured, is_simulated=is_simulated)
    found = []
    for kind, picture in painted.items():
        path = folder / f"{name}-{kind}.png"
        write_png(picture, path)
        found.append({"kind": kind, "file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    return found


def measure(values: Values, told: Told, baseline: tuple[Told, Values] | None = None) -> Measured:
    """Return what is measured in one image; an image in which nothing is found gives reasons instead of values.

    values: (z, y, x). told: as in volume.json. baseline: the same of the DXA that this one is laid on.
    Raises ValueError for a modality nothing is measured in.
    """
    modality = str(told["modality"])
    if modality not in _MEASURES:
        raise ValueError(f"nothing is measured in '{modality}'")
    try:
        return _MEASURES[modality](values, told, baseline)
    except ValueError as error:
        return Measured((), tuple(NotMeasured(one.name, str(error)) for one in list_quantities(modality)))


def _spacing(told: Told) -> tuple[float, float, float]:
    z, y, x = (float(step) for step in told["spacing_mm"])
    return z, y, x


def _number(told: Told, name: str) -> float | None:
    found = told.get(name)
    return None if found is None else float(found)


def _measure_film(values: Values, told: Told, baseline: tuple[Told, Values] | None) -> Measured:
    spacing_is, unit = str(told.get("spacing_is", "patient")), str(told.get("unit", RELATIVE_ATTENUATION))
    wedge = told.get("wedge")
    on_it = None if wedge is None else Wedge(tuple(map(float, wedge["steps_mm"])), float(wedge["length_mm"]))
    return measure_film(values, _spacing(told), str(told["side"]), spacing_is, unit, on_it)


def _measure_dxa(values: Values, told: Told, baseline: tuple[Told, Values] | None) -> Measured:
    first = None if baseline is None else Baseline(baseline[1], _spacing(baseline[0]))
    unit = str(told.get("unit", AREAL))
    return measure_dxa(values, _spacing(told), str(told["side"]), _number(told, "forearm_mm"), unit, first)


def _measure_pqct(values: Values, told: Told, baseline: tuple[Told, Values] | None) -> Measured:
    place = Place(
        tuple(float(one) for one in told.get("positions_mm") or ()),
        _number(told, "forearm_mm"),
        tuple(str(one) for one in told.get("sites_of_form") or ()),
    )
    return measure_pqct(values, _spacing(told), str(told["side"]), place, str(told.get("unit", CALIBRATED)))


def _measure_hrpqct(values: Values, told: Told, baseline: tuple[Told, Values] | None) -> Measured:
    # By name: whoever measures a film alone, as a page does, need not load the compiler of the volume's kernels.
    volumes = importlib.import_module("modelling.engine.features.volumes")
    region, unit = str(told.get("region", "")), str(told.get("unit", CALIBRATED))
    measured: Measured = volumes.measure_volume(values, _spacing(told), region, unit)
    return measured


_MEASURES: Final[dict[str, Callable[[Values, Told, tuple[Told, Values] | None], Measured]]] = {
    FILM: _measure_film,
    DXA: _measure_dxa,
    PQCT: _measure_pqct,
    HRPQCT: _measure_hrpqct,
}

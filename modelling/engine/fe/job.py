"""Tests the bone of a volume in a folder: `python -m modelling.engine.fe.job FOLDER`.

    FOLDER/volume.npy, volume.json    the volume, as `modelling.engine measure-job` reads it
    FOLDER/test.json                  {"recipe": of `Recipe`, "memory_mb": what the process may take in all,
                                      "max_iterations": after how many a solution counts as not converging}
    FOLDER/result/strength.json       what came out, with every parameter
    FOLDER/result/field.nii.gz        strain energy density, MPa, on the box of the bone; its place is in its affine
    FOLDER/result/failure.png         where the bone would fail

Where the solution does not converge, the failure that is told holds its residuals.
"""

import gzip
import hashlib
import json
import resource
import sys
import time
from math import log
from pathlib import Path
from typing import Any, Final

import nibabel
import numpy as np
import psutil
from numpy.typing import NDArray

from cohort.deid.thumbnail import write_png
from modelling.engine.fe.bone import segment_bone
from modelling.engine.fe.loads import make_load
from modelling.engine.fe.memory import require_memory
from modelling.engine.fe.mesh import find_box, keep_largest_piece
from modelling.engine.fe.pictures import draw_failure, find_weakest
from modelling.engine.fe.quantities import COLUMNS, VERSION, name_of
from modelling.engine.fe.recipe import Recipe, read_recipe
from modelling.engine.fe.solver import NotConverged, OnStep, Settings
from modelling.engine.fe.strength import MechanicalTest, Strength, measure_strength
from modelling.engine.features.measure import load_image
from portal.jobs import reporting
from portal.proof import jcs

FORMAT: Final = "trabecula.strength/1"
RESULT, FIELD, PICTURE = "strength.json", "field.nii.gz", "failure.png"
NOT_CONVERGED: Final = "not_converged"

_PARTS: Final = 100
"""The way from the first residual to the tolerance, by its logarithm, is told in so many steps."""
_STOPS: Final = 8
"""Residuals of a solution that failed that are told in words."""


def main(folder: Path) -> int:
    """Test; return the exit status."""
    return reporting.run_reporting(lambda: work_in(folder))


def work_in(folder: Path) -> int:
    """Test the bone of a folder and write down what came out; return the exit status."""
    told, values = load_image(folder, "volume")
    asked: dict[str, Any] = json.loads((folder / "test.json").read_text("utf-8"))
    recipe = read_recipe(dict(asked["recipe"]))
    z, y, x = (float(step) for step in told["spacing_mm"])
    spacing = (z, y, x)
    reporting.report_progress(0, _PARTS, "telling bone from marrow")
    bone, segmentation = segment_bone(values, spacing, str(told.get("region", "")), str(told.get("unit", "")))
    shape = values.shape
    # A whole scan weighs more than its bone: it goes before the solution begins.
    del values
    refuse_too_large(bone, float(asked["memory_mb"]))
    begun = time.monotonic()
    try:
        test = make_test(recipe, int(asked["max_iterations"]))
        found = measure_strength(bone, spacing, test, on_step=report_step(recipe.tolerance))
    except NotConverged as error:
        reporting.report_failure(NOT_CONVERGED, say_history(error))
        return 1
    settings = {name: value for name, value in test.describe().items() if name in ("max_iterations", "device")}
    seconds = round(time.monotonic() - begun, 1)
    is_simulated = told.get("origin") == "simulated"
    (folder / "result").mkdir(exist_ok=True)
    written = write_files(found, recipe, folder / "result", is_simulated=is_simulated)
    answer: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "recipe": recipe.describe(),
        "values": describe_values(found, recipe.direction),
        "facts": describe_facts(found, shape) | settings | segmentation | {"seconds": seconds},
        "files": written,
    }
    content = jcs.dumps(answer)
    (folder / "result" / RESULT).write_bytes(content)
    reporting.report_result({"version": VERSION, "sha256": hashlib.sha256(content).hexdigest(), **tell(answer)})
    return 0


def make_test(recipe: Recipe, max_iterations: int) -> MechanicalTest:
    """Return the test of a recipe, with the solver's own settings."""
    load = make_load(recipe.direction, recipe.strain)
    solver = Settings(recipe.tolerance, max_iterations)
    return MechanicalTest(recipe.make_material(), load, recipe.make_criterion(), solver)


def refuse_too_large(bone: NDArray[np.bool_], memory_mb: float) -> None:
    """Raise MemoryNeeded unless this process may take what the test will need.

    bone: (z, y, x). memory_mb: what it may take in all; what the machine has left counts as well.
    """
    piece, _ = keep_largest_piece(bone)
    left = memory_mb * 2**20 - psutil.Process().memory_info().rss
    require_memory(piece[find_box(piece)], available=max(0, int(min(left, psutil.virtual_memory().available))))


def report_step(tolerance: float) -> OnStep:
    """Return what the solver tells its steps to: each becomes a share of the way to the tolerance."""
    first: list[float] = []

    def step(iteration: int, residual: float) -> bool:
        first[:] = first or [residual]
        way = log(max(first[0] / tolerance, 1.0 + 1e-9))
        done = log(max(first[0] / max(residual, 1e-300), 1.0)) / way
        words = f"iteration {iteration}, residual {residual:.1e}; wanted {tolerance:.0e}"
        reporting.report_progress(min(_PARTS - 1, int(_PARTS * done)), _PARTS, words)
        return True

    return step


def say_history(error: NotConverged) -> str:
    """Return why a solution failed, with residuals along its way, in words that fit on the job's page."""
    history = error.history
    stops = sorted({round(one) for one in np.linspace(0, len(history) - 1, _STOPS)})
    way = ", ".join(f"{history[at]:.1e} at {at}" for at in stops)
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}. Residuals on the way: {way}. Nothing is stored; a looser tolerance may do."


def describe_values(found: Strength, direction: str) -> list[dict[str, Any]]:
    """Return the values by their names in the catalogue."""
    return [
        {"name": name_of(what, direction), "value": float(getattr(found, column))} for what, column in COLUMNS.items()
    ]


def describe_facts(found: Strength, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what is to be known of a test beside its values. shape: (z, y, x) of the volume."""
    return {
        "elements": found.mesh.n_elements,
        "nodes": found.mesh.n_nodes,
        "dropped_voxels": found.dropped_voxels,
        "displacement_mm": found.displacement_mm,
        "factor": found.factor,
        "iterations": found.solution.iterations,
        "residual": found.solution.history[-1],
        "volume_shape": list(shape),
        "box_from": [part.start for part in found.box],
        "box_shape": list(found.mesh.shape),
        "spacing_mm": list(found.mesh.spacing_mm),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def write_files(found: Strength, recipe: Recipe, folder: Path, *, is_simulated: bool) -> dict[str, str]:
    """Write the field and the picture; return each file's SHA-256."""
    write_field(found, folder / FIELD, is_simulated=is_simulated)
    strain = np.sqrt(2 * found.energy / recipe.modulus_mpa) * found.factor
    picture = draw_failure(found.mesh, find_weakest(strain, recipe.critical_strain), is_simulated=is_simulated)
    write_png(picture, folder / PICTURE)
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (FIELD, PICTURE)}


def write_field(found: Strength, path: Path, *, is_simulated: bool) -> None:
    """Write the strain energy density, MPa, as NIfTI (x, y, z in mm): the same field, the same bytes."""
    inside = np.zeros(found.mesh.shape, np.float32)
    inside.ravel()[found.mesh.voxel] = found.energy
    z, y, x = found.mesh.spacing_mm
    affine = np.diag([x, y, z, 1.0])
    affine[:3, 3] = [part.start * edge for part, edge in zip(reversed(found.box), (x, y, z), strict=True)]
    image: Any = nibabel.Nifti1Image(inside.transpose(2, 1, 0), affine)
    image.header.set_xyzt_units("mm")
    mark = "SIMULATED " if is_simulated else ""
    image.header["descrip"] = f"{mark}strain energy density, MPa".encode()
    # No name and no time in the head of the archive: they would make another hash of the same field.
    with path.open("wb") as stream, gzip.GzipFile("", "wb", 6, stream, mtime=0) as archive:
        archive.write(image.to_bytes())


def tell(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what everybody may read on the job's page: how the solution went, and none of its values."""
    facts = answer["facts"]
    told = {name: facts[name] for name in ("elements", "nodes", "iterations", "residual", "seconds")}
    return {**told, "field_sha256": answer["files"][FIELD]}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

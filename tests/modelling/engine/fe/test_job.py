"""A mechanical test in a folder, as the portal's child makes it: its files, its words, its refusals."""

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from modelling.engine.fe import job
from modelling.engine.fe.bone import segment_bone
from modelling.engine.fe.mesh import build_mesh
from modelling.engine.fe.pictures import Weakest, draw_failure, find_weakest
from modelling.engine.fe.quantities import COLUMNS, FALL, name_of
from modelling.engine.fe.recipe import Recipe, read_recipe, tissue_modulus
from modelling.engine.fe.solver import NotConverged
from modelling.engine.fe.warm import draw_bone
from modelling.engine.features.catalogue import QUANTITIES, STRENGTHS
from modelling.engine.training.fields import MEASUREMENTS

SPACING = (0.061, 0.061, 0.061)
TOLD = {"modality": "hrpqct", "side": "L", "spacing_mm": list(SPACING), "unit": "mg HA/cm3", "region": ""}


def lay(folder: Path, memory_mb: float = 1e5, max_iterations: int = 2000, **recipe: Any) -> Path:
    np.save(folder / "volume.npy", draw_bone())
    (folder / "volume.json").write_text(json.dumps({**TOLD, "origin": "simulated"}), "utf-8")
    chosen = Recipe(**{"modulus_mpa": 8748.0, "tolerance": 1e-3, **recipe}).describe()
    (folder / "test.json").write_text(
        json.dumps({"recipe": chosen, "memory_mb": memory_mb, "max_iterations": max_iterations}), "utf-8"
    )
    return folder


def said(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_a_folder_gives_values_field_picture_and_every_parameter(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert job.main(lay(tmp_path, direction="fall")) == 0
    heard = said(capfd)
    steps = [one["step"] for one in heard if "step" in one]
    assert steps == sorted(steps)
    assert 0 < steps[-1] < 100
    written = json.loads((tmp_path / "result" / job.RESULT).read_bytes())
    assert {one["name"] for one in written["values"]} == {name_of(what, FALL) for what in COLUMNS}
    assert written["recipe"]["critical_volume"] == 0.02
    told = written["facts"]
    assert (told["trabecular_mg"], told["cortical_mg"], told["segmentation"]) == (320, 450, "xct2")
    assert {"residual", "iterations", "elements", "dropped_voxels", "box_from", "max_iterations"} <= set(told)
    # What everybody may read names none of the values.
    assert not {"values", "failure_load"} & set(heard[-1]["result"])


def test_the_same_bone_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        job.main(lay(tmp_path / name))
        digests.append(json.loads((tmp_path / name / "result" / job.RESULT).read_bytes())["files"])
    assert digests[0] == digests[1]


def test_the_kept_field_lies_where_the_bone_lay(tmp_path: Path) -> None:
    job.main(lay(tmp_path))
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress((tmp_path / "result" / job.FIELD).read_bytes()))
    energy = np.asarray(image.dataobj).transpose(2, 1, 0)
    bone, _ = segment_bone(draw_bone(), SPACING, "", "mg HA/cm3")
    x, y, z = (round(float(image.affine[axis, 3]) / 0.061) for axis in range(3))
    depth, rows, columns = energy.shape
    there = bone[z : z + depth, y : y + rows, x : x + columns]
    assert np.array_equal(energy > 0, there)
    assert there.sum() == bone.sum()


def test_a_solution_that_does_not_converge_is_a_failure_with_its_residuals(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert job.main(lay(tmp_path, max_iterations=3, tolerance=1e-8)) == 1
    failure = said(capfd)[-1]["failure"]
    assert failure["code"] == job.NOT_CONVERGED
    assert "did not converge: relative residual" in failure["text"]
    assert "Residuals on the way: 7.7e-02 at 0, " in failure["text"]
    assert " at 3. " in failure["text"]
    assert not (tmp_path / "result").exists()


def test_the_words_of_a_long_history_fit_on_a_page() -> None:
    history = tuple(np.geomspace(1.0, 1e-4, 2001).tolist())
    words = job.say_history(NotConverged("stalled", history, 1e-5))
    assert len(words) <= 500
    assert "1.0e+00 at 0" in words
    assert "1.0e-04 at 2000" in words


def test_a_process_with_too_little_memory_refuses_before_it_begins(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert job.main(lay(tmp_path, memory_mb=1.0)) == 1
    failure = said(capfd)[-1]["failure"]
    assert "elements need 0.1 GB, 0.0 available" in failure["text"]


def test_values_without_a_calibration_are_no_bone() -> None:
    with pytest.raises(ValueError, match="the values are in 'native'; wanted mg HA/cm3"):
        segment_bone(draw_bone(), SPACING, "", "native")


def test_each_scanner_has_its_own_tissue_modulus() -> None:
    assert tissue_modulus(SPACING) == 8748.0
    assert tissue_modulus((0.082,) * 3) == 6829.0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"modulus_mpa": -1.0}, "Young's modulus is -1"),
        ({"modulus_mpa": 8748.0, "direction": "up"}, "direction is 'up'"),
        ({"modulus_mpa": 8748.0, "strain": 0.5}, "strain is 0.5"),
        ({"modulus_mpa": 8748.0, "critical_volume": 1.0}, "critical volume is 1"),
        ({"modulus_mpa": 8748.0, "tolerance": 0.1}, "tolerance is 0.1; wanted 1e-08 to 0.001"),
        ({"modulus_mpa": 8748.0, "colour": 1.0}, "missing or unknown"),
        ({}, "missing or unknown"),
    ],
)
def test_a_recipe_nothing_can_be_tested_by_is_refused(told: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_recipe(told)


def test_what_would_fail_is_in_colour_and_the_rest_is_grey() -> None:
    mesh = build_mesh(np.ones((4, 10, 20), np.bool_), (0.1, 0.1, 0.1))
    strain = np.full(mesh.n_elements, 0.004, np.float32)
    strain[:8] = 0.009
    weakest = find_weakest(strain, 0.007)
    assert (weakest.least, weakest.most) == (0.007, pytest.approx(0.009))
    pixels = np.asarray(draw_failure(mesh, weakest, is_simulated=False)).astype(int)
    is_coloured = np.ptp(pixels, axis=2) > 20
    # Eight elements of 200 in the view along the axis, and the bar of colours at the foot.
    foot = pixels.shape[0] - 58
    assert 0 < is_coloured[:foot].sum() < 0.1 * is_coloured[:foot].size
    assert is_coloured[foot:].sum() > 100
    none = np.asarray(draw_failure(mesh, Weakest(np.zeros_like(strain), 0.007, 0.008), is_simulated=False)).astype(int)
    assert (np.ptp(none[:foot], axis=2) > 20).sum() == 0


def test_each_view_of_a_simulated_bone_says_so_in_its_pixels() -> None:
    mesh = build_mesh(np.ones((20, 30, 30), np.bool_), (0.1, 0.1, 0.1))
    weakest = Weakest(np.zeros(mesh.n_elements, np.float32), 0.007, 0.008)
    marked, plain = (draw_failure(mesh, weakest, is_simulated=one) for one in (True, False))
    differs = np.any(np.asarray(marked) != np.asarray(plain), axis=2)
    rows = np.flatnonzero(differs.any(axis=1))
    # A line of words over the view along the axis, and one over the two below it.
    assert len(np.split(rows, np.flatnonzero(np.diff(rows) > 40) + 1)) == 2
    assert isinstance(marked, Image.Image)


def test_finite_elements_have_names_of_their_own_and_are_classified() -> None:
    assert not set(STRENGTHS) & set(QUANTITIES)
    assert {one.base for one in STRENGTHS.values()} == set(MEASUREMENTS["fe"].split())
    assert not [name for name in STRENGTHS if "rigidity" in name]

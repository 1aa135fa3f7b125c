"""The command `strength`: what it prints, writes and refuses."""

import json
from datetime import date
from pathlib import Path

import nibabel
import numpy as np
import pytest

from modelling.engine.cli import main
from modelling.engine.phantom.stratec_writer import write_stratec
from tests.modelling.engine.fe.blocks import make_block

KEYS = {
    "reaction_force_n",
    "stiffness_n_per_mm",
    "failure_load_n",
    "effective_strain_at_critical_volume",
    "elements",
    "nodes",
    "iterations",
    "residual",
    "seconds",
    "peak_memory_mb",
}


def write_volume(path: Path, values: np.ndarray, edge: float = 0.125, words: str = "") -> Path:
    image = nibabel.Nifti1Image(values.transpose(2, 1, 0), np.diag([edge, edge, edge, 1]))
    image.header["descrip"] = words
    nibabel.save(image, path)
    return path


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    return write_volume(tmp_path / "cube.nii.gz", np.pad(make_block(8, 8, 8), 1).astype(np.uint8))


def test_e5_the_answer_in_json_is_that_of_a_cube_of_known_force(cube: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["strength", str(cube), "--segmented", "--modulus-mpa", "1000", "--tolerance", "1e-9", "--json"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer.keys() >= KEYS
    assert answer["reaction_force_n"] == pytest.approx(10 * 1.073845607242834, rel=1e-6)
    assert (answer["elements"], answer["nodes"]) == (512, 729)
    assert answer["residual"] <= 1e-9
    assert answer["critical_strain"] == 0.007
    assert (answer["segmented"], answer["threshold"]) == (True, None)


def test_the_field_lies_where_the_bone_lies(cube: Path, tmp_path: Path) -> None:
    out = tmp_path / "energy.nii.gz"
    assert main(["strength", str(cube), "--segmented", "--field", str(out)]) == 0
    image = nibabel.load(out)
    field = np.asarray(image.dataobj)
    assert np.array_equal(field > 0, np.pad(make_block(8, 8, 8), 1))
    assert image.header.get_zooms() == pytest.approx((0.125, 0.125, 0.125))
    assert field.max() < 0.5 * 8748 * 0.02**2


def test_people_read_lines_and_see_progress(cube: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strength", str(cube), "--threshold", "0.5", "--direction", "fall"]) == 0
    seen = capsys.readouterr()
    assert "failure_load_n" in seen.out
    assert "iteration 0, residual" in seen.err


def test_moduli_from_density_change_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_volume(tmp_path / "density.nii.gz", np.full((8, 8, 8), 600, np.float32), words="mg HA/cm3")
    assert main(["strength", str(path), "--threshold", "320", "--graded", "linear", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    light = write_volume(tmp_path / "light.nii.gz", np.full((8, 8, 8), 200, np.float32), words="mg HA/cm3")
    assert main(["strength", str(light), "--segmented", "--graded", "linear"]) == 2
    assert "a higher --threshold" in capsys.readouterr().err
    assert answer["apparent_modulus_mpa"] == pytest.approx((25 * 600 - 5830) * 1.073845607242834, rel=1e-4)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--threshold", "2"], "nothing above 2"),
        (["--segmented", "--strain", "0"], "strain is 0.0; wanted above 0"),
        (["--segmented", "--poisson", "0.5"], "ratio is 0.5"),
        (["--segmented", "--modulus-mpa", "-3"], "modulus is -3.0 MPa"),
        (["--segmented", "--field", "out.png"], "wanted a name that ends in .nii or .nii.gz"),
        (["--segmented", "--tolerance", "1e-30"], "wanted 1e-30"),
        (["--segmented", "--tolerance", "inf"], "tolerance is inf; wanted above 0 and below 1"),
        (["--segmented", "--tolerance", "0"], "tolerance is 0; wanted above 0 and below 1"),
        (["--segmented", "--critical-strain", "inf"], "critical strain is inf; wanted a finite number above 0"),
        (["--threshold", "0.5", "--graded", "power"], "found values in 'stored value', wanted mg HA/cm3 with --graded"),
        (["--segmented", "--field", "nowhere/out.nii"], "nowhere is no folder; wanted one that exists"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    cube: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["strength", str(cube), *words]) == 2
    assert says in capsys.readouterr().err


def test_a_file_that_is_not_there_and_a_bone_that_nobody_told_are_refused(
    cube: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["strength", str(cube.parent / "none.nii"), "--segmented"]) == 2
    assert "no such file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["strength", str(cube)])
    assert caught.value.code == 2


def test_a_field_that_cannot_be_written_is_said_in_a_sentence(cube: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (cube.parent / "taken.nii").mkdir()
    assert main(["strength", str(cube), "--segmented", "--field", str(cube.parent / "taken.nii")]) == 2
    assert "taken.nii: the field cannot be written" in capsys.readouterr().err


def test_a_section_of_pqct_is_refused(cube: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = cube.parent / "I0000001.M01"
    write_stratec(path, np.full((20, 20), 900.0), 0.5, "SIMULATED 1", "SIM1", (date(1950, 1, 2), date(2026, 6, 1)))
    assert main(["strength", str(path), "--threshold", "100"]) == 2
    assert "found a pqct image, wanted a bone volume" in capsys.readouterr().err


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["strength", "--help"])
    text = capsys.readouterr().out
    for word in ("examples:", "exit status", "Pistoia", "fall", "--field"):
        assert word in text

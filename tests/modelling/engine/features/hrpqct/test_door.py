"""`measure` for people and programs, and the volumes it opens."""

import json
from datetime import date
from pathlib import Path

import nibabel
import numpy as np
import pytest

from modelling.engine.cli import main
from modelling.engine.opening import Unusable, open_volume
from modelling.engine.phantom.stratec_writer import CALIBRATION, write_stratec
from tests.modelling.engine.features.drawings import draw_forearm_slice
from tests.modelling.engine.features.hrpqct.volumes import draw_bone, draw_plates

SPACING = 0.06


def write_nifti(path: Path, values: np.ndarray, words: str = "", spacing: float = SPACING) -> Path:
    image = nibabel.Nifti1Image(values.transpose(2, 1, 0), np.diag([spacing, spacing, spacing, 1]))
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = words
    nibabel.save(image, path)
    return path


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "plates.nii.gz", draw_plates(4, 8, n=4, side=24).astype(np.uint8) * 100)


@pytest.mark.parametrize("words", [["--segmented"], ["--threshold", "50"]])
def test_a_cube_is_measured_with_values_and_units(
    plates: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", str(plates), *words, "--site", "cube", "--json"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert set(answer) == {"indices", "quality", "seconds", "peak_memory_mb"}
    assert answer["quality"] == {}
    assert answer["indices"]["Tb.Th"] == {"value": pytest.approx(4 * SPACING, rel=1e-6), "unit": "mm"}
    assert answer["indices"]["Tb.N"] == {"value": pytest.approx(1 / (12 * SPACING), rel=1e-6), "unit": "1/mm"}
    assert "1 of 6: trabecular thickness" in said.err


def test_people_get_lines_of_text(plates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", str(plates), "--segmented", "--site", "cube", "--mode", "ipl_like"]) == 0
    shown = capsys.readouterr().out
    assert "Tb.Th        0.1800 mm" in shown
    assert "not a medical device" in shown


def test_a_single_thick_plate_has_a_thickness_but_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plate = np.zeros((24, 10, 10), np.uint8)
    plate[4:20] = 1
    path = write_nifti(tmp_path / "plate.nii", plate)
    assert main(["measure", str(path), "--segmented", "--site", "cube", "--json"]) == 0
    said = capsys.readouterr()
    indices = json.loads(said.out)["indices"]
    assert indices["Tb.Th"]["value"] == pytest.approx(16 * SPACING, rel=1e-6)
    assert "Tb.N" not in indices
    assert "Tb.N is left out: the object has no mid-axis" in said.err


def test_a_file_without_calibration_is_refused(plates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", str(plates)]) == 2
    assert "no density calibration in the header" in capsys.readouterr().err


def test_a_volume_without_bone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = write_nifti(tmp_path / "empty.nii", np.zeros((6, 6, 6), np.uint8))
    assert main(["measure", str(empty), "--segmented"]) == 2
    assert "no bone: found only zeros" in capsys.readouterr().err
    calibrated = write_nifti(tmp_path / "air.nii", np.zeros((6, 6, 6), np.float32), "mg HA/cm3")
    assert main(["measure", str(calibrated)]) == 2
    assert "no bone was found" in capsys.readouterr().err


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one drawn person, with its film and its pQCT."""
    folder = tmp_path_factory.mktemp("person")
    assert main(["phantom", str(folder), "--n", "1"]) == 0
    return folder


def test_a_radiograph_is_the_wrong_modality(person: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = next(person.rglob("film.dcm"))
    assert main(["measure", str(film)]) == 2
    assert "found a film image, wanted an HR-pQCT volume" in capsys.readouterr().err


def test_a_lone_section_of_a_shaft_is_measured_where_it_is_said_to_lie(
    person: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shaft = sorted(person.rglob("pqct*.dcm"))[-1]
    assert main(["measure", str(shaft), "--json"]) == 2
    assert "nothing tells where on the shaft" in (said := capsys.readouterr().err)
    assert "--percent says where" in said
    assert main(["measure", str(shaft), "--percent", "33", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "pqct.cortical_area@33" in answer["indices"]
    assert answer["quality"] == {}


def test_a_stratec_scan_is_measured_with_the_calibration_of_its_scanner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "I0000001.M01"
    shape = {"radius": (6.0, 3.5), "ulna": (5.5, 3.2), "pixel_mm": 0.1, "thumb_is_right": True}
    write_stratec(path, draw_forearm_slice(**shape), 0.1, "SIMULATED 1", "SIM1", (date(1950, 1, 2), date(2026, 6, 1)))
    words = ["measure", str(path), "--percent", "33", "--json"]
    assert main(words) == 2
    assert "say it by --slope and --intercept" in capsys.readouterr().err
    calibration = ["--slope", str(CALIBRATION.slope), "--intercept", str(CALIBRATION.intercept)]
    assert main([*words, *calibration]) == 0
    indices = json.loads(capsys.readouterr().out)["indices"]
    assert indices["pqct.total_area@33"]["value"] == pytest.approx(np.pi * 36, rel=5e-3)
    assert indices["pqct.cortical_density@33"]["value"] == pytest.approx(1000, abs=1)
    assert main([*words, "--slope", "1.7"]) == 2
    assert "wanted both, and a slope above 0" in capsys.readouterr().err
    plate = write_nifti(tmp_path / "plate.nii", np.ones((4, 4, 4), np.uint8))
    assert main(["measure", str(plate), "--segmented", *calibration]) == 2
    assert "wanted a Stratec scan for --slope" in capsys.readouterr().err


def test_the_quality_of_a_scan_stands_beside_its_indices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volume = draw_bone(4)
    volume[2] = volume[1]
    path = write_nifti(tmp_path / "scan.nii", volume, "mg HA/cm3", 0.061)
    assert main(["measure", str(path), "--mode", "ipl_like", "--json"]) == 0
    quality = json.loads(capsys.readouterr().out)["quality"]
    assert {name: quality[name] for name in ("slices", "slices_wanted", "empty_slices", "repeated_slices")} == {
        "slices": 4,
        "slices_wanted": 168,
        "empty_slices": 0,
        "repeated_slices": 1,
    }
    assert main(["measure", str(path), "--mode", "ipl_like"]) == 0
    assert "Note: the volume has 4 slices; a whole scan has 168." in capsys.readouterr().out
    assert main(["measure", str(path), "--percent", "33"]) == 2
    assert "found --percent and an HR-pQCT volume" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["x.nii", "--segmented", "--threshold", "3"], ["x.nii", "--site", "hip"], []])
def test_words_it_does_not_know_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["measure", *words])
    assert stopped.value.code == 2


def test_help_teaches_files_sites_modes_and_units(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["measure", "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for words in ("Scanco ISQ", "--threshold N", "ipl_like", "Tb.N 1/mm", "exit status"):
        assert words in shown


def test_a_nifti_is_opened_with_its_axes_spacing_and_unit(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    opened = open_volume(write_nifti(tmp_path / "v.nii.gz", values, "density in mg HA/cm3"), threshold=20)
    np.testing.assert_array_equal(opened.values, values)
    assert opened.spacing_mm == pytest.approx((SPACING,) * 3)
    assert (opened.unit, opened.name) == ("mg HA/cm3", "v.nii.gz")
    assert opened.bone is not None
    assert opened.bone.sum() == 3


def test_what_cannot_be_opened_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text.nii").write_text("no volume")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note.txt").write_text("hello")
    (tmp_path / "note.txt").write_text("hello")
    notes = {
        "gone.isq": "no such file",
        "text.nii": "wanted a NIfTI",
        "folder": "no DICOM",
        "note.txt": "found unknown",
    }
    for name, why in notes.items():
        with pytest.raises(Unusable, match=why):
            open_volume(tmp_path / name)
    bad = write_nifti(tmp_path / "nan.nii", np.full((2, 2, 2), np.nan, np.float32))
    with pytest.raises(Unusable, match="not finite"):
        open_volume(bad)
    with pytest.raises(Unusable, match="both 'segmented' and a threshold"):
        open_volume(bad, segmented=True, threshold=1)
    with pytest.raises(Unusable, match="nothing above 9"):
        open_volume(write_nifti(tmp_path / "low.nii", np.ones((2, 2, 2), np.float32)), threshold=9)

"""What the phantom writes: DICOM that says SIMULATED, answers that forms take, the truth; the same bytes each time."""

import hashlib
import json
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pydicom
import pytest

from cohort.crf.values import read_value
from cohort.formats.reading import read_volume
from cohort.formats.volume import AREAL, DENSITY, DXA, FILM, PQCT
from cohort.study.dictionary import load_dictionary
from modelling.engine.phantom.answers import make_answers
from modelling.engine.phantom.cli import main
from modelling.engine.phantom.dicom_writer import Identity, write_dicom
from modelling.engine.phantom.person import REFERENCE_DAY
from modelling.engine.phantom.projections import FILM_SCALE
from modelling.engine.phantom.worlds import make_person, make_world
from tests.modelling.engine.phantom.phantoms import IDENTITY, SEED, images_of

REGIONS = images_of(0).regions


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    paths = write_dicom(images_of(0), IDENTITY, tmp_path_factory.mktemp("ann"))
    return {path.stem: path for path in paths}


def hash_all(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_c9_every_dicom_says_that_it_is_simulated(files):
    assert sorted(files) == ["dxa", "film", "pqct-1", "pqct-2"]
    for path in files.values():
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert header.PatientID == "SIM-EXE-0001"
        assert header.ImageComments == "SIMULATED"
        assert header.Manufacturer == "Trabecula phantom"


def test_the_film_is_read_back_value_by_value(files):
    volume = read_volume([files["film"]])
    assert (volume.kind, volume.values.shape) == (FILM, (1, 640, 480))
    # The open field lies where exposure and gain put it; what is above it is the attenuation.
    assert (volume.values == images_of(0).film.values + float(images_of(0).exposure.offset)).all()
    assert volume.spacing_mm[1:] == pytest.approx(images_of(0).film.spacing_mm[1:], rel=1e-5)


def test_the_dxa_is_read_back_in_grams(files):
    volume = read_volume([files["dxa"]])
    assert (volume.kind, volume.unit) == (DXA, AREAL)
    assert volume.values == pytest.approx(images_of(0).dxa.values, abs=0.51e-4)


def test_the_slices_are_read_back_in_milligrams_and_in_order(files):
    volume = read_volume([files["pqct-2"], files["pqct-1"]])
    assert (volume.kind, volume.unit) == (PQCT, DENSITY)
    assert volume.values == pytest.approx(images_of(0).pqct.values, abs=0.051)
    assert volume.spacing_mm == pytest.approx(images_of(0).pqct.spacing_mm)


def test_the_film_tells_how_it_was_taken(files):
    header = pydicom.dcmread(files["film"], stop_before_pixels=True)
    assert (header.ImageLaterality, header.ViewPosition, header.BodyPartExamined) == ("R", "PA", "WRIST")
    exposure = images_of(0).exposure
    assert (header.KVP, header.ExposureInuAs, header.Sensitivity) == (55, exposure.uas, exposure.gain)
    assert list(header.ImagerPixelSpacing) == [0.16, 0.16]
    assert float(header.EstimatedRadiographicMagnificationFactor) == pytest.approx(1000 / 970, abs=1e-6)
    assert (header.PixelIntensityRelationship, header.PixelIntensityRelationshipSign) == ("LOG", -1)
    assert FILM_SCALE == 1e-4


def test_the_headers_name_a_person_for_de_identification_to_remove(files):
    for path in files.values():
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert header.PatientName == "Simulated^Ann"
        assert (header.PatientBirthDate, header.PatientAge) == ("19550203", "071Y")
        assert header.InstitutionName
        assert header.OperatorsName


def test_the_header_can_name_the_wrong_side(tmp_path):
    film = pydicom.dcmread(write_dicom(images_of(0), IDENTITY, tmp_path, header_side="L")[0])
    assert film.ImageLaterality == "L"
    assert (film.pixel_array - float(images_of(0).exposure.offset) == images_of(0).film.values[0]).all()


def test_a_number_without_the_mark_is_refused(tmp_path):
    named = Identity("EXE-0001", IDENTITY.name, IDENTITY.born_on, IDENTITY.taken_at)
    with pytest.raises(ValueError, match=r"number 'EXE-0001', side 'R'; wanted SIM-\.\.\. and L or R"):
        write_dicom(images_of(0), named, tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_visit_has_one_study_three_series_and_four_instances(files):
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in files.values()]
    counts = [len({header[name].value for header in headers}) for name in ("StudyInstanceUID", "SeriesInstanceUID")]
    assert counts == [1, 3]
    assert len({header.SOPInstanceUID for header in headers}) == 4


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
def test_dciodvfy_finds_no_error(files):
    for path in files.values():
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")] == []


def test_c7_the_same_command_writes_the_same_bytes(tmp_path, capsys):
    for name in ("one", "two"):
        assert main([str(tmp_path / name), "--n", "1", "--seed", "3"]) == 0
    assert capsys.readouterr().out.splitlines() == ["1 of 1", "1 of 1"]
    first = hash_all(tmp_path / "one")
    # Six files a person, the plan and the manifest.
    assert len(first) == 8
    assert first == hash_all(tmp_path / "two")


def test_another_seed_writes_other_bytes(tmp_path):
    for seed in ("3", "4"):
        main([str(tmp_path / seed), "--n", "1", "--seed", seed])
    three, four = hash_all(tmp_path / "3"), hash_all(tmp_path / "4")
    assert three.keys() == four.keys()
    assert not set(three.values()) & set(four.values())


def test_nobody_is_no_cohort(tmp_path, capsys):
    assert main([str(tmp_path), "--n", "0"]) == 2
    assert "wanted n from 1" in capsys.readouterr().err


def test_the_truth_is_written_and_marked(tmp_path):
    main([str(tmp_path), "--n", "1", "--seed", "3", "--first", "4"])
    truth = json.loads((tmp_path / "person-0004" / "truth.json").read_text("utf-8"))
    person = make_person(3, 4)
    assert truth["mark"] == json.loads((tmp_path / "person-0004" / "answers.json").read_text("utf-8"))["mark"]
    assert truth["mark"] == "SIMULATED"
    assert truth["person"]["p_op"] == person.p_op
    assert truth["side"] == person.scanned_side


def test_every_answer_is_one_the_form_would_take():
    dictionary = load_dictionary()
    for index in range(120):
        answers = make_answers(make_person(SEED, index), REGIONS, REFERENCE_DAY)
        for form, rows in answers.items():
            for row in rows:
                for variable, value in row.items():
                    field = dictionary.field(variable)
                    assert (field.form, field.type == "calc") == (form, False)
                    typed = value if isinstance(value, list) else str(value)
                    assert read_value(field, typed, REFERENCE_DAY) == value, variable


def test_the_lowest_printed_t_score_is_the_label():
    for index in range(120):
        person = make_person(SEED, index)
        rows = make_answers(person, REGIONS, REFERENCE_DAY)["dxa"]
        axial = [row["dxa_t"] for row in rows if row["dxa_roi"][:2] in {"LS", "FN", "TH"}]
        assert len(axial) == 3
        assert (min(axial) <= -2.5) == person.has_op


def test_who_has_the_outcome_has_a_clear_low_trauma_fracture_and_others_have_none():
    world = make_world(SEED, range(200))
    assert 0 < world.outcomes.has_fx.sum() < 200
    for index in range(200):
        person = make_person(SEED, index)
        rows = make_answers(person, REGIONS, REFERENCE_DAY)["fxh"]
        # CLINICAL 1.7: a fall from standing height or a lift is low trauma; fingers and toes never count.
        clear = [row for row in rows if row.get("fxh_mech") == "lift" or row.get("fxh_height") == "0"]
        assert any(row["fxh_site"] not in {"toe", "finger"} for row in clear) == person.has_fx


def test_the_side_that_is_scanned_tells_nothing_of_a_broken_wrist():
    broken = 0
    for index in range(200):
        person = make_person(SEED, index)
        for row in make_answers(person, REGIONS, REFERENCE_DAY)["fxh"]:
            if row.get("fxh_site") == "radius_distal":
                broken += 1
                assert row["fxh_side"] != person.scanned_side
    assert broken > 5


def test_fractures_lie_between_birth_and_visit():
    visit_on = REFERENCE_DAY - timedelta(days=100)
    for index in range(200):
        person = make_person(SEED, index)
        for row in make_answers(person, REGIONS, visit_on)["fxh"]:
            if row["fxh_any"] == "1":
                year, month = int(row["fxh_date"][:4]), int(row["fxh_date"][5:7] or 1)
                assert person.born_on < date(year, month, 1) < visit_on
                assert abs(year - person.born_on.year - row["fxh_age"]) <= 1


def test_bone_content_area_and_density_agree_within_half_a_percent():
    for index in range(60):
        for row in make_answers(make_person(SEED, index), images_of(index % 3).regions, REFERENCE_DAY)["dxa"]:
            assert np.isclose(row["dxa_bmc"] / row["dxa_area"], row["dxa_bmd"], rtol=0.005)

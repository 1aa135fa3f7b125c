"""The reader of an upload, run as the process it is."""

import json
import zipfile
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import FileDataset

from cohort.deid.upload import read_told
from cohort.formats.reading import read_volume
from tests.cohort.deid.builders import CODE, fingerprints, lay_out, run_reader
from tests.cohort.formats.builders import data_file, make_dxa, make_film, make_slices, save, wrap_radiograph


def read_one(folder: Path, made: FileDataset, modality: str = "film", side: str = "L", **other):
    """Return (the verdict on the one file, its series or None)."""
    answer = run_reader(lay_out(folder / "job", [save(made, folder / "a.dcm")], modality, side, **other))
    return answer["files"][0], (answer["series"] or [None])[0]


def test_a_radiograph_comes_in_with_its_facts_and_its_picture(tmp_path: Path) -> None:
    verdict, series = read_one(tmp_path, make_film())
    assert (verdict["verdict"], verdict["step"], verdict["series"]) == ("accepted", "verify", 1)
    assert (series["modality"], series["side"], series["taken_on"]) == ("film", "L", "2026-03-15")
    assert series["side_evidence"] == {"form": "L", "header": "L", "marker": None}
    assert (series["rows"], series["columns"], series["spacing_is"]) == (60, 48, "patient")
    for one in series["files"]:
        path = tmp_path / "job" / "out" / one["name"]
        assert sha256(path.read_bytes()).hexdigest() == one["sha256"]
    assert [one["role"] for one in series["files"]] == ["image", "thumbnail"]
    assert b"MUSTERFRAU" not in (tmp_path / "job" / "out" / "verdicts.json").read_bytes().upper()


def test_the_same_upload_gives_the_same_bytes(tmp_path: Path) -> None:
    made = make_film()
    first, second = read_one(tmp_path / "1", made)[1], read_one(tmp_path / "2", made)[1]
    assert first == second


def test_another_persons_file_is_refused(tmp_path: Path) -> None:
    verdict, series = read_one(tmp_path, make_film(PatientName="OTHER^PERSON"))
    assert (verdict["verdict"], verdict["step"], verdict["code"]) == ("refused", "match", "person")
    assert verdict["reason"].startswith("The file names another person")
    assert "OTHER" not in verdict["reason"].upper().replace("ANOTHER", "")
    assert series is None


def test_the_other_side_stops_with_a_choice(tmp_path: Path) -> None:
    verdict, series = read_one(tmp_path, make_film(side="R"))
    assert (verdict["verdict"], verdict["step"], verdict["code"]) == ("side_conflict", "side", "side")
    assert "header says RIGHT and it was dropped at the LEFT forearm" in verdict["reason"]
    assert series is None


def test_a_header_that_somebody_called_wrong_comes_in_at_the_forms_side(tmp_path: Path) -> None:
    verdict, series = read_one(tmp_path, make_film(side="R"), side_answer="header_wrong")
    assert verdict["verdict"] == "accepted"
    assert (series["side"], series["side_evidence"]["header"]) == ("L", "R")


def test_an_image_of_another_modality_is_sent_where_it_belongs(tmp_path: Path) -> None:
    verdict, _ = read_one(tmp_path, make_dxa())
    assert (verdict["code"], verdict["step"]) == ("modality", "read")
    assert verdict["reason"] == "The file is a DXA image; it was dropped where a radiograph belongs. Drop it there."


@pytest.mark.parametrize(
    ("part", "words"),
    [("HIP", "a hip"), ("lspine", "the lumbar spine"), ("MUSTERFRAU", "another part of the body")],
)
def test_a_scan_of_another_part_of_the_body_is_no_forearm(tmp_path: Path, part: str, words: str) -> None:
    verdict, series = read_one(tmp_path, make_dxa(BodyPartExamined=part), modality="dxa")
    assert (verdict["verdict"], verdict["step"], verdict["code"]) == ("refused", "read", "region")
    assert verdict["reason"] == f"The file's header says that it shows {words}; wanted the wrist or the forearm."
    assert series is None


@pytest.mark.parametrize(
    ("part", "region"), [("DISTAL RADIUS", "radius"), ("UPPER EXTREMITY", "forearm"), ("", "forearm")]
)
def test_a_scan_of_the_forearm_comes_in_whether_or_not_the_header_names_it(
    tmp_path: Path, part: str, region: str
) -> None:
    verdict, series = read_one(tmp_path, make_dxa(BodyPartExamined=part), modality="dxa")
    assert (verdict["verdict"], series["region"]) == ("accepted", region)


def test_a_simulated_image_stays_out_of_a_study_of_people_and_the_other_way_round(tmp_path: Path) -> None:
    marked = make_film(ImageComments="SIMULATED", PatientID=f"SIM-{CODE}")
    verdict, _ = read_one(tmp_path / "1", marked)
    assert (verdict["code"], verdict["reason"].split(";")[0]) == ("origin", "The file is a simulated image")
    verdict, _ = read_one(tmp_path / "2", make_film(), origin="simulated")
    assert "not marked as simulated" in verdict["reason"]
    verdict, series = read_one(tmp_path / "3", marked, origin="simulated")
    assert verdict["verdict"] == "accepted"
    assert series is not None


def test_slices_become_one_series_in_order(tmp_path: Path) -> None:
    paths = [save(one, tmp_path / f"{n}.dcm") for n, one in enumerate(make_slices([4.4, 0, 2.2]))]
    answer = run_reader(lay_out(tmp_path / "job", paths, "pqct"))
    (series,) = answer["series"]
    assert (series["n_instances"], series["unit"], series["spacing_mm"]) == (3, "mg HA/cm3", [2.2, 0.5, 0.5])
    images = [tmp_path / "job" / "out" / one["name"] for one in series["files"] if one["role"] == "image"]
    assert np.array_equal(read_volume(images).values, read_volume(paths).values)


def test_a_series_with_a_gap_is_refused_as_a_whole(tmp_path: Path) -> None:
    paths = [save(one, tmp_path / f"{n}.dcm") for n, one in enumerate(make_slices([0, 2.2, 4.4, 8.8]))]
    answer = run_reader(lay_out(tmp_path / "job", paths, "pqct"))
    assert {one["code"] for one in answer["files"]} == {"gap"}
    assert answer["series"] == []


def test_one_bad_file_does_not_take_the_good_ones_with_it(tmp_path: Path) -> None:
    packed = tmp_path / "all.zip"
    zipfile.ZipFile(packed, "w").close()
    (tmp_path / "text.dcm").write_text("participant,age\n" * 500)
    short = save(make_film(), tmp_path / "short.dcm")
    short.write_bytes(short.read_bytes()[:-500])
    good = save(make_film(), tmp_path / "good.dcm")
    answer = run_reader(lay_out(tmp_path / "job", [packed, tmp_path / "text.dcm", short, good]))
    assert [one["code"] for one in answer["files"]] == ["zip", "unknown", "truncated", ""]
    assert "Unpack it and send the files" in answer["files"][0]["reason"]
    assert len(answer["series"]) == 1


def test_the_same_image_twice_is_taken_in_once(tmp_path: Path) -> None:
    path = save(make_film(), tmp_path / "a.dcm")
    answer = run_reader(lay_out(tmp_path / "job", [path, path]))
    assert [one["code"] for one in answer["files"]] == ["", "duplicate"]


def test_one_uid_on_two_images_is_refused(tmp_path: Path) -> None:
    first = make_film(uid="1.2.3.4.5")
    second = make_film(np.zeros((60, 48), np.uint16), uid="1.2.3.4.5")
    paths = [save(first, tmp_path / "a.dcm"), save(second, tmp_path / "b.dcm")]
    answer = run_reader(lay_out(tmp_path / "job", paths))
    assert [one["code"] for one in answer["files"]] == ["", "same_uid"]


def test_a_file_that_is_not_whole_any_more_is_refused(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "job", [save(make_film(), tmp_path / "a.dcm")])
    told = json.loads((folder / "upload.json").read_text())
    told["files"][0]["bytes"] += 1
    (folder / "upload.json").write_text(json.dumps(told))
    assert run_reader(folder)["files"][0]["code"] == "truncated"


def test_a_path_outside_the_folder_is_no_file_of_the_upload(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "job", [save(make_film(), tmp_path / "a.dcm")])
    told = json.loads((folder / "upload.json").read_text())
    told["files"][0]["path"] = "../../a.dcm"
    (folder / "upload.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match="outside its folder"):
        read_told(folder)


def test_real_radiographs_come_in(tmp_path: Path) -> None:
    for number in ("hand-1", "hand-3", "wrist-1", "wrist-3"):
        made = wrap_radiograph(data_file(f"radiographs/normal_adult_right_{number}_cropped.png"))
        verdict, series = read_one(tmp_path / number, made, side="R")
        assert verdict["verdict"] == "accepted", verdict["reason"]
        picture = Image.open(tmp_path / number / "job" / "out" / "1" / "thumbnail.png")
        assert max(picture.size) == 480
        assert picture.text == {}
        assert series["side_evidence"]["header"] == "R"


def test_a_real_stratec_scan_comes_in_as_a_picture_without_density(tmp_path: Path) -> None:
    path = data_file("volumes/stratec_phantom_I0025851.m01")
    born = date(1901, 1, 1)
    person = fingerprints(family_name="TIMOCALIBRATION", given_name="", birth_date=born, hospital_number="")
    folder = lay_out(tmp_path / "job", [path], "pqct", fingerprints=person)
    answer = run_reader(folder)
    (series,) = answer["series"]
    assert (series["unit"], series["kind"], series["taken_on"]) == ("native", "native", "2016-10-14")
    assert b"TIMOCALIBRATION" not in (folder / "out" / "1" / "0001.m01").read_bytes()
    assert np.load(folder / "out" / "1" / "volume.npy").shape == (1, 655, 655)


SCANNER = b"//File TYP\\XCT3010.TYP\r\n[DeviceType XCT3010.TYP]\r\nXSlope  =  1495\r\nXInter = -341\r\n[HvCheck]\r\n"
"""In the form of a public file of another scanner; the numbers are those of an XCT 3000 in pQCT for ImageJ."""


def read_stratec_with(tmp_path: Path, *others: bytes):
    files = [data_file("volumes/stratec_phantom_I0025851.m01")]
    for number, content in enumerate(others):
        files.append(tmp_path / f"{number}.TYP")
        files[-1].write_bytes(content)
    born = date(1901, 1, 1)
    person = fingerprints(family_name="TIMOCALIBRATION", given_name="", birth_date=born, hospital_number="")
    return run_reader(lay_out(tmp_path / "job", files, "pqct", fingerprints=person))


def test_a_stratec_scan_alone_says_what_to_add(tmp_path: Path) -> None:
    answer = read_stratec_with(tmp_path)
    assert answer["files"][0]["verdict"] == "accepted"
    said = "For densities drop the scan and the scanner's file XCT3010.TYP together."
    assert answer["files"][0]["reason"].endswith(said)


def test_a_stratec_scan_with_its_scanners_file_comes_in_with_its_density(tmp_path: Path) -> None:
    answer = read_stratec_with(tmp_path, SCANNER)
    (series,) = answer["series"]
    assert (series["unit"], series["kind"], series["n_instances"]) == ("mg HA/cm3", "density", 1)
    assert series["exposure"] == {"density_slope": 1.495, "density_intercept": -341.0}
    # Native numbers of this scan run from -86 to 919.
    assert series["volume"]["min"] == pytest.approx(-86 * 1.495 - 341)
    assert series["volume"]["max"] == pytest.approx(919 * 1.495 - 341, rel=1e-6)
    scan, scanner = answer["files"]
    assert scan["reason"] == "Taken in: series 1, 1 image."
    assert (scanner["verdict"], scanner["series"]) == ("accepted", 1)
    assert scanner["reason"] == "Used for series 1: density = 1.495 x number -341 mg/cm3."


def test_another_scanners_file_calibrates_nothing(tmp_path: Path) -> None:
    answer = read_stratec_with(tmp_path, SCANNER.replace(b"XCT3010", b"XCT2000"))
    assert answer["series"][0]["unit"] == "native"
    assert answer["files"][1]["code"] == "typ_alone"
    assert answer["files"][1]["reason"].startswith("This is the file of the scanner XCT2000.TYP, and no scan of it")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (SCANNER.replace(b"XSlope  =  1495", b""), "no XSlope"),
        (SCANNER.replace(b"1495", b"many"), "XSlope = many"),
        (SCANNER.replace(b"-341", b"99999"), "XInter = 99999"),
    ],
)
def test_a_scanners_file_that_says_no_equation_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    answer = read_stratec_with(tmp_path, content)
    assert (answer["files"][1]["verdict"], answer["files"][1]["code"]) == ("refused", "typ")
    assert found in answer["files"][1]["reason"]
    assert answer["series"][0]["unit"] == "native"


def test_a_real_scout_view_and_a_strangers_scan_are_refused(tmp_path: Path) -> None:
    files = [data_file(f"volumes/stratec_phantom_{kind}0025851.m01") for kind in "CI"]
    answer = run_reader(lay_out(tmp_path / "job", files, "pqct"))
    assert [one["code"] for one in answer["files"]] == ["scout", "person"]


def test_a_real_isq_comes_in_with_its_density(tmp_path: Path) -> None:
    answer = run_reader(lay_out(tmp_path / "job", [data_file("volumes/test_isq_calibrated_binary_25.ISQ")], "hrpqct"))
    (series,) = answer["series"]
    assert (series["unit"], series["spacing_mm"]) == ("mg HA/cm3", [0.06, 0.06, 0.06])
    assert series["volume"]["n_slices"] == 25

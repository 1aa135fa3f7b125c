"""The writer of a snapshot: files, hashes and images, from what was laid beside it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from cohort.datasets.intensity import ATTENUATION, DISPLAYED, Intensity, make_attenuation, read_intensity
from cohort.datasets.writing import (
    STORED,
    check_folder,
    hash_manifest,
    main,
    make_canonical,
    write_snapshot,
)

ANN, BEA = "b" * 32, "a" * 32


def lay(folder: Path, *, purpose: str = "train", labels: tuple[int | None, int | None] = (1, 0), **plan: Any) -> Path:
    """Lay out two people, Ann with a film, as a worker does."""
    folder.mkdir()
    (folder / "raw").mkdir()
    np.save(folder / "raw" / "ann.npy", np.arange(1, 13, dtype=np.uint16).reshape(1, 3, 4))
    column = {"name": "weight_kg", "kind": "number", "unit": "kg", "codes": [], "group": "ant"}
    whole = {"id": "7", "purpose": purpose, "columns": [column], "weights": None, "origin": "simulated", **plan}
    rows = [
        {"token": ANN, "values": {"weight_kg": 61.5}, "label": labels[0], "weight": 2.5},
        {"token": BEA, "values": {"weight_kg": None}, "label": labels[1], "weight": 0.5},
    ]
    image = {
        "token": ANN,
        "modality": "film",
        "side": "L",
        "spacing_mm": [1.0, 0.15, 0.15],
        "unit": STORED,
        "intensity": {"relationship": "LIN", "sign": 1},
        "file": "raw/ann.npy",
    }
    for name, content in (("plan", whole), ("rows", rows), ("images", [image])):
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return folder


def test_the_tables_are_in_the_order_of_the_tokens(tmp_path: Path) -> None:
    folder = lay(tmp_path / "job")
    write_snapshot(folder)
    assert (folder / "result/table.csv").read_text() == f"token,weight_kg\n{BEA},\n{ANN},61.5\n"
    assert (folder / "result/labels.csv").read_text() == f"token,label\n{BEA},0\n{ANN},1\n"


def test_survey_weights_stand_beside_the_labels(tmp_path: Path) -> None:
    folder = lay(tmp_path / "job", weights="WT_COMBINED")
    write_snapshot(folder)
    assert (folder / "result/labels.csv").read_text() == f"token,label,weight\n{BEA},0,0.5\n{ANN},1,2.5\n"


def test_test_inputs_carry_no_label_even_if_one_was_laid_out(tmp_path: Path) -> None:
    folder = lay(tmp_path / "job", purpose="test")
    manifest = write_snapshot(folder)
    assert {one["path"] for one in manifest["files"]} == {"table.csv", "images.csv", f"images/film/{ANN}.npy"}
    assert not (folder / "result/labels.csv").exists()


def test_a_training_row_without_a_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a row for training has no label"):
        write_snapshot(lay(tmp_path / "job", labels=(1, None)))


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_snapshot(lay(tmp_path / name)) for name in ("one", "two"))
    assert first["sha256"] == second["sha256"]
    assert first["files"] == second["files"]


def test_a_left_forearm_is_mirrored_to_a_right_one(tmp_path: Path) -> None:
    folder = lay(tmp_path / "job")
    write_snapshot(folder)
    image = np.load(folder / f"result/images/film/{ANN}.npy")
    # The brightest stored value lies last; mirrored, it begins its row. Attenuation there is 0.
    assert image.dtype == np.float32
    assert image[0, 2, 0] == pytest.approx(0.0, abs=2e-3)
    assert image[0, 2, 0] < image[0, 2, 3]
    assert (folder / "result/images.csv").read_text().splitlines()[1] == (
        f"{ANN},film,images/film/{ANN}.npy,L,1,1.0,0.15,0.15,{ATTENUATION}"
    )


def test_a_right_forearm_stays_as_it_is() -> None:
    values = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    canonical, unit, is_flipped = make_canonical(values, "R", "mg HA/cm3", None)
    assert (unit, is_flipped) == ("mg HA/cm3", False)
    assert np.array_equal(canonical, values)


# 2 cm of water at 0.206 /cm let exp(-0.412) of the dose through; I0 is 4000 grey values, or 10000 per unit of ln.
FILMS = {
    ("LIN", 1): (4000.0, 4000.0 * np.exp(-0.412)),
    ("LIN", -1): (0.0, 4000.0 * (1 - np.exp(-0.412))),
    ("LOG", -1): (0.0, 4120.0),
    ("LOG", 1): (9000.0, 9000.0 - 4120.0),
}


@pytest.mark.parametrize("header", FILMS)
def test_attenuation_follows_beer_and_lambert_whatever_the_grey_means(header: tuple[str, int]) -> None:
    open_field, behind_water = FILMS[header]
    film = np.full((1, 50, 50), open_field, dtype=np.float32)
    film[0, 10, 10] = behind_water
    # Of an inverted linear film nothing but its brightest value tells the dose's zero: a lead letter.
    film[0, 0, 0] = 4000.0 if header == ("LIN", -1) else film[0, 0, 0]
    found, unit = make_attenuation(film, Intensity(*header))
    assert unit == ATTENUATION
    assert found[0, 10, 10] == pytest.approx(0.412, abs=1e-4)
    assert found[0, 20, 20] == pytest.approx(0.0, abs=1e-4)


def test_grey_made_to_look_at_is_never_called_attenuation() -> None:
    film = np.linspace(100, 900, 2500, dtype=np.float32).reshape(1, 50, 50)
    found, unit = make_attenuation(film, Intensity())
    assert unit == DISPLAYED
    assert found.min() == pytest.approx(0.0, abs=0.01)
    assert found.max() == pytest.approx(1.0, abs=0.01)


def test_the_header_says_what_the_grey_means(tmp_path: Path) -> None:
    dataset = Dataset()
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", -1
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.save_as(tmp_path / "film.dcm", enforce_file_format=True)
    assert read_intensity(tmp_path / "film.dcm") == Intensity("LOG", -1)
    del dataset.PixelIntensityRelationship
    dataset.save_as(tmp_path / "silent.dcm", enforce_file_format=True)
    assert read_intensity(tmp_path / "silent.dcm").relationship == "DISP"


def test_an_image_with_holes_is_refused() -> None:
    with pytest.raises(ValueError, match="not three axes of finite numbers"):
        make_canonical(np.full((1, 2, 2), np.nan, dtype=np.float32), "R", "g/cm2", None)
    with pytest.raises(ValueError, match="not three axes"):
        make_canonical(np.zeros((2, 2), dtype=np.float32), "R", "g/cm2", None)


def test_a_changed_file_is_found_by_its_hash(tmp_path: Path) -> None:
    folder = lay(tmp_path / "job")
    manifest = write_snapshot(folder)
    check_folder(folder / "result", manifest)
    (folder / "result/table.csv").write_text(f"token,weight_kg\n{BEA},\n{ANN},61.6\n")
    with pytest.raises(ValueError, match=r"1 file\(s\) are not what the manifest says, the first is table\.csv"):
        check_folder(folder / "result", manifest)


def test_a_file_too_many_is_found(tmp_path: Path) -> None:
    folder = lay(tmp_path / "job")
    manifest = write_snapshot(folder)
    (folder / "result/extra.csv").write_text("token,label\n")
    with pytest.raises(ValueError, match=r"the first is extra\.csv"):
        check_folder(folder / "result", manifest)


def test_a_changed_manifest_does_not_have_its_hash(tmp_path: Path) -> None:
    manifest = write_snapshot(lay(tmp_path / "job"))
    assert hash_manifest(manifest) == manifest["sha256"]
    with pytest.raises(ValueError, match="does not have the hash it states"):
        check_folder(tmp_path / "job/result", manifest | {"origin": "human"})


def test_the_writer_says_what_it_wants_when_called_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: python -m cohort.datasets.writing FOLDER" in capsys.readouterr().err

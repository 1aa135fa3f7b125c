"""The command that measures images in a folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from modelling.engine.cli import main
from modelling.engine.features.catalogue import QUANTITIES, VERSION, list_quantities
from modelling.engine.training.fields import MEASUREMENTS
from tests.modelling.engine.features.drawings import draw_film


def lay(folder: Path, values: np.ndarray, **told: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "volume.npy", values)
    words = {"modality": "film", "side": "R", "spacing_mm": [1.0, 0.15, 0.15], "spacing_is": "patient", **told}
    (folder / "volume.json").write_text(json.dumps(words), "utf-8")


def film() -> np.ndarray:
    return draw_film(radius=(6.5, 4.0), ulna=(5.5, 3.4), pixel_mm=0.15)


def read(folder: Path) -> dict[str, dict[str, list[dict[str, object]]]]:
    return json.loads((folder / "result" / "measurements.json").read_text("utf-8"))["series"]


def test_an_image_in_a_folder_is_measured(tmp_path: Path) -> None:
    lay(tmp_path, film())
    assert main(["measure-job", str(tmp_path)]) == 0
    values = {one["name"]: one for one in read(tmp_path)["volume"]["values"]}
    assert values["film.radius_width"]["unit"] == "mm"
    assert values["film.radius_width"]["value"] == pytest.approx(13.0, abs=0.25)


def test_several_images_are_measured_each_under_its_name(tmp_path: Path) -> None:
    lay(tmp_path / "series" / "one", film())
    lay(tmp_path / "series" / "two", np.zeros((1, 60, 60)), modality="dxa")
    assert main(["measure-job", str(tmp_path)]) == 0
    found = read(tmp_path)
    assert found["one"]["values"]
    assert found["two"]["values"] == []


def test_an_image_in_which_nothing_is_found_says_why(tmp_path: Path) -> None:
    lay(tmp_path, np.zeros((1, 60, 60)), modality="dxa")
    assert main(["measure-job", str(tmp_path)]) == 0
    left_out = read(tmp_path)["volume"]["left_out"]
    assert {one["name"] for one in left_out} == {one.name for one in list_quantities("dxa")}
    assert "wanted the forearm" in str(left_out[0]["why"])


def test_no_value_is_said_aloud(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lay(tmp_path, film())
    main(["measure-job", str(tmp_path)])
    (said,) = [line for line in capfd.readouterr().out.splitlines() if "result" in line]
    assert set(json.loads(said)["result"]) == {"version", "n_values", "sha256"}
    assert json.loads(said)["result"]["version"] == VERSION


@pytest.mark.parametrize(
    ("told", "why"), [({"modality": "mri"}, "nothing is measured in 'mri'"), ({"side": None}, None)]
)
def test_what_cannot_be_measured_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], told: dict[str, object], why: str | None
) -> None:
    lay(tmp_path, film(), **told)
    if why is None:
        words = json.loads((tmp_path / "volume.json").read_text("utf-8"))
        del words["side"]
        (tmp_path / "volume.json").write_text(json.dumps(words), "utf-8")
        why = "lacks the modality, the side or the spacing"
    assert main(["measure-job", str(tmp_path)]) == 1
    assert why in capfd.readouterr().out


def test_an_empty_folder_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["measure-job", str(tmp_path)]) == 1
    assert "there is nothing to measure" in capfd.readouterr().out


def test_values_that_are_not_finite_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lay(tmp_path, np.full((1, 30, 30), np.nan))
    assert main(["measure-job", str(tmp_path)]) == 1
    assert "wanted finite values" in capfd.readouterr().out


def test_every_quantity_is_classified_for_the_tasks() -> None:
    known = {name for names in MEASUREMENTS.values() for name in names.split()}
    assert {one.base for one in QUANTITIES.values()} <= known
    assert "fe.stiffness" in known
    assert "fe.stiffness" not in QUANTITIES


def test_the_phantom_is_a_command_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", str(tmp_path), "--n", "0"]) == 2
    assert "n is 0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert "phantom" in shown
    assert "measure a bone volume" in shown

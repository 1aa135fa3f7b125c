"""Predicting with a trained model: intervals, the radiograph alone, and for whom it must not answer."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelling.engine import predict
from modelling.engine.training import run
from modelling.engine.training.snapshot import read_snapshot
from modelling.engine.training.trained import Stop
from portal.jobs import reporting
from tests.modelling.engine.snapshots import change_manifest, make_snapshot, replace_file
from tests.modelling.engine.training.tiny import TINY, lay_run

CLINICAL: dict[str, Any] = {"task": "OP_WHO", "recipe": "clinical"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Run folders of a trained model of each recipe."""
    found = {}
    for name, config in (("fusion", TINY), ("clinical", CLINICAL)):
        found[name] = lay_run(tmp_path_factory.mktemp(name), config, n=40)
        assert run.work_in(found[name], Stop()) == 0
    return found


def lay_prediction(folder: Path, trained: Path, inputs: str = "", **wanted: Any) -> Path:
    shutil.copytree(trained / "result", folder / "model")
    make_snapshot(folder / "inputs", **{"n": 12, "seed": 9, "purpose": "test"} | wanted)
    if inputs:
        (folder / "config.json").write_text(json.dumps({"inputs": inputs}))
    return folder


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def read_failure(capfd: pytest.CaptureFixture[str], folder: Path) -> str:
    assert predict.main(folder) == 1
    said = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert not (folder / "result" / "predictions.csv").exists()
    return str(said["failure"]["text"])


@pytest.mark.parametrize("recipe", ["fusion", "clinical"])
def test_everybody_gets_a_probability_within_an_interval(tmp_path: Path, models: dict[str, Path], recipe: str) -> None:
    folder = lay_prediction(tmp_path, models[recipe])
    assert predict.work_in(folder) == 0
    rows = read_rows(folder / "result" / "predictions.csv")
    assert [row["token"] for row in rows] == list(read_snapshot(folder / "inputs").tokens)
    for row in rows:
        assert 0 <= float(row["lower"]) <= float(row["p"]) <= float(row["upper"]) <= 1
    result = json.loads((folder / "result" / "predictions.json").read_bytes())
    assert result["n"] == 12
    assert result["inputs_sha256"] == read_snapshot(folder / "inputs").sha256
    assert result["n_training"] == 40
    assert {row["compatible"] for row in read_rows(folder / "result" / "sets.csv")} <= {"0", "1", "01", ""}


def test_predicting_twice_gives_the_same_bytes(tmp_path: Path, models: dict[str, Path]) -> None:
    found = []
    for name in ("one", "two"):
        folder = lay_prediction(tmp_path / name, models["fusion"])
        assert predict.work_in(folder) == 0
        found.append((folder / "result" / "predictions.csv").read_bytes())
    assert found[0] == found[1]


def test_the_film_alone_does_not_hang_on_anything_else(tmp_path: Path, models: dict[str, Path]) -> None:
    both = lay_prediction(tmp_path / "both", models["fusion"], inputs="film", missing=0.0)
    assert predict.work_in(both) == 0
    other = lay_prediction(tmp_path / "other", models["fusion"], inputs="film", missing=0.0)
    shutil.rmtree(other / "inputs")
    make_snapshot(other / "inputs", n=12, seed=9, purpose="test", missing=0.0, modalities=("film",))
    assert predict.work_in(other) == 0
    found = [{row["token"]: row["p"] for row in read_rows(one / "result" / "predictions.csv")} for one in (both, other)]
    assert found[0] == found[1]
    result = json.loads((both / "result" / "predictions.json").read_bytes())
    assert (result["inputs"], result["inputs_words"]) == ("film", "the radiograph alone")


def test_the_film_alone_wants_no_table_and_no_other_image(tmp_path: Path, models: dict[str, Path]) -> None:
    folder = lay_prediction(tmp_path, models["fusion"], inputs="film")
    rows = (folder / "inputs" / "table.csv").read_text().splitlines()
    replace_file(folder / "inputs", "table.csv", "".join(f"{row.split(',')[0]}\n" for row in rows).encode())
    listed = (folder / "inputs" / "images.csv").read_bytes()
    replace_file(folder / "inputs", "images.csv", listed.replace(b"g/cm2", b"HU"))
    change_manifest(folder / "inputs", columns=[])
    assert predict.work_in(folder) == 0
    assert len(read_rows(folder / "result" / "predictions.csv")) == len(read_snapshot(folder / "inputs").images["film"])


def test_whoever_has_no_film_gets_no_film_only_answer_and_is_counted(tmp_path: Path, models: dict[str, Path]) -> None:
    folder = lay_prediction(tmp_path, models["fusion"], inputs="film", missing=0.5)
    assert predict.work_in(folder) == 0
    result = json.loads((folder / "result" / "predictions.json").read_bytes())
    n_films = len(read_snapshot(folder / "inputs").images["film"])
    assert (result["n"], result["n_without_inputs"]) == (n_films, 12 - n_films)
    assert 0 < n_films < 12


@pytest.mark.parametrize("recipe", ["fusion", "clinical"])
@pytest.mark.parametrize("inputs", ["", "film"])
def test_a_model_of_simulated_bones_shows_no_risk_for_a_person(
    tmp_path: Path, models: dict[str, Path], capfd: pytest.CaptureFixture[str], recipe: str, inputs: str
) -> None:
    asked = "" if recipe == "clinical" else inputs
    folder = lay_prediction(tmp_path, models[recipe], inputs=asked, origin="human")
    said = read_failure(capfd, folder)
    assert "this model has only seen simulated bones; no risk is shown for a real radiograph" in said


def test_a_model_of_people_shows_no_risk_for_a_simulated_bone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trained = lay_run(tmp_path / "trained", CLINICAL, n=40, origin="human")
    assert run.work_in(trained, Stop()) == 0
    folder = lay_prediction(tmp_path / "asked", trained)
    assert "it shows no risk for a simulated bone" in read_failure(capfd, folder)


def spoil_weights(folder: Path) -> None:
    path = folder / "model" / "weights-0.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def ask_for_film(folder: Path) -> None:
    (folder / "config.json").write_text('{"inputs": "film"}')


def spoil_model(folder: Path) -> None:
    (folder / "model" / "model.json").write_text('{"format": "other"}')


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_weights, "weights-0.safetensors has the SHA-256"),
        (spoil_model, "model.json is no model of the format trabecula.model/1"),
        (ask_for_film, "inputs is 'film'; this model answers from table"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path,
    models: dict[str, Path],
    capfd: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    folder = lay_prediction(tmp_path, models["clinical"])
    spoil(folder)
    assert words in read_failure(capfd, folder)


def test_inputs_for_another_task_are_refused(
    tmp_path: Path, models: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = lay_prediction(tmp_path, models["clinical"], task="FX_FRAG")
    assert "the inputs are for the task FX_FRAG; the model is of OP_WHO" in read_failure(capfd, folder)


def test_a_head_of_future_fractures_stays_locked_until_its_twentieth_event(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for n_events in (19, 20):
        folder = tmp_path / str(n_events)
        config = CLINICAL | {"task": "FX_INC"}
        trained = lay_run(folder / "trained", config, n=50, prevalence=n_events / 50, task="FX_INC")
        assert run.work_in(trained, Stop()) == 0
        asked = lay_prediction(folder / "asked", trained, task="FX_INC")
        metrics = json.loads((trained / "result" / "metrics.json").read_bytes())["inputs"]["table"]
        card = json.loads((trained / "result" / "card.json").read_bytes())
        assert metrics["n_events"] == n_events
        why = "19 events in training, wanted at least 20"
        if n_events == 19:
            assert f"the model of FX_INC is locked: not estimable: {why}" in read_failure(capfd, asked)
            assert (metrics["auc_mean"], metrics["auc_pooled"]["why"]) == (None, why)
            assert card["locked_because"] == f"not estimable: {why}"
            assert {fold["auc"] for fold in metrics["folds"]} == {None}
        else:
            assert predict.work_in(asked) == 0
            assert metrics["auc_mean"] is not None
            assert card["is_locked"] is False


def test_a_column_in_another_unit_is_refused(tmp_path: Path, models: dict[str, Path]) -> None:
    model = json.loads((models["clinical"] / "result" / "model.json").read_bytes())
    snapshot = read_snapshot(make_snapshot(tmp_path, purpose="test"))
    predict.check_fit(model, snapshot, "table")
    model["columns"][1]["unit"] = "lb"
    with pytest.raises(ValueError, match="'weight_kg' is a number in 'kg'; the model learned a number in 'lb'"):
        predict.check_fit(model, snapshot, "table")
    model["columns"][1] = model["columns"][1] | {"name": "hip_t"}
    with pytest.raises(ValueError, match="the inputs lack the column 'hip_t'"):
        predict.check_fit(model, snapshot, "table")


def test_images_in_another_unit_are_refused(
    tmp_path: Path, models: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = lay_prediction(tmp_path, models["fusion"])
    listed = (folder / "inputs" / "images.csv").read_bytes()
    replace_file(folder / "inputs", "images.csv", listed.replace(b"g/cm2", b"HU"))
    said = read_failure(capfd, folder)
    assert "images of the modality 'dxa' are in 'HU'; the model learned 'g/cm2'" in said


def test_no_recipe_answers_without_words_for_its_inputs(models: dict[str, Path]) -> None:
    for folder in models.values():
        model = json.loads((folder / "result" / "model.json").read_bytes())
        assert set(model["inputs"]) <= set(predict.WORDS_OF_INPUTS)
        assert set(model["thresholds"]) == set(model["calibration"]) == set(model["inputs"])


def test_a_folder_without_a_model_ends_without_a_word_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reporting.run_reporting(lambda: predict.work_in(tmp_path))

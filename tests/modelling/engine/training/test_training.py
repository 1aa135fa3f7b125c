"""Trainings from end to end, as small as they go: the same twice, the same after a stop, blind to labels held out."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelling.engine.predict import read_model, read_weights
from modelling.engine.training import clinical, fusion, run
from modelling.engine.training.results import describe_model, measure_all, write_results
from modelling.engine.training.snapshot import read_snapshot
from modelling.engine.training.trained import NotFinite, Stop, Trained
from portal.jobs import reporting
from tests.modelling.engine.snapshots import make_snapshot, replace_file
from tests.modelling.engine.training.tiny import TINY, lay_run, make_work

CHECKOUT = Path(__file__).parents[4]
CLINICAL: dict[str, Any] = {"task": "OP_WHO", "recipe": "clinical"}


def train(folder: Path, **settings: Any) -> Trained:
    trained = fusion.train(make_work(folder, **settings))
    assert trained is not None
    return trained


def results_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "result").iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=24)
    weights = [[one.weights for one in train(folder, seed=seed).folds] for seed in (1, 1, 2)]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


def test_a_run_leaves_model_predictions_scores_curves_and_card(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = lay_run(tmp_path, n=30)
    assert run.work_in(folder, Stop()) == 0
    said = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    result, files = said[-1]["result"], results_of(folder)
    model = read_model(files["model.json"])
    assert len(read_weights(folder / "result", model)) == 2
    assert result["weights_sha256"] == model["weights_sha256"]
    assert (result["n"], result["n_events"]) == (30, 12)
    assert len(files["curves.jsonl"].splitlines()) == 4
    assert len(files["oof.csv"].splitlines()) == 31
    metrics = json.loads(files["metrics.json"])
    assert set(metrics["inputs"]) == {"all", "film"}
    assert metrics["inputs"]["film"]["n_without_inputs"] > 0
    card = json.loads(files["card.json"])
    assert card["mark"] == "SIMULATED"
    assert card["predicts"] == "Likelihood that hip or spine DXA is at or below T -2.5 now"
    assert card["left_out"] == [{"name": "ls_t", "reason": "it decides the label"}]
    assert model["origin"] == "simulated"
    assert not any(token in files["model.json"].decode() for token in read_snapshot(folder / "snapshot").tokens)


def test_a_training_that_was_stopped_goes_on_as_if_it_never_had_been(tmp_path: Path) -> None:
    whole = lay_run(tmp_path / "whole", n=24)
    assert run.work_in(whole, Stop()) == 0
    broken = lay_run(tmp_path / "broken", n=24)
    for epochs in (1, 3):
        stop = Stop()
        work = make_work(broken, stop)
        watched = work.progress.add

        def stop_after(*words: Any, at: int = epochs, stop: Stop = stop, said: Any = watched) -> None:
            said(*words)
            stop.asked = words[1] == at

        work.progress.add = stop_after  # type: ignore[method-assign]
        assert fusion.train(work) is None
    assert len((broken / "result" / "curves.jsonl").read_text().splitlines()) == 3
    assert run.work_in(broken, Stop()) == 0
    assert results_of(broken) == results_of(whole)


def test_killing_the_process_in_the_middle_changes_nothing_in_the_end(tmp_path: Path) -> None:
    settings = json.dumps(TINY | {"epochs": 6})
    code = (
        "import sys; from pathlib import Path; from modelling.engine.training import fusion, run\n"
        "fusion.CHECKPOINT_SECONDS = 0.0; sys.exit(run.main(Path(sys.argv[1])))"
    )
    folders = [lay_run(tmp_path / name, n=20) for name in ("whole", "killed")]
    for folder in folders:
        (folder / "config.json").write_text(settings)
    command = [sys.executable, "-c", code]
    killed = folders[1]
    child = subprocess.Popen([*command, str(killed)], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    while not list((killed / "checkpoints").glob("step-00000000[3-9]*")):
        assert child.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    child.kill()
    child.wait()
    assert not (killed / "result" / "model.json").exists()
    for folder in folders:
        subprocess.run([*command, str(folder)], cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=True)
    assert results_of(killed) == results_of(folders[0])


def test_asked_to_stop_the_process_leaves_a_checkpoint_and_says_so_by_its_status(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, TINY | {"epochs": 2000}, n=20)
    command = [sys.executable, "-m", "modelling.engine", "train", str(folder)]
    child = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout is not None
    while "epoch 2" not in child.stdout.readline():
        assert child.poll() is None, "it ended before it was asked to"
    child.send_signal(signal.SIGTERM)
    child.communicate()
    assert child.returncode == reporting.STOPPED
    assert list((folder / "checkpoints").glob("*.checkpoint"))


def test_a_checkpoint_of_another_configuration_is_not_gone_on_from(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=20)
    stop = Stop()
    work = make_work(folder, stop, seed=5)
    stop.asked = True
    assert fusion.train(work) is None
    assert list((folder / "checkpoints").iterdir())
    fresh = lay_run(tmp_path / "fresh", n=20)
    assert [one.weights for one in train(folder).folds] == [one.weights for one in train(fresh).folds]


def test_a_checkpoint_of_other_code_is_not_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = lay_run(tmp_path, n=20)
    stop = Stop()
    work = make_work(folder, stop)
    stop.asked = True
    with monkeypatch.context() as older:
        older.setattr(fusion, "hash_of_code", lambda: "0" * 64)
        assert fusion.train(work) is None
    assert list((folder / "checkpoints").iterdir())
    train(folder)
    assert "is of another training; not used" in capfd.readouterr().err


@pytest.mark.parametrize("n_films", [1, 12])
def test_the_film_alone_is_offered_only_where_every_fold_learned_from_it(tmp_path: Path, n_films: int) -> None:
    folder = lay_run(tmp_path, n=20, missing=0, modalities=("film",))
    head, *rows = (folder / "snapshot" / "images.csv").read_bytes().splitlines(keepends=True)
    replace_file(folder / "snapshot", "images.csv", head + b"".join(rows[:n_films]))
    assert run.work_in(folder, Stop()) == 0
    model = read_model((folder / "result" / "model.json").read_bytes())
    assert model["inputs"] == (["all"] if n_films == 1 else ["all", "film"])
    assert (folder / "result" / "oof-film.csv").exists() is (n_films > 1)
    limits = json.loads((folder / "result" / "card.json").read_text("utf-8"))["limits"]
    assert any("does not answer from a radiograph alone" in words for words in limits) is (n_films == 1)


def test_labels_that_say_nothing_teach_the_network_nothing(tmp_path: Path) -> None:
    found = []
    for seed in range(3):
        folder = lay_run(tmp_path / str(seed), n=60, seed=seed, shuffle_labels=True, missing=0)
        work = make_work(folder, epochs=4)
        metrics = measure_all(work.config, work.snapshot, train(folder, epochs=4))
        found.append(metrics["inputs"]["all"]["auc_mean"])
    # One AUC of 24 against 36 has a standard error of 0.077; the mean of three 0.044. Three of them to each side.
    assert np.mean(found) == pytest.approx(0.5, abs=0.13)


def test_labels_that_say_nothing_teach_the_clinical_model_nothing(tmp_path: Path) -> None:
    n_held = 0
    for seed in range(20):
        folder = lay_run(tmp_path / str(seed), CLINICAL, n=100, seed=seed, shuffle_labels=True, modalities=())
        assert run.work_in(folder, Stop()) == 0
        metrics = json.loads((folder / "result" / "metrics.json").read_bytes())["inputs"]["table"]["auc_pooled"]
        n_held += metrics["lower"] <= 0.5 <= metrics["upper"]
    assert n_held >= 18


def test_labels_that_the_images_tell_are_learned_from_the_film_alone_too(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=50, signal=4.0, missing=0)
    work = make_work(folder, epochs=10)
    metrics = measure_all(work.config, work.snapshot, train(folder, epochs=10))
    assert metrics["inputs"]["all"]["auc_mean"] > 0.8
    assert metrics["inputs"]["film"]["auc_mean"] > 0.8


def test_a_fold_with_one_label_only_has_no_auc_and_is_left_out_of_the_mean(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, CLINICAL | {"folds": 3}, n=20, prevalence=0.1)
    assert run.work_in(folder, Stop()) == 0
    metrics = json.loads((folder / "result" / "metrics.json").read_bytes())["inputs"]["table"]
    assert [one["n_events"] for one in metrics["folds"]].count(0) == 1
    assert [one["auc"] for one in metrics["folds"]].count(None) == 1
    assert metrics["n_folds_in_mean"] == 2
    known = [one["auc"] for one in metrics["folds"] if one["auc"] is not None]
    assert metrics["auc_mean"] == pytest.approx(sum(known) / 2)


def test_a_fold_with_one_label_only_does_not_break_the_network(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=20, prevalence=0.1)
    train(folder, folds=3)
    points = [json.loads(line) for line in (folder / "result" / "curves.jsonl").read_text().splitlines()]
    assert {point["fold"] for point in points if point["auc"] is None}
    assert all(math.isfinite(point["loss"]) for point in points)


def test_early_stopping_asks_people_set_aside_and_keeps_what_they_liked(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=40)
    train(folder, inner_share=0.3, patience=2, epochs=60, learning_rate=0.05)
    points = [json.loads(line) for line in (folder / "result" / "curves.jsonl").read_text().splitlines()]
    first = [point["inner_loss"] for point in points if point["fold"] == 0]
    assert len(first) < 60
    assert first.index(min(first)) == len(first) - 3


def test_the_clinical_recipe_learns_from_the_table_without_torch(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, CLINICAL | {"use_weights": True}, n=60, with_weights=True)
    command = [sys.executable, "-X", "importtime", "-m", "modelling.engine", "train", str(folder)]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time")}
    assert "numpy" in imported
    assert imported.isdisjoint({"torch", "monai", "django"})
    metrics = json.loads((folder / "result" / "metrics.json").read_bytes())["inputs"]["table"]
    assert metrics["auc_mean"] > 0.7
    assert 0 < metrics["auc_weighted"] < 1


def test_survey_weights_change_the_clinical_model(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=60, with_weights=True)
    weights = []
    for use_weights in (True, False):
        work = make_work(folder)
        config = type(work.config).of(CLINICAL | {"use_weights": use_weights, "ridge": 1.0})
        trained = clinical.train(type(work)(folder, config, work.snapshot, work.progress, Stop()))
        assert trained is not None
        weights.append(trained.folds[0].weights)
    assert weights[0] != weights[1]


def test_a_loss_that_is_not_finite_is_a_reason_and_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def explode(*words: Any) -> float:
        raise NotFinite("The loss became nan. Start it again with a smaller learning rate.")

    monkeypatch.setattr("modelling.engine.training.loop.train_batch", explode)
    folder = lay_run(tmp_path, n=20)
    assert run.work_in(folder, Stop()) == 1
    assert '"code": "not_finite"' in capfd.readouterr().out
    assert not (folder / "result" / "model.json").exists()


@pytest.mark.parametrize(
    ("config", "wanted", "words"),
    [
        ({"task": "FX_FRAG"}, {}, "the snapshot is of the task OP_WHO; wanted FX_FRAG"),
        ({}, {"purpose": "test"}, "the snapshot's purpose is 'test'; wanted 'train'"),
        ({"modalities": ["film"]}, {"modalities": ["dxa"]}, "holds no image of the modality 'film'"),
        ({}, {"prevalence": 0.0}, "nothing can be learned from one label"),
        ({"columns": ["ls_t"]}, {}, "the snapshot has no column 'ls_t'"),
        ({"auxiliary": ["sex"]}, {}, "auxiliary names 'sex', which is no number"),
        ({"use_weights": True}, {}, "the snapshot holds no weights"),
        ({"device": "cuda"}, {}, "there is no GPU here"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_reason(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    config: dict[str, Any],
    wanted: dict[str, Any],
    words: str,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    folder = lay_run(tmp_path, TINY | config, n=20, **wanted)
    assert reporting.run_reporting(lambda: run.work_in(folder, Stop())) == 1
    said = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert said["failure"]["code"] == reporting.BAD_SPEC
    assert words in said["failure"]["text"]


def test_the_threshold_comes_from_out_of_fold_predictions_and_is_in_the_model(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, CLINICAL | {"threshold_rule": "sensitivity_0.9"}, n=60)
    assert run.work_in(folder, Stop()) == 0
    model = read_model((folder / "result" / "model.json").read_bytes())
    rows = [line.split(",") for line in (folder / "result" / "oof.csv").read_text().splitlines()[1:]]
    called = [float(p) >= model["thresholds"]["table"]["value"] for _, _, p, label, _ in rows if label == "1"]
    # 24 events: 22 of 24 is the least share of at least 0.9.
    assert sum(called) == 22


def test_each_row_of_the_out_of_fold_table_says_of_what_origin_it_is(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, CLINICAL, n=20)
    assert run.work_in(folder, Stop()) == 0
    with (folder / "result" / "oof.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 20
    assert {row["origin"] for row in rows} == {"SIMULATED"}


def test_results_written_twice_are_the_same_bytes(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=20)
    work, trained = make_work(folder), train(folder)
    first = write_results(tmp_path / "one", work.config, work.snapshot, trained)
    assert write_results(tmp_path / "two", work.config, work.snapshot, trained) == first
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def auxiliary_of(trained: Trained) -> list[str]:
    return list(trained.folds[0].preprocess["inputs"]["auxiliary"])


def lay_with_strength(folder: Path, name: str, group: str, config: dict[str, Any] | None = None) -> Path:
    """Return a run folder whose table holds a failure load by finite elements in the place of a density."""
    load = {"name": name, "kind": "number", "unit": "N", "codes": [], "group": group}
    return lay_run(folder, config, n=20, renamed={"ud_bmd": load})


def test_measurements_of_images_are_learned_beside_the_task(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, n=20)
    trained, work = train(folder), make_work(folder)
    assert auxiliary_of(trained) == ["ud_bmd"]
    assert describe_model(work.config, work.snapshot, trained)["fe_taught"] is False


@pytest.mark.parametrize(("name", "group"), [("fe.failure_load", "fe"), ("hr_fe_load", "hrp")])
def test_finite_elements_are_no_target_unless_asked_for_and_their_model_says_so(
    tmp_path: Path, name: str, group: str
) -> None:
    folder = lay_with_strength(tmp_path, name, group)
    work, by_itself, asked = make_work(folder), train(folder), train(folder, auxiliary=[name])
    assert auxiliary_of(by_itself) == []
    assert auxiliary_of(asked) == [name]
    others = [column for column in work.snapshot.cells if column != name]
    told = [
        describe_model(work.config, work.snapshot, one)["fe_taught"]
        for one in (by_itself, asked, train(folder, columns=others))
    ]
    # Fed with them it is marked as well; only without them in its columns does it know nothing of them.
    assert told == [True, True, False]


def test_a_clinical_model_fed_with_finite_elements_says_so(tmp_path: Path) -> None:
    for number, columns in enumerate((["age_y", "hr_fe_load"], ["age_y"])):
        folder = lay_with_strength(tmp_path / str(number), "hr_fe_load", "hrp", CLINICAL | {"columns": columns})
        assert run.work_in(folder, Stop()) == 0
        model = read_model((folder / "result" / "model.json").read_bytes())
        assert model["fe_taught"] is (number == 0)


def test_a_snapshot_without_images_trains_on_its_table(tmp_path: Path) -> None:
    make_snapshot(tmp_path / "snapshot", n=24, modalities=())
    trained = train(tmp_path)
    assert trained.modalities == ()
    assert set(trained.oof) == {"all"}

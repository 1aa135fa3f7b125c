"""Model versions: registered once by the worker, shown with their card, taken along by those who may."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.urls import reverse

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from modelling.zoo.models import ModelVersion
from modelling.zoo.services import lay_model, register_model
from portal.core.errors import NotAllowed, Refused, UnreadableFile
from portal.core.hashing import sha256_hex
from portal.core.storage import path_of
from portal.roles.actors import WORKER
from tests.cast import Cast, days_ago, hands, make_participant
from tests.cohort.pages import look_as, words
from tests.modelling.runs.builders import ask, do_well, job_of, lay_snapshot_down
from tests.modelling.runs.test_pages import axel
from tests.modelling.runs.test_services import job_folder


@pytest.fixture
def model(cast: Cast) -> ModelVersion:
    found = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study))).model
    assert found is not None
    return found


def test_its_files_are_kept_and_laid_down_again_as_they_were(model: ModelVersion, tmp_path: Path):
    lay_model(model, tmp_path / "model")
    laid = {path.name: sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "model").iterdir()}
    assert laid == {one["path"]: one["sha256"] for one in model.files}
    assert laid["model.json"] == model.model_sha256
    told = json.loads((tmp_path / "model" / "model.json").read_text("utf-8"))
    of_folds = "\n".join(laid[fold["weights"]] for fold in told["folds"])
    assert model.weights_sha256 == sha256_hex(of_folds.encode())
    assert model.threshold == told["thresholds"]["table"]["value"]


def test_a_file_that_was_changed_in_the_store_is_not_laid_down(model: ModelVersion, tmp_path: Path):
    lay_model(model, tmp_path / "before")
    stored = path_of(model.model_sha256)
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes().replace(b"OP_WHO", b"OP_WHA"))
    with pytest.raises(UnreadableFile):
        lay_model(model, tmp_path / "after")


def test_nobody_registers_a_model_by_hand(cast: Cast, model: ModelVersion):
    for who in (cast.ana, cast.paula, cast.dan, cast.adam):
        with pytest.raises(NotAllowed, match=r"'model\.register' is for"):
            register_model(actor=who, snapshot=model.snapshot, config=model.config, folder=Path(), result={})


@pytest.mark.parametrize("missing", ["model.json", "metrics.json", "card.json", "weights-0.safetensors"])
def test_a_run_that_left_no_such_file_is_not_registered(cast: Cast, missing: str):
    run = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    folder, job = job_folder(run) / "result", job_of(run)
    assert (folder / missing).is_file()
    (folder / missing).unlink()
    with pytest.raises(Refused, match=f"the run left no (readable )?{missing}"):
        register_model(actor=WORKER, snapshot=run.snapshot, config=run.config, folder=folder, result=job.result or {})
    assert ModelVersion.objects.count() == 1


def test_a_model_of_another_snapshot_is_not_registered(cast: Cast):
    run = do_well(ask(cast, lay_snapshot_down(cast.ana, cast.study)))
    other = lay_snapshot_down(cast.ana, cast.study, seed=2)
    with pytest.raises(Refused, match=r"snapshot_sha256 is .*; the run is not registered"):
        register_model(
            actor=WORKER,
            snapshot=other,
            config=run.config,
            folder=job_folder(run) / "result",
            result=job_of(run).result or {},
        )


def test_the_database_lets_no_model_version_change_or_go(cast: Cast, model: ModelVersion):
    rows = ModelVersion.objects.filter(pk=model.pk)
    for changes in ({"threshold": 0.9}, {"metrics": {}}, {"origin": "human"}, {"weights_sha256": "0" * 64}):
        with pytest.raises(DatabaseError), hands(cast.ana):
            rows.update(**changes)
    with pytest.raises(DatabaseError), hands(cast.ana):
        rows.delete()
    with pytest.raises(DatabaseError), hands(cast.ana):
        ModelVersion.objects.create(**{**values_of(model), "number": 2, "origin": "human"})


def test_the_page_shows_card_scores_hashes_and_files(cast: Cast, model: ModelVersion):
    page = words(look_as(cast.paula).get(reverse("model", args=[model.pk])))
    assert "SIMULATED" in page
    assert "How it did in cross-validation" in page
    assert "the clinical table" in page
    assert model.weights_sha256[:32] in page
    assert "weights-0.safetensors" in page
    assert "Clinical baseline 1" in words(look_as(cast.mona).get(reverse("models")))


def test_its_files_are_taken_along_by_those_who_may(cast: Cast, model: ModelVersion):
    url = reverse("model-file", args=[model.pk, "model.json"])
    answer = look_as(cast.ana).get(url)
    assert sha256(b"".join(answer)).hexdigest() == model.model_sha256
    assert 'filename="simulated-model.json"' in answer["Content-Disposition"]
    assert look_as(cast.paula).get(url).status_code == 403
    assert look_as(cast.ana).get(reverse("model-file", args=[model.pk, "passwd"])).status_code == 404


def test_who_may_not_see_models_and_who_has_no_part_in_the_study(cast: Cast, model: ModelVersion):
    url = reverse("model", args=[model.pk])
    assert look_as(cast.nora).get(url).status_code == 403
    stranger = look_as(axel(cast))
    assert stranger.get(url).status_code == 404
    assert stranger.get(reverse("model-file", args=[model.pk, "model.json"])).status_code == 404
    assert "Clinical baseline 1" not in words(stranger.get(reverse("models")))


def test_the_page_says_that_somebody_took_their_data_back_and_names_nobody(cast: Cast, model: ModelVersion):
    url = reverse("model", args=[model.pk])
    assert "taken back every use" not in words(look_as(cast.ana).get(url))
    ann = make_participant(cast)
    withdraw_consent(
        actor=cast.nora, participant=ann, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(3), why="by letter"
    )
    page = words(look_as(cast.ana).get(url))
    assert "taken back every use" in page
    assert ann.code not in page


def test_the_api_reads_and_writes_nothing(cast: Cast, model: ModelVersion):
    url = f"/api/models/{model.pk}/"
    told = look_as(cast.mona).get(url).json()
    assert (told["origin"], told["weights_sha256"]) == ("simulated", model.weights_sha256)
    assert look_as(cast.ana).get("/api/models/").json()["results"][0]["id"] == str(model.pk)
    assert look_as(cast.nora).get(url).status_code == 403
    assert look_as(axel(cast)).get(url).status_code == 404
    for method in ("post", "put", "patch", "delete"):
        assert getattr(look_as(cast.ana), method)(url).status_code == 405


def values_of(model: ModelVersion) -> dict[str, object]:
    """Return a model version's columns, but for its key."""
    return {field.attname: getattr(model, field.attname) for field in ModelVersion._meta.fields if field.name != "id"}

"""Try a film: a real radiograph gets a risk only from a model that has learned from people."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cohort.imaging.models import ReferenceImage
from cohort.imaging.reference_images import add_reference_image, list_catalogue
from modelling.engine.metrics.tasks import ONLY_SIMULATED
from modelling.runs import trying
from modelling.zoo.models import ModelVersion
from modelling.zoo.services import lay_model
from portal.core.errors import NotAllowed, Refused
from portal.jobs.leases import Held, claim_job
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
from tests.cast import Cast, make_cast
from tests.cohort.pages import look_as, words
from tests.modelling.engine.snapshots import UNITS
from tests.modelling.runs.builders import ask, do_well, lay_snapshot_down

WRIST = "adult-wrist-pa"


def hang_up(cast: Cast) -> ReferenceImage:
    """Put the project's real wrist and its Stratec phantom into the gallery; return the wrist."""
    for entry in list_catalogue():
        if entry["slug"] in {WRIST, "stratec-phantom"}:
            add_reference_image(actor=cast.paula, entry=entry)
    return ReferenceImage.objects.get(slug=WRIST)


def train(cast: Cast) -> ModelVersion:
    run = do_well(ask(cast, lay_snapshot_down(cast.paula, cast.study), recipe="fusion"))
    assert run.model is not None
    return run.model


def page_of(model: ModelVersion, image: str = WRIST) -> str:
    return f"/models/{model.pk}/try/?image={image}"


def test_a_simulated_model_gives_no_risk_for_a_real_radiograph_by_any_road(cast: Cast, tmp_path: Path):
    wrist, model = hang_up(cast), train(cast)
    assert model.origin == "simulated"
    browser = look_as(cast.ana)
    shown = words(browser.get(page_of(model)))
    assert "no risk is shown for a real radiograph" in shown
    assert "Cortical index of the radius" in shown
    assert "Have the model predict" not in shown
    # Sent all the same, by the page, by the service, and by a job that somebody made by hand.
    response = browser.post(f"/models/{model.pk}/try/", {"image": WRIST})
    assert response.status_code == 422
    assert ONLY_SIMULATED in words(response).lower()
    with pytest.raises(Refused, match="no risk is shown for a real radiograph"):
        trying.try_model(actor=cast.ana, model=model, image=wrist)
    assert not Job.objects.filter(kind=trying.KIND).exists()
    spec = {"model": str(model.pk), "image": WRIST, "image_sha256": wrist.file_sha256}
    held = Held(model.pk, 1, trying.KIND, "gpu", spec, "", 1)
    with pytest.raises(Refused, match="no risk is shown for a real radiograph"):
        trying.prepare(held, tmp_path / "prepared")
    # And the engine itself, given both in a folder.
    folder = tmp_path / "by-hand"
    lay_model(model, folder / "model")
    trying.lay_film(wrist, model, folder / "inputs")
    (folder / "config.json").write_text(json.dumps({"inputs": "film"}), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "modelling.engine", "predict", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no risk is shown for a real radiograph" in done.stdout
    assert not (folder / "result").exists()


@pytest.fixture
def human(fresh_database: dict[str, str], home: Path) -> Cast:
    return make_cast(origin="human")


def test_a_model_of_people_answers_with_an_interval_and_how_many_it_learned_from(
    human: Cast, monkeypatch: pytest.MonkeyPatch
):
    # The gallery's films were made to be looked at; a model that learned from attenuation refuses them by their unit.
    monkeypatch.setitem(UNITS, "film", "displayed grey")
    hang_up(human)
    model = train(human)
    assert (model.origin, model.answers_from) == ("human", "film")
    browser = look_as(human.ana)
    assert "Have the model predict from it" in words(browser.get(page_of(model)))
    browser.post(f"/models/{model.pk}/try/", {"image": WRIST})
    job = Job.objects.get(kind=trying.KIND)
    held = claim_job(job.pk, owner="the test", sandbox=[])
    assert held is not None
    run_held_job(held)
    job.refresh_from_db()
    assert job.state == "finished", job.failure_text
    found = trying.read_prediction(job)
    assert found is not None
    assert 0 <= found.lower <= found.p <= found.upper <= 1
    shown = words(browser.get(page_of(model)))
    assert f"{found.p:.2f} (95 % interval {found.lower:.2f} to {found.upper:.2f}); 30 participants" in shown
    assert "no risk is shown" not in shown


def test_who_may_not_try_a_model_is_refused(human: Cast):
    wrist = hang_up(human)
    model = ModelVersion(origin="human", answers_from="film")
    for actor in (human.nora, human.carl, human.mona):
        with pytest.raises(NotAllowed, match=r"model\.try"):
            trying.try_model(actor=actor, model=model, image=wrist)


def test_a_model_that_does_not_look_at_films_says_so(human: Cast):
    wrist = hang_up(human)
    with pytest.raises(Refused, match="does not answer from a radiograph alone"):
        trying.try_model(actor=human.ana, model=ModelVersion(origin="human", answers_from="table"), image=wrist)


def test_what_is_no_radiograph_cannot_be_tried(human: Cast):
    hang_up(human)
    phantom = ReferenceImage.objects.get(slug="stratec-phantom")
    model = ModelVersion(origin="human", task="OP_WHO", card={"n_events": 80}, answers_from="film")
    with pytest.raises(Refused, match="no radiograph that can be tried"):
        trying.try_model(actor=human.ana, model=model, image=phantom)


def test_a_film_is_measured_without_any_model(human: Cast):
    look = trying.look_at(hang_up(human))
    values = {one.name: one.value for one in look.measured.values}
    assert (look.region, look.side, look.pixel_mm) == ("wrist", "R", 0.148)
    # Read off the picture with its own ruler: 117 pixels of 0.148 mm near the lower border, where it widens slowly.
    assert values["film.radius_width"] == pytest.approx(18.0, abs=1.5)
    assert 0 < values["film.cortical_index"] < 0.5
    assert 0 <= look.clipped < 0.2


@pytest.mark.parametrize("spec", [{}, {"model": "x", "image": "a", "image_sha256": ""}])
def test_a_job_without_a_model_is_refused(spec: dict[str, Any]):
    with pytest.raises(ValueError, match=r"wanted|badly formed"):
        trying.check_spec(spec)

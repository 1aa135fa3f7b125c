"""From an HR-pQCT volume to its indices and its strength: real uploads, real jobs, the engine's own processes."""

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.imaging.models import Series
from cohort.measurements.models import Measurement, Picture, StrengthTest
from cohort.measurements.services import record_measurements
from cohort.participants.models import Participant
from modelling.engine.fe.foretelling import foretell
from modelling.engine.fe.recipe import Recipe
from modelling.engine.features.catalogue import STRENGTHS, Value, list_quantities
from modelling.measuring import services, strength
from portal.core.errors import NotAllowed, Refused
from portal.core.storage import has_blob, open_blob
from portal.jobs import supervise
from portal.jobs.leases import Held, claim_job
from portal.jobs.models import Job, Lease
from portal.jobs.services import cancel_job
from portal.jobs.supervise import run_held_job
from portal.roles.actors import WORKER
from tests.cast import Cast, days_ago, make_cast, make_participant
from tests.cohort.imaging.builders import bring
from tests.cohort.measurements.builders import lay_series
from tests.database import rolls_back
from tests.modelling.measuring.volumes import RADIUS, SLICES, VOXEL_MM, draw_bone, make_ct, make_isq

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


def lay_volume(cast: Cast, ann: Participant, **changes: Any) -> Series:
    """Enter a volume without its files."""
    found = {"unit": "mg HA/cm3", **changes}
    return lay_series(cast, ann, "hrpqct", **found)


def claim(kind: str) -> Held:
    held = claim_job(Job.objects.get(kind=kind, state="queued").pk, owner="the test", sandbox=[])
    assert held is not None
    return held


def do(kind: str) -> Job:
    run_held_job(claim(kind))
    return Job.objects.filter(kind=kind).latest("queued_at")


def usual(**changes: Any) -> Recipe:
    return Recipe(**{"modulus_mpa": 8748.0, **changes})


def test_a_volume_of_a_simulated_arm_is_measured_and_tested_through_jobs(cast: Cast, ann: Participant):
    bring(cast, ann, *make_ct(ann.code, draw_bone()), modality="hrpqct", side="L")
    series = Series.objects.select_related("participant__site").get()
    assert services.launch_missing() == 1
    job = do(services.KIND)
    assert job.state == "finished", job.failure_text
    indices = dict(Measurement.objects.filter(series=series).values_list("name", "value"))
    assert set(indices) == {one.name for one in list_quantities("hrpqct")}
    # The circle that was drawn.
    assert indices["hrpqct.tt_ar"] == pytest.approx(np.pi * (RADIUS * VOXEL_MM) ** 2, rel=0.03)
    assert set(Picture.objects.filter(series=series).values_list("kind", flat=True)) == {"segmentation", "thickness"}

    foretold = strength.foretell_test(series)
    test = strength.ask_strength(actor=cast.dan, series=series, recipe=strength.propose_recipe(series))
    job = do(strength.KIND)
    assert job.state == "finished", job.failure_text
    test.refresh_from_db()
    assert (test.recipe, test.pixel_sha256) == (usual().describe(), series.pixel_sha256)
    assert {one.name: one.unit for one in test.values.all()} == {
        name: known.unit for name, known in STRENGTHS.items() if "@" not in name
    }
    assert test.facts["residual"] <= 1e-5
    assert test.facts["trabecular_mg"] == 320
    assert foretold is not None
    assert foretold.n_elements == pytest.approx(test.facts["elements"], rel=0.1)
    # Everybody may read the job's page: no value of a bone stands there.
    assert "failure" not in json.dumps(job.result)
    assert bytes(read_field(test).header["descrip"]).startswith(b"SIMULATED strain energy density, MPa")
    with pytest.raises(Refused, match="was made already"):
        strength.ask_strength(actor=cast.dan, series=series, recipe=usual())


def read_field(test: StrengthTest) -> nibabel.Nifti1Image:
    with open_blob(test.field_sha256, verify=True) as stream:
        return nibabel.Nifti1Image.from_bytes(gzip.decompress(stream.read()))


def test_what_is_kept_of_a_persons_isq_gives_the_same_failure_load_again(tmp_path: Path):
    cast, series = bring_isq(tmp_path)
    assert strength.count_slices(series) == SLICES
    test = strength.ask_strength(actor=cast.dan, series=series, recipe=usual(direction="fall", tolerance=1e-3))
    job = do(strength.KIND)
    assert job.state == "finished", job.failure_text
    test.refresh_from_db()
    values = {one.name: one.value for one in test.values.all()}
    field = read_field(test)
    assert (test.origin, bytes(field.header["descrip"])[:21]) == ("human", b"strain energy density")
    energy = np.asarray(field.dataobj)
    assert energy.shape[2] == SLICES
    # Pistoia's criterion, from the kept field alone: two in a hundred elements are strained to the limit.
    strain = np.sort(np.sqrt(2 * energy[energy > 0] / 8748.0))
    critical = strain[len(strain) - 1 - int(0.02 * len(strain))]
    assert values["fe.effective_strain@fall"] == pytest.approx(float(critical), rel=1e-5)
    wanted = values["fe.reaction_force@fall"] * 0.007 / critical
    assert values["fe.failure_load@fall"] == pytest.approx(wanted, rel=1e-5)
    assert has_blob(test.picture_sha256)


def bring_isq(tmp_path: Path) -> tuple[Cast, Series]:
    """A study of people, and the volume of one of them."""
    cast = make_cast(origin="human")
    ann = make_participant(cast)
    bring(cast, ann, make_isq(draw_bone(), tmp_path), modality="hrpqct", side="L")
    return cast, Series.objects.select_related("participant__site").get()


def test_a_test_that_runs_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cast, series = bring_isq(tmp_path)
    test = strength.ask_strength(actor=cast.dan, series=series, recipe=usual(tolerance=1e-8))
    look, heard = supervise.is_cancel_wanted, []

    def look_and_cancel(held: Held) -> bool:
        words = Lease.objects.get(job_id=held.job_pk).message
        if not heard and words not in {"", "starting"}:
            heard.append(words)
            cancel_job(actor=cast.dan, job=Job.objects.get(pk=held.job_pk))
        return look(held)

    monkeypatch.setattr(supervise, "LOOK_S", 0.05)
    monkeypatch.setattr(supervise, "is_cancel_wanted", look_and_cancel)
    assert do(strength.KIND).state == "cancelled"
    test.refresh_from_db()
    assert heard
    assert test.tested_at is None
    assert not test.values.exists()


def test_a_solution_that_does_not_converge_fails_with_its_residuals(tmp_path: Path, settings: Any):
    cast, series = bring_isq(tmp_path)
    settings.STRENGTH_MAX_ITERATIONS = 3
    test = strength.ask_strength(actor=cast.dan, series=series, recipe=usual(tolerance=1e-8))
    job = do(strength.KIND)
    assert (job.state, job.failure_code) == ("failed", "not_converged")
    assert " at 0, " in job.failure_text
    assert " at 3. " in job.failure_text
    test.refresh_from_db()
    assert test.tested_at is None
    assert not test.values.exists()


def test_only_a_data_manager_asks_for_a_test(cast: Cast, ann: Participant):
    series = lay_volume(cast, ann)
    for actor in (cast.nora, cast.ana, cast.paula, cast.mona, cast.adam):
        with pytest.raises(NotAllowed, match=r"'strength\.ask' is for"):
            strength.ask_strength(actor=actor, series=series, recipe=usual())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "unusable"}, "is 'unusable'; wanted one that is accepted"),
        ({"kind": "native", "unit": "native"}, "values in 'native'"),
    ],
)
def test_a_volume_that_is_not_in_use_or_not_calibrated_is_refused(
    cast: Cast, ann: Participant, changes: dict[str, str], words: str
):
    with pytest.raises(Refused, match=words):
        strength.ask_strength(actor=cast.dan, series=lay_volume(cast, ann, **changes), recipe=usual())


@pytest.mark.parametrize("modality", ["film", "dxa", "pqct"])
def test_nothing_but_a_volume_of_bone_has_a_strength(cast: Cast, ann: Participant, modality: str):
    with pytest.raises(Refused, match="wanted an HR-pQCT volume"):
        strength.ask_strength(actor=cast.dan, series=lay_series(cast, ann, modality), recipe=usual())


def test_who_took_back_every_use_is_not_tested_even_once_it_was_asked_for(cast: Cast, ann: Participant, tmp_path: Path):
    series = lay_volume(cast, ann)
    strength.ask_strength(actor=cast.dan, series=series, recipe=usual())
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(0), why="all")
    with pytest.raises(Refused, match="may not be tested: withdrawn on"):
        strength.ask_strength(actor=cast.dan, series=series, recipe=usual(direction="fall"))
    with pytest.raises(Refused, match="may not be tested: withdrawn on"):
        strength.prepare(claim(strength.KIND), tmp_path)


def test_asking_twice_gives_the_same_test_and_another_load_another(cast: Cast, ann: Participant):
    series = lay_volume(cast, ann)
    first = strength.ask_strength(actor=cast.dan, series=series, recipe=usual())
    assert strength.ask_strength(actor=cast.dan, series=series, recipe=usual()) == first
    assert strength.ask_strength(actor=cast.dan, series=series, recipe=usual(direction="fall")) != first
    assert StrengthTest.objects.count() == 2


def lay_indices(series: Series, **changes: float) -> None:
    found = {"tt_ar": 300.0, "tb_ar": 230.0, "ct_ar": 70.0, "bvtv": 0.2, "ct_po": 0.02, **changes}
    values = [Value(f"hrpqct.{name}", value) for name, value in found.items()]
    record_measurements(actor=WORKER, series=series, version="2", values=values)


def test_memory_and_time_are_told_from_the_indices_and_too_much_is_refused(cast: Cast, ann: Participant, settings: Any):
    series = lay_volume(cast, ann, n_instances=168)
    assert strength.foretell_test(series) is None
    lay_indices(series)
    foretold = strength.foretell_test(series)
    # By hand: 230 x 0.2 + 70 x 0.98 = 114.6 mm2 of pixels of 0.25 mm2 in 168 slices.
    assert foretold is not None
    assert foretold.n_elements == round(114.6 / 0.25 * 168)
    settings.JOB_MEMORY_MB = 64
    with pytest.raises(Refused, match=r"about 77011 elements need 0\.\d GB; a job is given 0\.1 GB"):
        strength.ask_strength(actor=cast.dan, series=series, recipe=usual())


def test_more_bone_than_its_outline_is_foretold_nothing():
    with pytest.raises(ValueError, match="wanted bone above 0 and at most what is within the outline"):
        foretell(10.0, 9.0, (1.0, 1.0, 1.0), 5)


def test_a_test_of_another_version_is_refused(cast: Cast, ann: Participant, tmp_path: Path):
    strength.ask_strength(actor=cast.dan, series=lay_volume(cast, ann), recipe=usual())
    held = claim(strength.KIND)
    old = Held(**{**vars(held), "spec": {**held.spec, "version": "0"}})
    with pytest.raises(Refused, match="version 0 of the test was asked for"):
        strength.prepare(old, tmp_path)


def test_a_foreign_result_is_not_written_down(cast: Cast, ann: Participant, tmp_path: Path):
    test = strength.ask_strength(actor=cast.dan, series=lay_volume(cast, ann), recipe=usual())
    (tmp_path / "result").mkdir()
    path = tmp_path / "result" / strength.RESULT
    path.write_text(json.dumps({"version": "1", "recipe": usual(strain=0.02).describe()}), "utf-8")
    with pytest.raises(Refused, match="not the one that was reported"):
        strength.finish(test.job, tmp_path, {"sha256": "0" * 64})
    with pytest.raises(Refused, match="of another recipe"):
        strength.finish(test.job, tmp_path, {"sha256": strength.sha256_hex(path.read_bytes())})
    assert StrengthTest.objects.get().tested_at is None


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"series": "x", "version": "1", "recipe": {}},
        {"series": "0" * 32, "version": "1", "recipe": {"modulus_mpa": -1.0}},
        {"series": "0" * 32, "version": "1", "recipe": {"modulus_mpa": 8748.0, "colour": 1.0}},
    ],
)
def test_a_job_without_series_or_a_sensible_recipe_is_refused(spec: dict[str, Any]):
    with pytest.raises(ValueError, match=r"wanted|badly formed|unknown"):
        strength.check_spec(spec)

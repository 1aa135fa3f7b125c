"""The page of the mechanical tests of one volume: what is told before, the form, what runs, who may ask."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from cohort.imaging.models import Series
from cohort.measurements.models import StrengthTest
from cohort.measurements.services import record_measurements
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import Value
from portal.jobs.models import Job
from portal.roles.actors import WORKER
from tests.cast import Cast, hands, make_participant
from tests.cohort.measurements.builders import lay_series, lay_strength
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back

USUAL = {
    "direction": "z", "modulus_mpa": "8748", "poisson": "0.3", "strain": "0.01", "critical_strain": "0.007",
    "critical_volume": "0.02", "tolerance": "1e-5",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


@pytest.fixture
def volume(cast: Cast, ann: Participant) -> Series:
    found = lay_series(cast, ann, "hrpqct", unit="mg HA/cm3", n_instances=168, spacing_mm=[0.061] * 3)
    areas = {"tt_ar": 300.0, "tb_ar": 230.0, "ct_ar": 70.0, "bvtv": 0.2, "ct_po": 0.02}
    values = [Value(f"hrpqct.{name}", value) for name, value in areas.items()]
    record_measurements(actor=WORKER, series=found, version="2", values=values)
    return found


def page_of(series: Series) -> str:
    return reverse("strength", args=[series.pk])


def test_memory_and_time_are_told_before_anything_starts(cast: Cast, volume: Series):
    shown = words(look_as(cast.dan).get(page_of(volume)))
    # By hand: 114.6 mm2 of pixels of 0.003721 mm2 in 168 slices.
    assert "about 5 174 093" in shown
    assert "at most 3.7 GB of the 12.9 GB that a job is given" in shown
    assert "about 4 minutes on one processor core" in shown
    assert "SIMULATED" in shown


def test_one_click_asks_for_the_usual_test_and_the_page_follows_it(cast: Cast, volume: Series):
    browser = look_as(cast.dan)
    asked = browser.post(page_of(volume), USUAL, follow=True)
    assert "The test was asked for" in words(asked)
    test = StrengthTest.objects.get()
    assert test.recipe["modulus_mpa"] == 8748.0
    shown = asked.content.decode()
    assert reverse("job-progress", args=[test.job_id]) in shown
    assert reverse("cancel-job", args=[test.job_id]) in shown
    job_page = words(browser.get(reverse("job", args=[test.job_id])))
    assert "Strength by finite elements" in job_page
    browser.post(reverse("cancel-job", args=[test.job_id]))
    assert Job.objects.get(pk=test.job_id).state == "cancelled"


def test_why_a_test_failed_is_told_until_another_is_made(cast: Cast, volume: Series, tmp_path: Path):
    look_as(cast.dan).post(page_of(volume), USUAL)
    with hands(cast.dan):
        failed = {"state": "failed", "failure_code": "not_converged", "failure_text": "Residuals on the way: 1 at 0."}
        Job.objects.update(**failed, ended_at=StrengthTest.objects.get().asked_at)
    assert "Residuals on the way" in words(look_as(cast.dan).get(page_of(volume)))
    job_page = look_as(cast.ana).get(reverse("job", args=[StrengthTest.objects.get().job_id]))
    assert "Residuals on the way" in words(job_page)
    lay_strength(cast, volume, tmp_path, "fall")
    shown = words(look_as(cast.dan).get(page_of(volume)))
    assert "Residuals on the way" not in shown
    assert "Failure load, fall load" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"poisson": "0.5"}, "Poisson"),
        ({"modulus_mpa": ""}, "required"),
        ({"tolerance": "0.5"}, "Tolerance is 0.5; wanted 1e-08 to 0.001"),
        ({"direction": "up"}, "valid choice"),
    ],
)
def test_what_cannot_be_tested_by_comes_back_with_its_reason(
    cast: Cast, volume: Series, changes: dict[str, str], said: str
):
    response = look_as(cast.dan).post(page_of(volume), {**USUAL, **changes})
    assert response.status_code == 422
    assert said in words(response)
    assert not StrengthTest.objects.exists()


def test_others_see_what_was_tested_and_find_no_form(cast: Cast, volume: Series, tmp_path: Path):
    lay_strength(cast, volume, tmp_path)
    shown = words(look_as(cast.nora).get(page_of(volume)))
    assert "Failure load, axial load" in shown
    assert "Start the test" not in shown
    assert look_as(cast.nora).post(page_of(volume), USUAL).status_code == 403


def test_another_site_and_an_analyst_find_nothing(cast: Cast, volume: Series):
    assert look_as(cast.nell).get(page_of(volume)).status_code == 404
    assert look_as(cast.ana).get(page_of(volume)).status_code == 403


def test_a_section_has_no_strength_and_the_page_says_why(cast: Cast, ann: Participant):
    section = lay_series(cast, ann, "pqct")
    shown = words(look_as(cast.dan).get(page_of(section)))
    assert "wanted an HR-pQCT volume" in shown
    assert "Start the test" not in shown


def test_a_volume_that_nobody_measured_says_that_its_needs_come_later(cast: Cast, ann: Participant):
    fresh = lay_series(cast, ann, "hrpqct", unit="mg HA/cm3")
    assert "told once the series is measured" in words(look_as(cast.dan).get(page_of(fresh)))

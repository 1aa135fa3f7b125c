"""From an accepted series to its measurements: the clock launches, the engine's own process measures."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pydicom
import pytest
from django.db import connection

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.imaging.models import Series
from cohort.measurements.models import Measurement, OutcomeMeasurement, Picture, Remark
from cohort.participants.models import Participant
from cohort.study.services import add_device, name_wedge
from modelling.engine.phantom.aluminium import WEDGE
from modelling.engine.phantom.dicom_writer import Identity, write_dicom
from modelling.engine.phantom.images import make_images
from modelling.engine.phantom.worlds import make_person
from modelling.measuring import services
from modelling.measuring.laying import find_baseline
from modelling.measuring.models import SeriesMeasuring
from portal.core.errors import Refused
from portal.core.storage import has_blob
from portal.jobs.leases import Held, claim_job
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
from tests.cast import Cast, days_ago, hands, make_participant
from tests.cohort.crf.builders import ANT, begin, complete
from tests.cohort.imaging.builders import bring
from tests.cohort.measurements.builders import lay_series
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


def write_down_the_forearm(cast: Cast, participant: Participant) -> None:
    complete(cast.nora, begin(cast, participant), "ant", {**ANT, "ant_date": days_ago(0).strftime("%-d/%-m/%Y")})


@pytest.fixture
def brought(cast: Cast, ann: Participant, tmp_path: Path) -> Participant:
    """A participant with film, DXA and pQCT of a phantom's left forearm."""
    images = make_images(make_person(1, 0))
    taken = days_ago(0)
    identity = Identity(f"SIM-{ann.code}", "", taken, _noon(taken))
    paths = write_dicom(images, identity, tmp_path / "phantom")
    content = {path.stem: path.read_bytes() for path in paths}
    write_down_the_forearm(cast, ann)
    bring(cast, ann, content["film"], modality="film", side=images.side)
    bring(cast, ann, content["dxa"], modality="dxa", side=images.side)
    bring(cast, ann, content["pqct-1"], content["pqct-2"], modality="pqct", side=images.side)
    return ann


def test_a_film_is_read_by_the_wedge_of_the_unit_that_its_header_names(cast: Cast, ann: Participant, tmp_path: Path):
    images = make_images(make_person(1, 0), has_wedge=True)
    film = write_dicom(images, Identity(f"SIM-{ann.code}", "", days_ago(0), _noon(days_ago(0))), tmp_path)[0]
    serial = pydicom.dcmread(film).DeviceSerialNumber
    unit = {"kind": "radiograph", "maker": "Trabecula", "model": "Phantom", "in_use_from": days_ago(9)}
    device = add_device(actor=cast.dan, site=ann.site, serial=serial, **unit)
    name_wedge(actor=cast.dan, device=device, steps_mm=WEDGE.steps_mm, length_mm=WEDGE.length_mm)
    bring(cast, ann, film.read_bytes(), modality="film", side=images.side)
    services.launch_missing()
    run_held_job(claim_it())
    (found,) = Measurement.objects.filter(name="film.aluminium_equivalent")
    assert (found.unit, 1 < found.value < 4) == ("mm", True)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def claim_it() -> Held:
    held = claim_job(Job.objects.get(kind=services.KIND).pk, owner="the test", sandbox=[])
    assert held is not None
    return held


def test_the_images_of_a_participant_are_measured_in_one_job(brought: Participant):
    assert services.launch_missing() == 1
    held = claim_it()
    run_held_job(held)
    job = Job.objects.get(kind=services.KIND)
    assert job.state == "finished", job.failure_text
    names = set(Measurement.objects.filter(participant=brought).values_list("name", flat=True))
    assert {"film.cortical_index", "film.radius_width", "pqct.total_area@4", "pqct.ssi@33"} <= names
    closed = set(OutcomeMeasurement.objects.values_list("name", flat=True))
    assert {"dxa.abmd_ud", "dxa.abmd_33"} <= closed
    assert not any(name.startswith("dxa.") for name in names)
    assert SeriesMeasuring.objects.exclude(measured_at=None).count() == 3
    pictures = {one.series.modality: one for one in Picture.objects.select_related("series")}
    assert set(pictures) == {"film", "dxa", "pqct"}
    for one in pictures.values():
        assert has_blob(one.sha256)
    tells_nothing_of(list(OutcomeMeasurement.objects.values_list("value", flat=True)))
    # Neither what the job says nor what it leaves behind tells a value.
    assert "abmd" not in json.dumps(job.result)
    assert services.launch_missing() == 0


def tells_nothing_of(values: list[float]) -> None:
    """Hold that what stands in the open schema beside a DXA's values, its audit too, repeats none of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payload::text FROM audit_event "
            "WHERE source IN ('measurements_remark', 'measurements_picture', 'measurements_measurement')"
        )
        # The fractions of a second of its times may be anything.
        told = [re.sub(r":\d\d\.\d+", "", text) for (text,) in cursor.fetchall()]
    assert any("measurements_picture" in text for text in told)
    told += Remark.objects.filter(series__modality="dxa").values_list("words", flat=True)
    for value in values:
        for written in (repr(value), f"{value:.3f}", f"{value:.4f}"):
            assert not [text for text in told if written in text]


def test_a_series_is_given_to_one_job_only(cast: Cast, ann: Participant):
    lay_series(cast, ann, "film")
    assert (services.launch_missing(), services.launch_missing()) == (1, 0)
    assert SeriesMeasuring.objects.count() == 1


@pytest.mark.parametrize("modality", ["dxa", "pqct"])
def test_an_image_waits_until_the_length_of_the_forearm_is_written_down(cast: Cast, ann: Participant, modality: str):
    lay_series(cast, ann, modality)
    assert services.launch_missing() == 0
    write_down_the_forearm(cast, ann)
    assert services.find_forearms_mm([ann.pk]) == {(ann.pk, "L"): 245.0, (ann.pk, "R"): 247.0}
    assert services.launch_missing() == 1


def test_a_dxa_does_not_wait_for_ever(cast: Cast, ann: Participant, monkeypatch: pytest.MonkeyPatch):
    lay_series(cast, ann, "dxa")
    assert services.launch_missing() == 0
    monkeypatch.setattr(services, "WAIT_FOR_LENGTH", timedelta(0))
    assert services.launch_missing() == 1


@pytest.mark.parametrize("changes", [{"state": "unusable"}, {"state": "superseded"}])
def test_a_series_that_is_not_in_use_is_not_measured(cast: Cast, ann: Participant, changes: dict[str, str]):
    lay_series(cast, ann, "film", **changes)
    assert services.launch_missing() == 0


def test_nothing_is_measured_of_who_took_back_every_use(cast: Cast, ann: Participant):
    lay_series(cast, ann, "film")
    assert len(services.list_unmeasured()) == 1
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(0), why="all")
    assert services.list_unmeasured() == []


def test_only_a_few_jobs_wait_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(services, "MOST_AT_ONCE", 1)
    for name in ("Ann", "Bea"):
        lay_series(cast, make_participant(cast, name), "film")
    assert (services.launch_missing(), services.launch_missing()) == (1, 0)
    assert len(services.list_unmeasured()) == 1


def test_a_job_of_another_version_is_refused(cast: Cast, ann: Participant, tmp_path: Path):
    lay_series(cast, ann, "film")
    services.launch_missing()
    held = claim_it()
    old = Held(**{**vars(held), "spec": {**held.spec, "version": "0"}})
    with pytest.raises(Refused, match="version 0 of the measuring"):
        services.prepare(old, tmp_path)


def test_a_foreign_result_is_not_written_down(cast: Cast, ann: Participant, tmp_path: Path):
    lay_series(cast, ann, "film")
    services.launch_missing()
    job = Job.objects.get(kind=services.KIND)
    (tmp_path / "result").mkdir()
    path = tmp_path / "result" / services.RESULT
    path.write_text('{"version": "1", "series": {}}', "utf-8")
    with pytest.raises(Refused, match="not those that were reported"):
        services.finish(job, tmp_path, {"sha256": "0" * 64})
    with pytest.raises(Refused, match="of other series"):
        services.finish(job, tmp_path, {"sha256": services.sha256_hex(path.read_bytes())})
    assert not Measurement.objects.exists()


def test_a_measuring_of_another_origin_is_refused(cast: Cast, ann: Participant):
    series = lay_series(cast, ann, "film")
    services.launch_missing()
    job = Job.objects.get(kind=services.KIND)
    with pytest.raises(Exception, match="seriesmeasuring_origin_is_the_series"), hands(cast.nora):
        SeriesMeasuring.objects.create(series=series, participant=ann, origin="human", version="9", job=job)
    assert Series.objects.get().origin == "simulated"


def test_a_follow_up_is_laid_on_the_first_dxa_of_the_same_forearm(cast: Cast, ann: Participant):
    first = lay_series(cast, ann, "dxa")
    again = lay_series(cast, ann, "dxa", attempt=2)
    later = lay_series(cast, ann, "dxa", visit=ann.visits.get(code="FU12"))
    assert find_baseline(first) is None
    assert find_baseline(again) is None
    assert find_baseline(later) == first


@pytest.mark.parametrize("spec", [{}, {"series": [], "version": "1"}, {"series": ["x"], "version": "1"}])
def test_a_job_without_series_is_refused(spec: dict[str, Any]):
    with pytest.raises(ValueError, match=r"wanted|badly formed"):
        services.check_spec(spec)

"""From a file in quarantine to a series, with the real reader in a real child process."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.imaging import originals, quarantine
from cohort.imaging.keys import date_shift_days
from cohort.imaging.models import Series, StoredFile, Upload, UploadedFile
from cohort.imaging.services import close_upload, read_volume
from cohort.imaging.settling import settle_upload, sweep_uploads
from cohort.participants.models import Participant
from portal.core.errors import UnreadableFile
from portal.core.storage import open_blob, path_of
from tests.cast import Cast, days_ago, make_cast, make_identity, make_participant
from tests.cohort.imaging.builders import begin, bring, make_dxa, make_film, make_slices, read_upload, send
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


def only_file(upload: Upload) -> UploadedFile:
    return upload.files.get()


def test_a_radiograph_becomes_a_series_with_a_picture(cast: Cast, ann: Participant):
    upload = bring(cast, ann, make_film(ann.code))
    series = Series.objects.get()
    assert upload.state == "done"
    assert only_file(upload).verdict == "accepted"
    assert (series.modality, series.side, series.state, series.origin) == ("film", "L", "accepted", "simulated")
    assert (series.rows, series.columns, series.n_instances) == (120, 90, 1)
    assert series.spacing_mm[1:] == pytest.approx([0.15 / 1.05] * 2)
    thumbnail = series.files.get(role="thumbnail")
    with open_blob(thumbnail.sha256, verify=True) as stream:
        assert stream.read(8) == b"\x89PNG\r\n\x1a\n"


def test_the_stored_file_names_nobody_and_shifts_the_days(cast: Cast, ann: Participant, settings: Any):
    bring(cast, ann, make_film(ann.code, OperatorsName="Smith^Jane"))
    stored = StoredFile.objects.get(role="image")
    content = path_of(stored.sha256).read_bytes()
    assert b"Smith" not in content
    ds = pydicom.dcmread(BytesIO(content))
    assert ds.PatientID == f"SIM-{ann.code}"
    shift = date_shift_days(settings.DEID_KEY, ann.study_id, ann.pk)
    assert shift < 0
    assert b"20260315" not in content


def test_the_true_day_and_device_stand_apart(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    facts = Series.objects.get().facts
    assert str(facts.taken_on) == "2026-03-15"
    assert (facts.maker, facts.device, facts.serial) == ("Trabecula phantom", "P1", "0001")
    assert facts.side_evidence == {"form": "L", "header": "L", "marker": None}


def test_the_volume_comes_back_as_it_was_brought(cast: Cast, ann: Participant):
    bring(cast, ann, *make_slices(ann.code, n=3), modality="pqct")
    series = Series.objects.get()
    volume = read_volume(series.pk)
    wanted = np.random.default_rng(1).integers(0, 1400, (64, 64), dtype=np.uint16).astype(np.float32) - 200
    assert volume.values.shape == (3, 64, 64)
    assert (volume.unit, volume.spacing_mm) == ("mg HA/cm3", (2.5, 0.5, 0.5))
    np.testing.assert_array_equal(volume.values[0], wanted)


def test_a_volume_whose_file_was_changed_is_refused(cast: Cast, ann: Participant):
    bring(cast, ann, make_dxa(ann.code), modality="dxa")
    series = Series.objects.get()
    assert read_volume(series.pk).unit == "g/cm2"
    path = path_of(series.files.get(role="image").sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(UnreadableFile, match="was changed"):
        read_volume(series.pk)


def test_another_persons_file_is_refused_without_naming_them(cast: Cast, ann: Participant):
    other = {"PatientName": "Stranger^Some", "PatientBirthDate": "19400101"}
    upload = bring(cast, ann, make_film(ann.code, **other))
    row = only_file(upload)
    assert (upload.state, row.verdict, row.code) == ("refused", "refused", "person")
    assert "names another person" in row.reason
    assert "Stranger" not in row.reason
    assert not Series.objects.exists()


def test_the_persons_own_name_and_birth_date_in_the_header_are_recognised(cast: Cast):
    identity = make_identity()
    ann = make_participant(cast)
    film = make_film(
        ann.code,
        PatientName=f"{identity.family_name}^{identity.given_name}",
        PatientBirthDate=identity.birth_date.strftime("%Y%m%d"),
    )
    assert bring(cast, ann, film).state == "done"
    content = path_of(StoredFile.objects.get(role="image").sha256).read_bytes()
    assert identity.family_name.encode() not in content


def test_good_and_bad_files_of_one_upload_each_get_their_verdict(cast: Cast, ann: Participant):
    upload = bring(cast, ann, make_film(ann.code), b"%PDF-1.7 a report", b"")
    assert upload.state == "done"
    assert [one.verdict for one in upload.files.order_by("name")] == ["accepted", "refused", "refused"]
    assert "PDF" in upload.files.get(name="IM0002").reason


def test_a_file_dropped_at_the_wrong_modality_is_told_where_it_belongs(cast: Cast, ann: Participant):
    upload = bring(cast, ann, make_film(ann.code), modality="dxa")
    assert "Drop it there" in only_file(upload).reason


def test_a_file_that_is_not_simulated_has_no_place_in_a_simulated_study(cast: Cast, ann: Participant):
    film = make_film(ann.code, patient_id=ann.code, ImageComments="", Manufacturer="Acme")
    assert only_file(bring(cast, ann, film)).code == "origin"


def test_a_human_study_takes_human_files_and_keeps_their_origin():
    cast = make_cast(origin="human")
    ann = make_participant(cast)
    bring(cast, ann, make_film(ann.code, patient_id=ann.code, ImageComments="", Manufacturer="Acme"))
    assert Series.objects.get().origin == "human"


def test_what_was_read_is_known_no_more(cast: Cast, ann: Participant):
    upload = bring(cast, ann, make_film(ann.code))
    assert (upload.match_salt, upload.fingerprints) == ("", [])
    assert upload.ended_at is not None


def test_the_child_is_told_no_name(cast: Cast, ann: Participant, home: Path):
    bring(cast, ann, make_film(ann.code))
    told = next((home / "jobs").rglob("upload.json")).read_text()
    assert json.loads(told)["expected"]["code"] == ann.code
    assert "xample" not in told


def test_what_the_reader_was_given_is_deleted_once_it_was_read(
    cast: Cast, ann: Participant, home: Path, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks() as callbacks:
        upload = bring(cast, ann, make_film(ann.code))
    assert list((home / "jobs").rglob("in/*"))
    for callback in callbacks:
        callback()
    left = {path.name for path in (home / "jobs").rglob("*") if path.is_file()}
    assert left == {"run.json", "log.txt"}
    assert only_file(upload).place == "original"


def test_what_a_failed_reading_left_is_deleted_by_the_sweep(cast: Cast, ann: Participant, home: Path):
    upload = begin(cast, ann)
    row = send(cast.nora, upload, make_film(ann.code))
    close_upload(actor=cast.nora, upload=upload)
    quarantine.path_of(upload.pk, row.pk).write_bytes(b"changed")
    assert read_upload(upload).state == "failed"
    assert list((home / "jobs").rglob("in/*"))
    sweep_uploads()
    assert not list((home / "jobs").rglob("in"))


def test_the_same_file_from_two_people_is_one_blob_with_two_references(cast: Cast, ann: Participant):
    bring(cast, ann, make_film(ann.code))
    bring(cast, ann, make_film(ann.code))
    images = StoredFile.objects.filter(role="image")
    assert images.count() == 2
    assert len(set(images.values_list("sha256", flat=True))) == 1


def test_an_accepted_original_is_kept_encrypted_and_leaves_quarantine(cast: Cast, ann: Participant, home: Path):
    film = make_film(ann.code)
    upload = bring(cast, ann, film)
    row = only_file(upload)
    assert quarantine.path_of(upload.pk, row.pk).exists()
    settle_upload(upload.pk)
    assert not quarantine.path_of(upload.pk, row.pk).exists()
    assert film[200:300] not in originals.path_of(row.pk).read_bytes()
    assert b"".join(originals.read_original(row.pk)) == film
    assert only_file(upload).place == "original"


def test_originals_are_deleted_when_their_days_are_over(cast: Cast, ann: Participant, settings: Any):
    upload = bring(cast, ann, make_film(ann.code))
    settle_upload(upload.pk)
    row = only_file(upload)
    sweep_uploads()
    assert originals.path_of(row.pk).exists()
    settings.ORIGINAL_DAYS = -1
    sweep_uploads()
    assert not originals.path_of(row.pk).exists()
    assert only_file(upload).place == "gone"


def test_a_refused_file_waits_its_days_and_is_then_deleted(cast: Cast, ann: Participant, settings: Any):
    upload = bring(cast, ann, b"no image")
    path = quarantine.path_of(upload.pk, only_file(upload).pk)
    sweep_uploads(older_than_s=-1)
    assert path.exists()
    settings.REFUSED_FILE_DAYS = -1
    sweep_uploads()
    assert not path.exists()
    assert only_file(upload).place == "gone"


def test_an_upload_whose_consent_was_withdrawn_meanwhile_is_not_taken_in(cast: Cast, ann: Participant):
    upload = begin(cast, ann)
    send(cast.nora, upload, make_film(ann.code))
    close_upload(actor=cast.nora, upload=upload)
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    job = read_upload(upload)
    assert (job.state, job.failure_code) == ("failed", "refused")
    assert "withdrawn on" in job.failure_text
    assert not Series.objects.exists()


def test_a_file_changed_in_quarantine_is_not_read(cast: Cast, ann: Participant):
    upload = begin(cast, ann)
    row = send(cast.nora, upload, make_film(ann.code))
    close_upload(actor=cast.nora, upload=upload)
    quarantine.path_of(upload.pk, row.pk).write_bytes(make_film(ann.code, seed=2))
    job = read_upload(upload)
    assert (job.state, "was changed in quarantine" in job.failure_text) == ("failed", True)


def test_two_people_have_dates_shifted_by_different_days(cast: Cast, ann: Participant, settings: Any):
    bea = make_participant(cast, "Bea")
    shifts = {date_shift_days(settings.DEID_KEY, one.study_id, one.pk) for one in (ann, bea)}
    assert len(shifts) == 2
    assert all(-730 <= one <= -1 for one in shifts)

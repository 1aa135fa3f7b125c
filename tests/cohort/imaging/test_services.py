"""Uploads: who may begin one, what is taken in, what is acknowledged, what is given up."""

import errno
from io import BytesIO
from pathlib import Path

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.imaging import quarantine, receiving
from cohort.imaging.access import get_upload_for, list_series_for, list_uploads_for
from cohort.imaging.models import Upload, UploadedFile
from cohort.imaging.receiving import receive_file
from cohort.imaging.services import acknowledge_file, cancel_upload, close_upload, read_again
from portal.audit.models import Act
from portal.core.errors import NotAllowed, Refused, WrongState
from portal.core.storage import StorageFull
from portal.jobs.models import Job
from portal.roles.models import Role
from tests.cast import Cast, act_as, days_ago, hands, make_participant
from tests.cohort.imaging.builders import begin, imaging_visit, send
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back


def list_quarantine(home: Path) -> list[Path]:
    return [path for path in (home / "quarantine").rglob("*") if path.is_file()]


def test_a_nurse_begins_an_upload_for_her_own_participant(cast: Cast):
    upload = begin(cast)
    assert (upload.state, upload.origin, upload.attempt) == ("receiving", "simulated", 1)
    assert Act.objects.get(action="image.upload").subject == upload.participant.code


def test_a_radiographer_of_the_site_may_too(cast: Cast):
    rita = act_as("Rita Radiographer", Role.RADIOGRAPHER, site=cast.exeter)
    assert begin(cast, actor=rita).made_by_id == rita.user_pk


@pytest.mark.parametrize("who", ["nell", "paula", "dan", "mona", "ana", "adam"])
def test_nobody_else_begins_an_upload(cast: Cast, who: str):
    ann = make_participant(cast)
    with pytest.raises(NotAllowed, match=r"'image\.upload' is for: radiographer, research nurse"):
        begin(cast, ann, actor=getattr(cast, who))


def test_without_consent_to_imaging_nothing_is_taken_in(cast: Cast):
    ann = make_participant(cast, con_i_rad=False)
    with pytest.raises(Refused, match=r"may not be taken in: .*was answered no"):
        begin(cast, ann)


def test_after_a_withdrawal_the_reason_names_it(cast: Cast):
    ann = make_participant(cast)
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    with pytest.raises(Refused, match="withdrawn on"):
        begin(cast, ann)


@pytest.mark.parametrize("wrong", [{"modality": "mri"}, {"side": "B"}, {"side": ""}])
def test_an_upload_needs_a_modality_and_a_side(cast: Cast, wrong: dict[str, str]):
    with pytest.raises(Refused, match="needs a modality"):
        begin(cast, **wrong)


def test_a_visit_of_somebody_else_is_refused(cast: Cast):
    ann, bea = make_participant(cast, "Ann"), make_participant(cast, "Bea")
    with pytest.raises(Refused, match="is not one of"):
        begin(cast, ann, visit=imaging_visit(bea))


def test_an_acknowledged_file_lies_in_quarantine_for_its_owner_alone(cast: Cast, home: Path):
    upload = begin(cast)
    row = send(cast.nora, upload, b"bytes")
    path = quarantine.path_of(upload.pk, row.pk)
    assert list_quarantine(home) == [path]
    assert path.read_bytes() == b"bytes"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (row.n_bytes, row.verdict, row.place) == (5, "waiting", "quarantine")


def test_the_same_file_sent_again_is_the_same_row(cast: Cast, home: Path):
    upload = begin(cast)
    assert send(cast.nora, upload).pk == send(cast.nora, upload).pk
    assert UploadedFile.objects.count() == len(list_quarantine(home)) == 1


def test_a_file_lost_with_a_commit_nobody_heard_of_is_put_back(cast: Cast, home: Path):
    upload = begin(cast)
    row = send(cast.nora, upload, b"bytes")
    quarantine.path_of(upload.pk, row.pk).unlink()
    assert send(cast.nora, upload, b"bytes").pk == row.pk
    assert quarantine.path_of(upload.pk, row.pk).read_bytes() == b"bytes"


def test_other_bytes_of_the_same_name_are_another_file(cast: Cast):
    upload = begin(cast)
    assert send(cast.nora, upload, b"one").pk != send(cast.nora, upload, b"two").pk


def test_a_file_that_breaks_off_leaves_nothing(cast: Cast, home: Path):
    upload = begin(cast)
    with pytest.raises(Refused, match="broke off after 99 of 100 bytes"):
        receive_file(cast.nora, upload, "one.dcm", BytesIO(b"x" * 99), 100)
    assert list_quarantine(home) == []
    assert not UploadedFile.objects.exists()


def test_a_file_changed_on_its_way_is_refused(cast: Cast, home: Path):
    with pytest.raises(Refused, match="was changed on its way"):
        receive_file(cast.nora, begin(cast), "one.dcm", BytesIO(b"x"), 1, sha256="0" * 64)
    assert list_quarantine(home) == []


def test_a_file_above_the_limit_is_refused_before_a_byte_is_read(cast: Cast, settings: pytest.FixtureRequest):
    settings.UPLOAD_FILE_MB = 1  # type: ignore[attr-defined]
    body = BytesIO(b"x")
    with pytest.raises(Refused, match="the limit is 1 MB"):
        receive_file(cast.nora, begin(cast), "one.dcm", body, (1 << 20) + 1)
    assert body.tell() == 0


def test_an_upload_holds_so_many_files_and_no_more(cast: Cast, home: Path, settings: pytest.FixtureRequest):
    settings.UPLOAD_FILES = 2  # type: ignore[attr-defined]
    upload = begin(cast)
    send(cast.nora, upload, b"1")
    send(cast.nora, upload, b"2")
    with pytest.raises(Refused, match="at most 2 files"):
        send(cast.nora, upload, b"3")
    assert len(list_quarantine(home)) == 2


def test_a_break_of_the_database_keeps_the_file_since_its_row_may_be_there(
    cast: Cast, home: Path, monkeypatch: pytest.MonkeyPatch
):
    def break_off(**_: object) -> None:
        raise Error("server closed the connection unexpectedly")

    monkeypatch.setattr(receiving, "acknowledge_file", break_off)
    with pytest.raises(Error):
        send(cast.nora, begin(cast))
    assert len(list_quarantine(home)) == 1


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(cast: Cast, home: Path, monkeypatch: pytest.MonkeyPatch):
    upload = begin(cast)

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(quarantine.os, "fsync", refuse)
    with pytest.raises(StorageFull, match="the disk is full"):
        send(cast.nora, upload)
    assert list_quarantine(home) == []
    assert not UploadedFile.objects.exists()


def test_a_nurse_of_another_site_adds_no_file(cast: Cast):
    upload = begin(cast)
    with pytest.raises(NotAllowed):
        send(cast.nell, upload)


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\scans\\one.dcm", "a/b/one\x00\n.dcm"])
def test_of_a_name_only_its_last_part_is_kept(cast: Cast, name: str):
    assert send(cast.nora, begin(cast), name=name).name in {"passwd", "one.dcm", "one  .dcm"}


def test_a_file_without_a_name_is_refused(cast: Cast):
    with pytest.raises(Refused, match="has no name"):
        send(cast.nora, begin(cast), name="folder/")


def test_closing_asks_for_the_reading_of_it(cast: Cast):
    upload = begin(cast)
    send(cast.nora, upload)
    job = close_upload(actor=cast.nora, upload=upload)
    upload.refresh_from_db()
    assert (upload.state, upload.job_id) == ("reading", job.pk)
    assert (job.kind, job.queue, job.origin, job.spec) == (
        "imaging.ingest", "web", "simulated", {"upload": str(upload.pk)}
    )  # fmt: skip


def test_an_empty_upload_is_not_closed(cast: Cast):
    with pytest.raises(Refused, match="no file has arrived yet"):
        close_upload(actor=cast.nora, upload=begin(cast))


def test_an_upload_is_not_closed_twice(cast: Cast):
    upload = begin(cast)
    send(cast.nora, upload)
    close_upload(actor=cast.nora, upload=upload)
    with pytest.raises(WrongState, match="'close' cannot happen while 'reading'"):
        close_upload(actor=cast.nora, upload=upload)
    assert Job.objects.count() == 1


def test_no_file_is_added_once_it_is_closed(cast: Cast, home: Path):
    upload = begin(cast)
    send(cast.nora, upload)
    stale = Upload.objects.get(pk=upload.pk)
    close_upload(actor=cast.nora, upload=upload)
    with pytest.raises(WrongState, match="an upload that is 'reading'"):
        send(cast.nora, stale, b"late")
    assert len(list_quarantine(home)) == 1


def test_a_cancelled_upload_is_gone_from_the_disk_and_knows_nobody(
    cast: Cast, home: Path, django_capture_on_commit_callbacks: object
):
    upload = begin(cast)
    send(cast.nora, upload)
    assert upload.match_salt
    assert any(upload.fingerprints)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        cancel_upload(actor=cast.nora, upload=upload)
    upload.refresh_from_db()
    assert (upload.state, upload.match_salt, upload.fingerprints) == ("cancelled", "", [])
    assert list_quarantine(home) == []


def test_what_is_being_read_is_not_cancelled(cast: Cast):
    upload = begin(cast)
    send(cast.nora, upload)
    close_upload(actor=cast.nora, upload=upload)
    with pytest.raises(WrongState, match="are being read"):
        cancel_upload(actor=cast.nora, upload=upload)


def test_files_are_read_again_only_after_a_reading_that_came_to_nothing(cast: Cast):
    upload = begin(cast)
    send(cast.nora, upload)
    with pytest.raises(WrongState, match="came to no result"):
        read_again(actor=cast.nora, upload=upload)
    first = close_upload(actor=cast.nora, upload=upload)
    with hands(cast.nora), transaction.atomic():
        Job.objects.filter(pk=first.pk).update(
            state="failed", failure_code="bad_spec", failure_text="no", ended_at=first.queued_at
        )
    upload = get_upload_for(cast.nora, upload.pk)
    assert read_again(actor=cast.nora, upload=upload).pk != first.pk


def park(cast: Cast) -> tuple[Upload, Job]:
    """Return an upload whose reading waits for a person, as after three workers were lost over it."""
    upload = begin(cast)
    send(cast.nora, upload)
    job = close_upload(actor=cast.nora, upload=upload)
    with hands(cast.nora), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state="parked", failure_code="lost", failure_text="gone")
    return get_upload_for(cast.nora, upload.pk), job


def test_an_upload_whose_reading_was_parked_can_be_read_again(cast: Cast):
    upload, parked = park(cast)
    again = read_again(actor=cast.nora, upload=upload)
    assert again.pk != parked.pk
    assert again.state == "queued"
    parked.refresh_from_db()
    assert parked.state == "cancelled"
    assert get_upload_for(cast.nora, upload.pk).job_id == again.pk


def test_an_upload_whose_reading_was_parked_can_be_given_up(cast: Cast):
    upload, parked = park(cast)
    cancel_upload(actor=cast.nora, upload=upload)
    upload.refresh_from_db()
    parked.refresh_from_db()
    assert (upload.state, parked.state) == ("cancelled", "cancelled")
    assert Act.objects.filter(subject=upload.participant.code, action="image.upload").count() == 4


def test_the_page_of_a_stuck_upload_offers_both_ways_out(cast: Cast, settings: pytest.FixtureRequest):
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    upload, _ = park(cast)
    page = words(look_as(cast.nora).get(reverse("upload", args=[upload.pk])))
    assert "gone" in page
    assert "Read the files again" in page
    assert "Give this upload up" in page


def test_fingerprints_are_new_for_each_upload_and_hold_no_name(cast: Cast):
    ann = make_participant(cast)
    one, other = begin(cast, ann), begin(cast, ann)
    assert set(one.fingerprints) & set(other.fingerprints) <= {""}
    assert "example" not in "".join(one.fingerprints)


def test_neither_salt_nor_digests_nor_names_of_files_enter_the_audit(cast: Cast):
    upload = begin(cast)
    send(cast.nora, upload, name="smith_john.dcm")
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload::text FROM audit_event WHERE source LIKE 'imaging_%%'")
        told = " ".join(row[0] for row in cursor.fetchall())
    assert str(upload.pk) in told
    assert upload.match_salt not in told
    assert "smith" not in told


def test_uploads_of_another_site_are_not_there(cast: Cast):
    upload = begin(cast)
    assert list(list_uploads_for(cast.nora)) == [upload]
    assert not list_uploads_for(cast.nell).exists()
    assert not list_series_for(cast.nell, upload.participant).exists()


def test_an_analyst_sees_no_upload(cast: Cast):
    with pytest.raises(NotAllowed):
        list_uploads_for(cast.ana)


@pytest.mark.parametrize("column", ["origin", "modality", "side", "attempt"])
def test_what_was_declared_never_changes(cast: Cast, column: str):
    upload = begin(cast)
    new = {"origin": "human", "modality": "dxa", "side": "R", "attempt": 9}[column]
    with pytest.raises(Error, match="never changes"), hands(cast.nora), transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(**{column: new})


def test_an_upload_of_another_origin_than_its_participant_is_impossible(cast: Cast):
    upload = begin(cast)
    fields = {
        "participant": upload.participant, "visit": upload.visit, "modality": "film", "side": "L", "attempt": 1,
        "made_by_id": cast.nora.user_pk,
    }  # fmt: skip
    with pytest.raises(Error, match="upload_origin_is_the_participants"), hands(cast.nora), transaction.atomic():
        Upload.objects.create(origin="human", **fields)


def test_acknowledging_wants_a_nurse_of_the_site(cast: Cast):
    upload = begin(cast)
    received = quarantine.receive(upload.pk, BytesIO(b"x"), 1)
    with pytest.raises(NotAllowed):
        acknowledge_file(actor=cast.mona, upload=upload, name="one", received=received)

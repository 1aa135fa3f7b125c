"""The pages of imaging: dropping without script, verdicts, one series and its files, who sees what."""

import json
from io import BytesIO
from typing import Any

import pydicom
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from cohort.imaging.models import Series, Upload
from cohort.participants.models import Participant
from portal.audit.models import Read
from portal.core.storage import path_of
from tests.cast import Cast, make_participant
from tests.cohort.imaging.builders import begin, bring, make_film, make_slices, read_upload, send
from tests.cohort.pages import look_as, read, words
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


@pytest.fixture
def film(cast: Cast, ann: Participant) -> Series:
    bring(cast, ann, make_film(ann.code))
    return Series.objects.get()


def drop(cast: Cast, ann: Participant, content: bytes, **changes: Any) -> Any:
    """Send the plain form of a browser without script."""
    file = SimpleUploadedFile("one.dcm", content)
    typed = {"visit": "BLI", "modality": "film", "side": "L", "images": [file], **changes}
    return look_as(cast.nora).post(reverse("imaging", args=[ann.code]), typed)


def test_without_script_a_plain_form_brings_the_files(cast: Cast, ann: Participant):
    answer = drop(cast, ann, make_film(ann.code))
    upload = Upload.objects.get()
    assert answer["Location"] == f"{reverse('imaging', args=[ann.code])}#upload-{upload.pk}"
    assert upload.state == "reading"
    read_upload(upload)
    page = words(look_as(cast.nora).get(reverse("imaging", args=[ann.code])))
    assert "LEFT forearm: agreed by form, header; no marker was read" in page
    assert "Radiograph, left forearm" in page


def test_a_form_without_side_or_files_says_so(cast: Cast, ann: Participant):
    answer = drop(cast, ann, b"x", side="", images=[])
    assert answer.status_code == 422
    assert "Choose at least one file." in words(answer)
    assert "Choose one of the answers." in words(answer)
    assert not Upload.objects.exists()


def test_without_consent_the_page_says_why_before_anything_is_sent(cast: Cast):
    bea = make_participant(cast, con_i_rad=False)
    page = words(look_as(cast.nora).get(reverse("imaging", args=[bea.code])))
    assert "may not be taken in" in page
    assert drop(cast, bea, b"x").status_code == 422


def test_who_may_not_upload_is_shown_no_place_to_drop(cast: Cast, ann: Participant):
    page = reverse("imaging", args=[ann.code])
    assert "Drop files here" in words(look_as(cast.nora).get(page))
    assert "Drop files here" not in words(look_as(cast.mona).get(page))


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("mona", 200), ("paula", 200), ("nell", 404), ("ana", 403)])
def test_who_sees_images(cast: Cast, ann: Participant, film: Series, who: str, status: int):
    browser = look_as(getattr(cast, who))
    stored = reverse("series-file", args=[film.pk, 1])
    pages = [reverse("imaging", args=[ann.code]), stored, reverse("upload", args=[film.upload_id])]
    pages += [reverse(name, args=[film.pk]) for name in ("series", "series-files", "series-thumbnail")]
    assert [browser.get(page).status_code for page in pages] == [status] * len(pages)


def test_a_file_is_served_to_be_kept_and_never_as_a_page(cast: Cast, film: Series):
    answer = look_as(cast.nora).get(reverse("series-file", args=[film.pk, 1]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    ds = pydicom.dcmread(BytesIO(b"".join(answer.streaming_content)))
    assert (ds.Rows, ds.PatientIdentityRemoved) == (120, "YES")


def test_a_file_that_did_not_change_is_not_sent_again(cast: Cast, film: Series):
    browser, page = look_as(cast.nora), reverse("series-file", args=[film.pk, 1])
    tag = browser.get(page)["ETag"]
    assert browser.get(page, headers={"If-None-Match": tag}).status_code == 304


def test_an_image_of_a_participant_is_asked_for_each_time_and_each_look_counted(cast: Cast, film: Series):
    browser, page = look_as(cast.nora), reverse("series-file", args=[film.pk, 1])
    for name in ("series-files", "series-thumbnail"):
        assert browser.get(reverse(name, args=[film.pk]))["Cache-Control"] == "private, no-cache"
    first = browser.get(page)
    assert first["Cache-Control"] == "private, no-cache"
    n_looks = Read.objects.get(actor=cast.nora.label, what="series").n_reads
    assert browser.get(page, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert Read.objects.get(actor=cast.nora.label, what="series").n_reads == n_looks + 1
    assert look_as(cast.ana).get(page, headers={"If-None-Match": first["ETag"]}).status_code == 403


def test_an_image_whose_bytes_were_changed_on_the_disk_is_not_served(cast: Cast, film: Series):
    stored = film.files.get(role="image", number=1)
    path = path_of(stored.sha256)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(content))
    answer = look_as(cast.nora).get(reverse("series-file", args=[film.pk, 1]))
    assert answer.status_code == 422
    assert f"the stored file {stored.sha256[:12]} was changed" in words(answer)


def test_a_number_the_series_does_not_have_is_not_there(cast: Cast, film: Series):
    assert look_as(cast.nora).get(reverse("series-file", args=[film.pk, 2])).status_code == 404


def test_each_look_at_an_image_is_recorded(cast: Cast, film: Series):
    browser = look_as(cast.mona)
    for name in ("series", "series-files", "series-thumbnail"):
        browser.get(reverse(name, args=[film.pk]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    row = Read.objects.get(actor=cast.mona.label, what="series")
    assert (row.subject, row.n_reads) == (str(film.pk), 3)


def test_the_viewer_is_told_of_every_frame(cast: Cast, ann: Participant):
    bring(cast, ann, *make_slices(ann.code, n=3), modality="pqct")
    series = Series.objects.get()
    told = json.loads(look_as(cast.nora).get(reverse("series-files", args=[series.pk])).content)
    assert told["frames"] == [reverse("series-file", args=[series.pk, number]) for number in (1, 2, 3)]
    assert (told["unit"], told["side"], told["origin"]) == ("mg HA/cm3", "L", "simulated")
    assert told["spacing"] == [2.5, 0.5, 0.5]


def test_the_true_day_is_for_staff_of_the_site(cast: Cast, film: Series):
    page = reverse("series", args=[film.pk])
    assert "15 March 2026" in words(look_as(cast.nora).get(page))
    assert "15 March 2026" not in words(look_as(cast.mona).get(page))
    assert "15 March 2026" not in words(look_as(cast.paula).get(page))


def test_the_exposure_is_told_in_words_with_its_units(cast: Cast, film: Series):
    page = words(look_as(cast.nora).get(reverse("series", args=[film.pk])))
    assert "Tube voltage 50 kV Exposure 4000 µAs" in page


def test_a_series_is_graded_on_its_page(cast: Cast, ann: Participant):
    bring(cast, ann, *make_slices(ann.code), modality="pqct")
    series = Series.objects.get()
    browser = look_as(cast.nora)
    browser.post(reverse("series-quality", args=[series.pk]), {"motion_grade": "4", "note": "moved"})
    series.refresh_from_db()
    assert (series.motion_grade, series.is_repeat_asked) == (4, True)
    assert "A repeat is asked for: moved" in words(browser.get(reverse("imaging", args=[ann.code])))


def test_unusable_wants_its_reason(cast: Cast, film: Series):
    browser, page = look_as(cast.nora), reverse("series-judge", args=[film.pk])
    answer = browser.post(page, {"verb": "find_unusable", "why": ""})
    assert answer.status_code == 422
    assert "Say why, so that others can follow it." in words(answer)
    browser.post(page, {"verb": "find_unusable", "why": "cut off"})
    film.refresh_from_db()
    assert film.state == "unusable"


def test_a_side_conflict_is_a_red_stop_with_two_answers(cast: Cast, ann: Participant):
    upload = bring(cast, ann, make_film(ann.code, side="R"))
    page = words(look_as(cast.nora).get(reverse("imaging", args=[ann.code])))
    assert "STOP" in page
    own = reverse("upload", args=[upload.pk])
    assert "Move to the RIGHT forearm" in words(look_as(cast.nora).get(own))
    assert "Keep as the LEFT forearm" not in words(look_as(cast.nora).get(own))
    assert "Keep as the LEFT forearm" in words(look_as(cast.dan).get(own))
    answer = look_as(cast.nora).post(reverse("upload-side", args=[upload.pk]), {"answer": "moved"})
    assert answer.status_code == 302
    assert Upload.objects.filter(settles=upload, side="R", state="reading").exists()


def test_a_header_overruled_without_a_reason_comes_back(cast: Cast, ann: Participant):
    upload = bring(cast, ann, make_film(ann.code, side="R"))
    answer = look_as(cast.dan).post(reverse("upload-side", args=[upload.pk]), {"answer": "header_wrong"})
    assert answer.status_code == 422
    assert "Say how you know that the header is wrong." in words(answer)


def test_names_of_files_are_for_their_sender(cast: Cast, ann: Participant):
    upload = begin(cast, ann)
    send(cast.nora, upload, name="smith_john.dcm")
    page = reverse("upload", args=[upload.pk])
    assert "smith_john.dcm" in read(look_as(cast.nora).get(page))
    assert "smith" not in read(look_as(cast.dan).get(page))


def test_an_upload_is_given_up_on_its_page(cast: Cast, ann: Participant):
    upload = begin(cast, ann)
    look_as(cast.nora).post(reverse("upload-cancel", args=[upload.pk]))
    upload.refresh_from_db()
    assert upload.state == "cancelled"


def test_pages_of_simulated_people_are_marked(cast: Cast, ann: Participant, film: Series):
    for page in (reverse("imaging", args=[ann.code]), reverse("series", args=[film.pk])):
        assert "SIMULATED" in words(look_as(cast.nora).get(page))

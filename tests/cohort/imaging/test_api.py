"""Uploads over the API: one file a request, acknowledged when it is safe, refused with its reason."""

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cohort.imaging.models import UploadedFile
from portal.roles.actors import Actor
from tests.cast import Cast, make_participant
from tests.cohort.imaging.builders import begin, send
from tests.cohort.pages import look_as
from tests.database import rolls_back

pytestmark = rolls_back
Usage = namedtuple("Usage", "total used free")


def ask(actor: Actor, cast: Cast, code: str, **changes: str) -> Any:
    declared = {"participant": code, "visit": "BLI", "modality": "film", "side": "L", **changes}
    return look_as(actor).post("/api/uploads/", declared, content_type="application/json")


def put(client: Client, pk: object, content: bytes = b"bytes", name: str = "one.dcm", **headers: Any) -> Any:
    address = f"/api/uploads/{pk}/files/?name={name}"
    return client.put(address, content, content_type="application/octet-stream", **headers)


def test_an_upload_goes_from_its_beginning_to_its_reading(cast: Cast):
    ann, nora = make_participant(cast), look_as(cast.nora)
    begun = ask(cast.nora, cast, ann.code)
    assert begun.status_code == 201
    assert begun["X-Trabecula-Origin"] == "SIMULATED"
    sent = put(nora, begun.json()["id"])
    assert sent.status_code == 201
    assert (sent.json()["name"], sent.json()["bytes"], sent.json()["verdict"]) == ("one.dcm", 5, "waiting")
    closed = nora.post(f"/api/uploads/{begun.json()['id']}/close/")
    assert closed.status_code == 202
    assert closed.json()["state"] == "reading"


def test_the_same_file_again_answers_200_with_the_same_row(cast: Cast):
    upload, nora = begin(cast), look_as(cast.nora)
    first, again = put(nora, upload.pk), put(nora, upload.pk)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


def test_without_consent_the_answer_says_why(cast: Cast):
    ann = make_participant(cast, con_i_rad=False)
    refused = ask(cast.nora, cast, ann.code)
    assert refused.status_code == 422
    assert "was answered no" in refused.json()["detail"]


def test_a_visit_nobody_planned_is_named(cast: Cast):
    ann = make_participant(cast)
    answer = ask(cast.nora, cast, ann.code, visit="XX")
    assert answer.status_code == 400
    assert "'XX' is no visit" in str(answer.json())


@pytest.mark.parametrize(("who", "status"), [("nell", 404), ("mona", 403), ("ana", 403)])
def test_who_may_not_upload_is_told_so(cast: Cast, who: str, status: int):
    ann = make_participant(cast)
    assert ask(getattr(cast, who), cast, ann.code).status_code == status


@pytest.mark.parametrize(("who", "status"), [("nell", 404), ("mona", 403), ("ana", 403)])
def test_nobody_else_adds_closes_or_cancels(cast: Cast, who: str, status: int):
    upload, client = begin(cast), look_as(getattr(cast, who))
    assert put(client, upload.pk).status_code == status
    assert client.post(f"/api/uploads/{upload.pk}/close/").status_code == status
    assert client.delete(f"/api/uploads/{upload.pk}/").status_code == status


def test_a_stranger_is_asked_to_sign_in(cast: Cast):
    upload = begin(cast)
    assert put(Client(), upload.pk).status_code == 401


def test_a_request_forged_elsewhere_is_refused(cast: Cast):
    upload = begin(cast)
    client = Client(enforce_csrf_checks=True)
    client.cookies = look_as(cast.nora).cookies
    assert put(client, upload.pk).status_code == 403
    assert not UploadedFile.objects.exists()


def test_a_full_disk_answers_507_and_leaves_nothing(cast: Cast, home: Path, monkeypatch: pytest.MonkeyPatch):
    upload = begin(cast)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 96, 4))
    answer = put(look_as(cast.nora), upload.pk)
    assert answer.status_code == 507
    assert "free some space" in answer.json()["detail"]
    assert not [path for path in (home / "quarantine").rglob("*") if path.is_file()]
    assert not UploadedFile.objects.exists()


def test_a_name_of_a_file_is_shown_to_its_sender_only(cast: Cast):
    upload = begin(cast)
    send(cast.nora, upload, name="smith_john.dcm")
    assert "smith" in look_as(cast.nora).get(f"/api/uploads/{upload.pk}/").content.decode()
    assert "smith" not in look_as(cast.dan).get(f"/api/uploads/{upload.pk}/").content.decode()


def test_an_upload_is_given_up(cast: Cast):
    upload, nora = begin(cast), look_as(cast.nora)
    assert nora.delete(f"/api/uploads/{upload.pk}/").status_code == 204
    assert nora.get(f"/api/uploads/{upload.pk}/").json()["state"] == "cancelled"
    assert nora.delete(f"/api/uploads/{upload.pk}/").status_code == 409


def test_an_empty_upload_is_not_closed(cast: Cast):
    answer = look_as(cast.nora).post(f"/api/uploads/{begin(cast).pk}/close/")
    assert answer.status_code == 422

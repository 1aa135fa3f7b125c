"""Jobs over the API."""

import uuid

import pytest
from django.test import Client

from portal.jobs.leases import fail_job, finish_job
from portal.jobs.models import Job
from tests.cast import Cast, let_in
from tests.database import rolls_back
from tests.portal.jobs.builders import claim, make_job, reload

pytestmark = rolls_back

FIELDS = {
    "id", "kind", "queue", "state", "origin", "site", "attempts", "step", "total", "message", "sandbox", "spec_sha256",
    "result", "result_sha256", "failure_code", "failure_text", "queued_at", "started_at", "cancel_requested_at",
    "ended_at",
}  # fmt: skip


@pytest.fixture
def browser_of(settings: pytest.FixtureRequest, cast: Cast):
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]

    def sign_in(name: str) -> Client:
        return let_in(Client(), cast.user(getattr(cast, name)))

    return sign_in


def address(job: Job, act: str = "") -> str:
    return f"/api/jobs/{job.pk}/" + (f"{act}/" if act else "")


def test_a_job_has_the_fields_named_and_no_other(browser_of) -> None:
    job = make_job()
    finish_job(claim(job), {"answer": 42})
    found = browser_of("nora").get(address(job)).json()
    assert set(found) == FIELDS
    assert (found["state"], found["result"]) == ("finished", {"answer": 42})


def test_the_list_holds_what_the_actor_may_see(browser_of, cast: Cast) -> None:
    ours, theirs = make_job(steps=1, site=cast.exeter), make_job(steps=2, site=cast.plymouth)
    browser = browser_of("nora")
    assert [one["id"] for one in browser.get("/api/jobs/").json()["results"]] == [str(ours.pk)]
    assert browser.get(address(theirs)).status_code == 404
    assert browser.get(address(theirs)).json() == browser.get(f"/api/jobs/{uuid.uuid4()}/").json()


def test_a_stranger_is_asked_to_sign_in(client: Client, cast: Cast) -> None:
    assert client.get(address(make_job())).status_code in {401, 403}


def test_a_demonstration_is_started_once(browser_of) -> None:
    asked = {"steps": 4, "queue": "gpu"}
    first, second = (
        browser_of("dan").post("/api/jobs/start-demonstration/", asked, "application/json") for _ in range(2)
    )
    assert (first.status_code, first.json()["queue"]) == (201, "gpu")
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize("asked", [{}, {"steps": 0}, {"steps": 4, "queue": "vault"}, {"steps": 4, "fail": "sulk"}])
def test_what_cannot_be_started_is_a_400(browser_of, asked: dict[str, object]) -> None:
    assert browser_of("dan").post("/api/jobs/start-demonstration/", asked, "application/json").status_code == 400
    assert not Job.objects.exists()


def test_the_wrong_role_starts_and_cancels_nothing(browser_of) -> None:
    job = make_job()
    browser = browser_of("nora")
    for path in ("/api/jobs/start-demonstration/", address(job, "cancel"), address(job, "try-again")):
        answer = browser.post(path, {"steps": 9}, "application/json")
        assert answer.status_code in {403, 409}
        assert "detail" in answer.json()
    assert browser.post(address(job, "cancel")).status_code == 403
    assert reload(job).state == "queued"
    assert Job.objects.count() == 1


def test_a_job_is_cancelled_once(browser_of) -> None:
    job = make_job()
    browser = browser_of("dan")
    assert browser.post(address(job, "cancel")).json()["state"] == "cancelled"
    again = browser.post(address(job, "cancel"))
    assert again.status_code == 409
    assert "'cancel' cannot happen while 'cancelled'" in again.json()["detail"]


def test_a_parked_job_is_tried_again(browser_of) -> None:
    job = make_job()
    fail_job(claim(job), "disk_full", "The disk is full.")
    assert browser_of("dan").post(address(job, "try-again")).json()["state"] == "queued"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_of_a_job_is_written_directly(browser_of, method: str) -> None:
    job = make_job()
    assert getattr(browser_of("dan"), method)(address(job), {}, "application/json").status_code == 405
    assert Job.objects.filter(pk=job.pk).exists()

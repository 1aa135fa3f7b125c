"""Pages of jobs: with and without script, for whoever may and whoever may not."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.jobs.leases import fail_job, finish_job, renew_lease
from portal.jobs.models import Job
from tests.cast import Cast, let_in
from tests.database import rolls_back
from tests.portal.jobs.builders import claim, make_job, reload

pytestmark = rolls_back


@pytest.fixture
def dan(client: Client, cast: Cast, settings: pytest.FixtureRequest) -> Client:
    """The browser of the data manager."""
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    return let_in(client, cast.user(cast.dan))


@pytest.fixture
def nora(cast: Cast, settings: pytest.FixtureRequest) -> Client:
    """The browser of the nurse in Exeter."""
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    return let_in(Client(), cast.user(cast.nora))


FORM = {"steps": "20", "seconds_per_step": "0.5", "queue": "web", "fail": "no"}


def page_of(browser: Client, job: Job) -> str:
    answer = browser.get(reverse("job", args=[job.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_each_job_with_its_state(dan: Client) -> None:
    waiting, running = make_job(steps=3), make_job(steps=4)
    renew_lease(claim(running), step=2, total=4, message="step 2 of 4")
    page = dan.get(reverse("jobs")).content.decode()
    assert reverse("job", args=[waiting.pk]) in page
    assert "Waiting" in page
    assert "Running" in page
    assert "2 of 4" in page


def test_a_demonstration_is_started_by_a_form(dan: Client, cast: Cast) -> None:
    answer = dan.post(reverse("start-demonstration"), FORM)
    job = Job.objects.get()
    assert answer["Location"] == reverse("job", args=[job.pk])
    assert job.spec == {"steps": 20, "seconds_per_step": 0.5, "checkpoint_every": 2}
    assert job.created_by_id == cast.dan.user_pk


def test_a_double_click_leads_to_the_same_job(dan: Client) -> None:
    first, second = (dan.post(reverse("start-demonstration"), FORM)["Location"] for _ in range(2))
    assert first == second
    assert Job.objects.count() == 1


def test_a_form_that_cannot_be_is_shown_again_with_what_was_typed(dan: Client) -> None:
    answer = dan.post(reverse("start-demonstration"), {**FORM, "steps": "none"})
    assert answer.status_code == 422
    assert 'value="none"' in answer.content.decode()
    assert not Job.objects.exists()


def test_a_nurse_sees_jobs_but_neither_form_nor_buttons(dan: Client, nora: Client) -> None:
    job = make_job()
    assert "Start a demonstration" in dan.get(reverse("jobs")).content.decode()
    assert "Start a demonstration" not in nora.get(reverse("jobs")).content.decode()
    assert reverse("cancel-job", args=[job.pk]) in page_of(dan, job)
    assert reverse("cancel-job", args=[job.pk]) not in page_of(nora, job)


def test_a_nurse_who_posts_all_the_same_is_told_who_may(nora: Client) -> None:
    job = make_job()
    for address in (reverse("cancel-job", args=[job.pk]), reverse("start-demonstration")):
        answer = nora.post(address, FORM)
        assert answer.status_code == 403
        assert "administrator, analyst, data manager" in answer.content.decode()
    assert reload(job).state == "queued"


@pytest.mark.parametrize("name", ["job", "job-progress"])
def test_another_sites_job_is_a_404_like_any_unknown_one(cast: Cast, nora: Client, name: str) -> None:
    ours, theirs = make_job(steps=1, site=cast.exeter), make_job(steps=2, site=cast.plymouth)
    assert nora.get(reverse(name, args=[ours.pk])).status_code == 200
    assert nora.get(reverse(name, args=[theirs.pk])).status_code == 404


def test_a_stranger_is_sent_to_sign_in(client: Client, cast: Cast) -> None:
    job = make_job()
    for address in (reverse("jobs"), reverse("job", args=[job.pk])):
        answer = client.get(address)
        assert answer.status_code == 302
        assert reverse("account_login") in answer["Location"]


def test_the_progress_alone_is_what_the_page_holds_too(dan: Client) -> None:
    job = make_job()
    renew_lease(claim(job), step=2, total=6, message="the second step")
    piece = dan.get(reverse("job-progress", args=[job.pk]))
    assert "HX-Refresh" not in piece
    for text in (piece.content.decode(), page_of(dan, job)):
        assert "Step 2 of 6" in text
        assert "the second step" in text
        assert f'hx-get="{reverse("job-progress", args=[job.pk])}"' in text
    assert "<html" not in piece.content.decode()


def test_the_page_is_loaded_anew_once_nothing_more_happens(dan: Client) -> None:
    job = make_job()
    finish_job(claim(job), {"total_of_steps": 21})
    assert dan.get(reverse("job-progress", args=[job.pk]))["HX-Refresh"] == "true"
    page = page_of(dan, job)
    assert "hx-get" not in page.split("<main")[1].split("</main>")[0]
    assert "total_of_steps" in page
    assert "21" in page


def test_a_waiting_job_is_cancelled_by_its_button(dan: Client) -> None:
    job = make_job()
    assert dan.post(reverse("cancel-job", args=[job.pk]))["Location"] == reverse("job", args=[job.pk])
    assert reload(job).state == "cancelled"
    answer = dan.post(reverse("cancel-job", args=[job.pk]))
    assert answer.status_code == 409
    assert "cannot happen while &#x27;cancelled&#x27;" in answer.content.decode()


def test_a_failure_says_what_happened_and_what_to_do(dan: Client) -> None:
    job = make_job()
    fail_job(claim(job), "bad_spec", "The steps do not add up. Give other numbers.")
    page = page_of(dan, job)
    assert "The steps do not add up. Give other numbers." in page
    assert "Failed" in page


def test_a_second_attempt_says_why_there_is_one(dan: Client) -> None:
    job = make_job()
    fail_job(claim(job), "crash", "It fell over.")
    assert "An attempt before this one failed. It fell over." in page_of(dan, job)
    assert "for attempt 2 of 3" in page_of(dan, job)


def test_a_parked_job_can_be_tried_again_or_given_up(dan: Client, nora: Client) -> None:
    job = make_job()
    fail_job(claim(job), "disk_full", "The disk is full.")
    again, up = reverse("try-job-again", args=[job.pk]), reverse("cancel-job", args=[job.pk])
    assert again in page_of(dan, job)
    assert up in page_of(dan, job)
    assert again not in page_of(nora, job)
    assert dan.post(again).status_code == 302
    assert reload(job).state == "queued"
    assert dan.post(again).status_code == 409


def test_how_the_process_was_shut_in_is_on_the_page(dan: Client) -> None:
    job = make_job()
    claim(job)
    assert "Its process had" in page_of(dan, job)
    assert "no network" in page_of(dan, job)


@pytest.mark.parametrize("name", ["cancel-job", "try-job-again"])
def test_an_act_wants_a_post(dan: Client, name: str) -> None:
    assert dan.get(reverse(name, args=[make_job().pk])).status_code == 405

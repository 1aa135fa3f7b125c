"""The page of patterns: for people at work and for the demo, not for strangers."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.pages.examples import N_STEPS, make_progress
from tests.cast import Cast, let_in
from tests.database import rolls_back

pytestmark = rolls_back


@pytest.fixture
def demo(settings: pytest.FixtureRequest) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["patterns", "patterns-progress"])
def test_a_stranger_finds_nothing(client: Client, name: str):
    assert client.get(reverse(name)).status_code == 404


def test_somebody_signed_in_sees_every_pattern(client: Client, cast: Cast):
    let_in(client, cast.user(cast.nora))
    page = client.get(reverse("patterns")).content.decode()
    for piece in ("chip-shut", "waiting-row", "<progress", "timeline-now", "data-plot", "data-confirm", "data-draft"):
        assert piece in page


@pytest.mark.usefixtures("demo")
def test_the_example_form_shows_its_errors(client: Client):
    answer = client.post(reverse("patterns"), {"height": "12"})
    assert answer.status_code == 422
    assert "Some answers need another look" in answer.content.decode()
    assert "data-draft-bound" in answer.content.decode()


@pytest.mark.usefixtures("demo")
def test_the_example_form_can_be_right(client: Client):
    right = {"measured_on": "15/6/2026", "height": "162.0", "side": "L", "device": "1", "checked": "on"}
    answer = client.post(reverse("patterns"), right)
    assert answer.status_code == 200
    assert "The form is complete." in answer.content.decode()


@pytest.mark.usefixtures("demo")
def test_one_partial_serves_the_page_and_the_piece(client: Client):
    piece = client.get(reverse("patterns-progress"), {"step": "2"}, headers={"HX-Request": "true"}).content.decode()
    page = client.get(reverse("patterns-progress"), {"step": "2"}).content.decode()
    assert "Step 2 of 3" in piece
    assert "<html" not in piece
    assert "Step 2 of 3" in page
    assert "<html" in page


def test_the_example_job_ends():
    assert make_progress(N_STEPS - 1).poll_url.endswith(f"step={N_STEPS}")
    assert make_progress(N_STEPS).poll_url == ""
    assert make_progress(N_STEPS + 5).finished


@pytest.mark.usefixtures("demo")
def test_a_step_that_is_no_number_begins_anew(client: Client):
    answer = client.get(reverse("patterns-progress"), {"step": "x"}, headers={"HX-Request": "true"})
    assert "Step 0 of 3" in answer.content.decode()

"""Jobs in a real browser, with a real worker: progress that moves by itself, and the same pages without script."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import User
from portal.jobs.leases import fail_job, renew_lease
from portal.roles.actors import SETUP
from portal.roles.models import Role
from tests.browser import Window, assert_accessible, browse, needs_browser, sign_in
from tests.cast import hands, make_user
from tests.faults.processes import Stack, stack
from tests.portal.jobs.builders import claim, make_job

pytestmark = needs_browser


@pytest.fixture
def works(fresh_database: dict[str, str], tmp_path: Path) -> Iterator[Stack]:
    with stack(fresh_database, tmp_path) as found:
        yield found


@pytest.fixture
def dan(fresh_database: dict[str, str], settings: pytest.FixtureRequest) -> User:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    return make_user("Dan Data", Role.DATA_MANAGER)


@contextmanager
def signed_in(chromium: Browser, address: str, user: User, **options: Any) -> Iterator[Window]:
    """Open a window as this person. A sign-in is an act, so that its write can name somebody."""
    with browse(chromium, address, **options) as window:
        with hands(SETUP):
            sign_in(window.page.context, address, user)
        yield window


def fill_in(page: Page, steps: str, fail: str = "It does not fail") -> None:
    page.get_by_label("Steps").fill(steps)
    page.get_by_label("Length of a step").fill("0.1")
    page.get_by_text(fail).click()
    page.get_by_role("button", name="Start it").click()


def test_a_demonstration_is_started_watched_and_finished(
    chromium: Browser, address: str, works: Stack, dan: User
) -> None:
    works.start_worker(queue="web")
    with signed_in(chromium, address, dan) as window:
        page = window.open("/jobs/")
        fill_in(page, "25")
        expect(page.get_by_text("Running")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_role("heading", name="Result")).to_be_visible()
        expect(page.get_by_text("325")).to_be_visible()  # 1 + 2 + … + 25
        assert any("/progress" in one for one in window.requests)


def test_a_running_job_is_stopped_by_its_button(chromium: Browser, address: str, works: Stack, dan: User) -> None:
    works.start_worker(queue="web")
    with signed_in(chromium, address, dan) as window:
        page = window.open("/jobs/")
        fill_in(page, "900")
        expect(page.get_by_text("Running")).to_be_visible()
        page.get_by_role("button", name="Stop this job").click()
        expect(page.get_by_text("Cancelled")).to_be_visible()


def test_without_script_a_job_is_started_looked_at_again_and_cancelled(
    chromium: Browser, address: str, dan: User
) -> None:
    with signed_in(chromium, address, dan, java_script_enabled=False) as window:
        page = window.open("/jobs/")
        fill_in(page, "25")
        expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
        page.get_by_role("link", name="Look again").click()
        page.get_by_role("button", name="Stop this job").click()
        expect(page.get_by_text("Cancelled")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 820, 360])
def test_the_pages_of_jobs_are_accessible(chromium: Browser, address: str, dan: User, theme: str, width: int) -> None:
    running, parked = make_job(steps=40), make_job(steps=50)
    renew_lease(claim(running), step=16, total=40, message="kept a checkpoint")
    fail_job(claim(parked), "disk_full", "The disk is full. Free some space and try the job again.")
    with signed_in(chromium, address, dan, color_scheme=theme, width=width) as window:
        for path in ("", f"{running.pk}/", f"{parked.pk}/"):
            page = window.open(f"/jobs/{path}")
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width

"""Two clicks from the analyst's home to a run, and its curves while a real worker trains it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from modelling.runs.models import TrainingRun
from tests.browser import DESK, TABLET, assert_accessible, browse, needs_browser
from tests.cast import Cast
from tests.faults.processes import Stack, stack
from tests.modelling.runs.builders import ask, lay_snapshot_down, reload
from tests.modelling.runs.test_trying import hang_up, page_of, train
from tests.portal.jobs.children import wait_until

pytestmark = needs_browser


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """Where both the pages and the worker keep their files."""
    home = tmp_path / "home"
    settings.HOME = home  # type: ignore[attr-defined]
    return home


@pytest.fixture
def works(fresh_database: dict[str, str], home: Path) -> Iterator[Stack]:
    home.parent.chmod(0o711)
    with stack(fresh_database, home.parent) as found:
        home.chmod(0o711)
        yield found


def test_two_clicks_from_home_to_a_run_that_finishes(chromium: Browser, address: str, works: Stack, cast: Cast) -> None:
    lay_snapshot_down(cast.ana, cast.study)
    with browse(chromium, address, user=cast.user(cast.ana)) as window:
        page = window.open("/")
        page.get_by_role("link", name="Train a model").first.click()
        page.get_by_label("Clinical baseline").check()
        page.get_by_role("button", name="Start training").click()
        expect(page.get_by_role("heading", name="Run 1")).to_be_visible()
        expect(page.get_by_text("waiting for a worker of the queue 'gpu'")).to_be_visible()
        assert_accessible(page)
        works.start_worker()
        expect(page.get_by_role("link", name="Look at the model")).to_be_visible()
        page.get_by_role("link", name="Look at the model").click()
        expect(page.get_by_role("heading", name="Clinical baseline 1")).to_be_visible()
        assert_accessible(page)


def test_the_curve_grows_while_it_trains_without_loading_the_page_anew(
    chromium: Browser, address: str, works: Stack, cast: Cast
) -> None:
    run = ask(cast, lay_snapshot_down(cast.ana, cast.study), recipe="fusion", epochs=400)
    works.start_worker()
    wait_until(lambda: reload(run).state == "running")
    with browse(chromium, address, user=cast.user(cast.ana)) as window:
        page = window.open(f"/runs/{run.pk}/")
        page.evaluate("document.body.dataset.same = 'yes'")
        drawn = page.locator(".plot[data-live] .scatterlayer .point")
        expect(drawn.first).to_be_attached()
        before = drawn.count()
        wait_until(lambda: drawn.count() > before)
        assert page.locator("body").get_attribute("data-same") == "yes"
        page.get_by_role("button", name="Stop this job").click()
    wait_until(lambda: reload(run).state == "cancelled")
    assert TrainingRun.objects.get().model is None


def test_the_launch_fits_a_tablet(chromium: Browser, address: str, cast: Cast) -> None:
    lay_snapshot_down(cast.ana, cast.study)
    with browse(chromium, address, user=cast.user(cast.ana), width=TABLET) as window:
        page = window.open("/runs/new/")
        assert page.evaluate("document.documentElement.scrollWidth") <= TABLET
        assert_accessible(page)


def test_trying_a_model_on_a_real_film_is_accessible_and_fits(
    chromium: Browser, address: str, home: Path, cast: Cast
) -> None:
    home.parent.chmod(0o711)
    hang_up(cast)
    model = train(cast)
    for width in (DESK, TABLET, 360):
        with browse(chromium, address, user=cast.user(cast.ana), width=width) as window:
            page = window.open(page_of(model))
            expect(page.get_by_text("no risk is shown for a real radiograph")).to_be_visible()
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width

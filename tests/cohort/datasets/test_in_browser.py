"""Pages of snapshots and of the import in a real browser: WCAG 2.2 AA, in both themes and widths."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from cohort.datasets.services import build_snapshot
from tests.browser import DESK, TABLET, assert_accessible, browse, needs_browser
from tests.cast import Cast
from tests.cohort.datasets.people import make_ten, work_on
from tests.cohort.exchange.tables import make_public_study
from tests.cohort.pages import look_as

pytestmark = needs_browser


@pytest.fixture
def cast(cast: Cast, address: str, tmp_path: Path, settings: pytest.FixtureRequest) -> Cast:
    """The cast, in the database that the served portal has."""
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    tmp_path.chmod(0o711)
    return cast


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", TABLET)])
def test_the_pages_of_snapshots_are_accessible(chromium: Browser, address: str, cast: Cast, theme: str, width: int):
    make_ten(cast)
    snapshot = build_snapshot(actor=cast.ana, study=cast.study, task="OP_WHO")
    work_on(snapshot)
    public, _ = make_public_study(cast)
    pages = {
        cast.ana: [
            reverse("snapshots"),
            reverse("snapshot", args=[snapshot.pk]),
            reverse("snapshot-new", args=["wrist"]),
            reverse("admissible", args=["OP_WHO"]),
        ],
        cast.paula: [reverse("study-import", args=[public.code])],
    }
    for actor, paths in pages.items():
        with browse(chromium, address, width=width, color_scheme=theme) as window:
            cookies = look_as(actor).cookies
            window.page.context.add_cookies(
                [{"name": name, "value": one.value, "url": address} for name, one in cookies.items()]
            )
            for path in paths:
                page = window.open(path)
                expect(page.locator("h1")).to_be_visible()
                assert page.url == address + path
                assert_accessible(page)

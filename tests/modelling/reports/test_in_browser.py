"""The report in a browser: at the desk and on a tablet, drawn and readable by everybody."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import DESK, TABLET, assert_accessible, browse, needs_browser, served
from tests.modelling.blinded.stage import Stage

pytestmark = needs_browser


@pytest.mark.parametrize("width", [DESK, TABLET])
def test_the_report_is_readable_drawn_and_fits_the_page(chromium: Browser, revealed: Stage, width: int) -> None:
    paula = revealed.cast.user(revealed.cast.paula)
    with served() as address, browse(chromium, address, user=paula, width=width) as window:
        page = window.page
        page.goto(f"{address}/evaluations/{revealed.evaluation_pk}/report/")
        expect(page.get_by_text("simulated participants never seen in training")).to_be_visible()
        page.locator("#figure-risks-numbers").locator("..").scroll_into_view_if_needed()
        expect(page.locator("[data-plot=figure-risks-numbers] .main-svg").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)


def test_the_rehearsal_is_marked_where_one_looks_first(chromium: Browser, revealed: Stage) -> None:
    paula = revealed.cast.user(revealed.cast.paula)
    with served() as address, browse(chromium, address, user=paula) as window:
        window.page.goto(f"{address}/evaluations/{revealed.evaluation_pk}/rehearsal/")
        expect(window.page.get_by_text("REHEARSAL: LABELS ARE RANDOM").first).to_be_in_viewport()
        assert_accessible(window.page)

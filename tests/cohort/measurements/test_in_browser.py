"""Measurements in a real browser: accessible, within the window, pictures and charts drawn; and without script."""

from pathlib import Path

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Browser, expect

from cohort.imaging.models import Series
from cohort.measurements.services import record_measurements, record_pictures, record_remarks
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import NotMeasured, Value
from portal.core.hashing import sha256_file
from portal.roles.actors import WORKER, Actor
from tests.browser import DESK, PHONE, TABLET, Window, assert_accessible, browse, needs_browser
from tests.cast import Cast, make_participant
from tests.cohort.measurements.builders import lay_series, lay_strength
from tests.cohort.pages import look_as

pytestmark = needs_browser


@pytest.fixture
def cast(cast: Cast, address: str) -> Cast:
    return cast


@pytest.fixture
def ann(cast: Cast, tmp_path: Path) -> Participant:
    """A participant with a pQCT, and DXA at two visits, with picture, flag and what is missing."""
    participant = make_participant(cast)
    pqct = lay_series(cast, participant, "pqct")
    values = [Value("pqct.total_density@4", 310.0), Value("pqct.ssi@33", 900.0), Value("pqct.rigidity_axial@33", 600.0)]
    record_measurements(actor=WORKER, series=pqct, version="2", values=values)
    left_out = [NotMeasured("pqct.bsi@4", "no slice of this site is in the series")]
    record_remarks(actor=WORKER, series=pqct, version="2", notes=["the arm moved"], left_out=left_out)
    path = tmp_path / "picture.png"
    Image.new("RGB", (480, 240), "#204060").save(path)
    kept = {"segmentation": (path, sha256_file(path))}
    record_pictures(actor=WORKER, series=pqct, version="2", pictures=kept)
    for code, value in (("BLI", 0.612), ("FU12", 0.590)):
        series = lay_series(cast, participant, "dxa", visit=participant.visits.get(code=code))
        record_measurements(actor=WORKER, series=series, version="2", values=[Value("dxa.abmd_33", value)])
    return participant


@pytest.fixture
def volume(cast: Cast, ann: Participant, tmp_path: Path) -> Series:
    """An HR-pQCT volume of hers that was tested by finite elements."""
    found = lay_series(cast, ann, "hrpqct", unit="mg HA/cm3")
    lay_strength(cast, found, tmp_path)
    return found


def let_in(window: Window, actor: Actor) -> None:
    cookies = look_as(actor).cookies
    window.page.context.add_cookies(
        [{"name": name, "value": one.value, "url": window.address} for name, one in cookies.items()]
    )


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", TABLET), ("light", PHONE)])
def test_measurements_are_accessible_and_stay_within_the_window(
    chromium: Browser, address: str, cast: Cast, ann: Participant, volume: Series, theme: str, width: int
) -> None:
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        # A data manager sees all there is: outcomes, and the form that starts a test.
        let_in(window, cast.dan)
        pages = [reverse("measurements-for", args=[ann.code]), reverse("strength", args=[volume.pk])]
        for path in (*pages, reverse("measurement-catalogue")):
            page = window.open(path)
            expect(page.locator("h1")).to_be_visible()
            for one in page.locator("details > summary").all():
                one.click()
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path


def test_a_value_is_drawn_on_its_band_and_a_follow_up_on_its_trend(
    chromium: Browser, address: str, cast: Cast, ann: Participant
) -> None:
    with browse(chromium, address, width=DESK) as window:
        let_in(window, cast.nora)
        page = window.open(reverse("measurements-for", args=[ann.code]))
        picture = page.locator("figure.thumb img").first
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 480)
        charts = page.locator("[data-plot]")
        # The bands of three series and one trend.
        assert charts.count() == 4
        for number in range(4):
            charts.nth(number).scroll_into_view_if_needed()
            expect(charts.nth(number).locator(".main-svg").first).to_be_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement !== document.body")


def test_a_test_is_asked_for_and_stopped_by_the_keyboard_alone(
    chromium: Browser, address: str, cast: Cast, volume: Series
) -> None:
    with browse(chromium, address, width=TABLET) as window:
        let_in(window, cast.dan)
        page = window.open(reverse("strength", args=[volume.pk]))
        page.locator("input[name=direction][value=fall]").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Start the test").focus()
        page.keyboard.press("Enter")
        stop = page.get_by_role("button", name="Stop this job")
        expect(stop).to_be_visible()
        stop.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("The job is being stopped.")).to_be_visible()

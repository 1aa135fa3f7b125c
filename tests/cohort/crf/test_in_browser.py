"""A form in a real browser: it saves itself, asks what is to be asked, and is accessible; and works without script."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from cohort.crf.models import Record
from cohort.participants.models import Visit
from portal.roles.actors import Actor
from tests.browser import DESK, TABLET, Window, assert_accessible, browse, needs_browser, until
from tests.cast import Cast, make_participant
from tests.cohort.crf.builders import FAL, begin, complete, enter
from tests.cohort.pages import look_as

pytestmark = needs_browser
LOOKS = [("light", DESK), ("dark", TABLET)]


@pytest.fixture
def cast(cast: Cast, address: str) -> Cast:
    """The cast, in the database that the served portal has."""
    return cast


def let_in(window: Window, actor: Actor) -> None:
    """Sign one of the cast in."""
    cookies = look_as(actor).cookies
    window.page.context.add_cookies(
        [{"name": name, "value": one.value, "url": window.address} for name, one in cookies.items()]
    )


def place(name: str, visit: Visit, *rest: object) -> str:
    return reverse(name, args=[visit.participant.code, visit.code, *rest])


def question(page: Page, name: str):
    return page.locator(f"[data-question={name}]")


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_visits_and_forms_are_accessible(
    chromium: Browser, address: str, cast: Cast, theme: str, width: int
):
    ann = make_participant(cast)
    visit = begin(cast, ann)
    imaging = begin(cast, ann, "BLI")
    enter(cast.nora, visit, "ant", {"weight_kg": "160"})
    complete(cast.nora, visit, "fal", FAL)
    later = ann.visits.get(code="FU06")
    missed = make_participant(cast, "Bea").visits.get(code="BL")
    paths = [
        reverse("visits", args=[ann.code]),
        reverse("visits-due"),
        place("visit", visit),
        place("visit", later),
        place("visit-begin", later),
        place("visit-miss", missed),
        *(place("record", visit, form, 1) for form in ("dem", "ant", "fxh", "fal", "mhx")),
        place("record", imaging, "dxa", 1),
        f"{place('record', visit, 'ant', 1)}?check=1",
        place("record-reopen", visit, "fal", 1),
    ]
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        let_in(window, cast.nora)
        for path in paths:
            page = window.open(path)
            expect(page.locator("h1")).to_be_visible()
            assert page.url == address + path
            assert_accessible(page)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path


def test_an_answer_saves_itself_and_is_there_after_a_reload(chromium: Browser, address: str, cast: Cast):
    visit = begin(cast)
    with browse(chromium, address) as window:
        let_in(window, cast.nora)
        page = window.open(place("record", visit, "ant", 1))
        expect(page.locator("[data-saved]")).to_have_text("Nothing saved yet")
        page.fill("#ht1", "160.1")
        page.fill("#ht2", "160.9")
        page.fill("#weight_kg", "11 st 4 lb")
        page.keyboard.press("Tab")
        expect(page.locator("[data-saved]")).to_contain_text("Saved")
        expect(question(page, "ht3")).to_be_visible()
        expect(page.locator("#weight_kg")).to_have_value("71.7")
        expect(page.locator("[data-told=height_cm]")).to_have_text("160.5")
        until(lambda: Record.objects.filter(answers__weight_kg=71.7, answers__ht2=160.9).exists(), "it is kept")
        page.reload()
        expect(page.locator("#ht1")).to_have_value("160.1")
        expect(page.locator("#weight_kg")).to_have_value("71.7")


def test_questions_come_and_go_with_the_answers(chromium: Browser, address: str, cast: Cast):
    visit = begin(cast)
    with browse(chromium, address) as window:
        let_in(window, cast.nora)
        page = window.open(place("record", visit, "fxh", 1))
        expect(question(page, "fxh_site")).to_be_hidden()
        page.check("[name=fxh_any][value='1']")
        expect(question(page, "fxh_site")).to_be_visible()
        expect(question(page, "fxh_side")).to_be_hidden()
        page.select_option("#fxh_site", "radius_distal")
        expect(question(page, "fxh_side")).to_be_visible()
        expect(question(page, "fxh_vlevel")).to_be_hidden()
        page.select_option("#fxh_mech", "fall")
        page.check("[name=fxh_height][value='0']")
        expect(page.locator("[data-told=fxh_fragility_rule]")).to_have_text("yes")


def test_a_wrong_value_is_told_at_once_and_an_odd_one_wants_a_comment(chromium: Browser, address: str, cast: Cast):
    visit = begin(cast)
    with browse(chromium, address) as window:
        let_in(window, cast.nora)
        page = window.open(place("record", visit, "ant", 1))
        page.fill("#weight_kg", "1000")
        page.keyboard.press("Tab")
        expect(page.locator("#weight_kg_error")).to_contain_text("1000.0 is not from 25 to 250.")
        page.fill("#weight_kg", "160")
        page.keyboard.press("Tab")
        expect(page.locator("#weight_kg_error")).to_be_hidden()
        expect(question(page, "weight_kg").locator("[data-warning]")).to_contain_text("Unusual")
        expect(page.locator("#weight_kg__comment")).to_be_visible()


def test_two_windows_on_one_form_show_both_answers(chromium: Browser, address: str, cast: Cast):
    visit = begin(cast)
    path = place("record", visit, "fal", 1)
    with browse(chromium, address) as one, browse(chromium, address) as other:
        other.expect_error("409")
        for window in (one, other):
            let_in(window, cast.nora)
            window.open(path)
        one.page.fill("#fal_12m", "1")
        one.page.keyboard.press("Tab")
        expect(one.page.locator("[data-saved]")).to_contain_text("Saved")
        other.page.fill("#fal_12m", "2")
        other.page.keyboard.press("Tab")
        expect(other.page.locator("#fal_12m_error")).to_contain_text("Somebody else has answered this meanwhile: 1.")
        expect(other.page.locator("#fal_12m")).to_have_value("2")
        other.page.fill("#fal_12m", "3")
        other.page.keyboard.press("Tab")
        expect(other.page.locator("[data-saved]")).to_contain_text("Saved")
        assert Record.objects.get().answers["fal_12m"] == 3


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_nurse_goes_from_the_visit_to_a_complete_form(chromium: Browser, address: str, cast: Cast, script: bool):
    visit = make_participant(cast).visits.get(code="BL")
    with browse(chromium, address, java_script_enabled=script) as window:
        let_in(window, cast.nora)
        page = window.open(place("visit", visit))
        page.click("text=Begin the visit")
        page.click("main form .button-main")
        page.click("text=Falls")
        page.fill("#fal_12m", "0")
        for name in ("fal_soff", "fal_aid", "fal_vision", "fal_dizzy"):
            page.check(f"[name={name}][value='0']")
        page.click("text=Save and go back to the visit")
        page.wait_for_url("**" + place("visit", visit))
        page.click("text=Falls")
        page.click("text=Complete this form")
        expect(page.locator("main")).to_contain_text("1 of 11 forms complete.")
        assert Record.objects.get().state == "complete"

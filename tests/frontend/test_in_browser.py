"""The page frame and every pattern in a real browser: both themes, desk, tablet and phone, keyboard, no script."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import DESK, PHONE, TABLET, assert_accessible, browse, needs_browser, until

pytestmark = needs_browser
PATTERNS = "/patterns/"
THEMES = ("light", "dark")
WIDTHS = (DESK, TABLET)

CONTROLS = (
    "button, .button, select, textarea, .choice, .nav a, .menu > summary, .brand, "
    "input:not([type=hidden], [type=radio], [type=checkbox])"
)
FALL_SHORT = """controls =>
  [...document.querySelectorAll(controls)]
    .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect().height])
    .filter(([, height]) => height > 0 && height < 43.5)
    .map(([html, height]) => `${height} px: ${html}`)
"""


@pytest.fixture
def portal(address_without_data: str) -> str:
    """These pages belong to nobody and read no table."""
    return address_without_data


@pytest.fixture(autouse=True)
def _demo(settings: pytest.FixtureRequest) -> None:
    # In a demo the page of patterns is open to anybody.
    settings.DEMO = True  # type: ignore[attr-defined]


def open_everything(page: Page) -> None:
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_pattern_meets_wcag(chromium: Browser, portal: str, theme: str, width: int):
    with browse(chromium, portal, width=width, color_scheme=theme) as window:
        page = window.open(PATTERNS)
        assert_accessible(page)
        open_everything(page)
        assert_accessible(page)


@pytest.mark.parametrize("theme", THEMES)
def test_a_form_with_errors_meets_wcag_and_takes_the_focus_to_them(chromium: Browser, portal: str, theme: str):
    with browse(chromium, portal, color_scheme=theme) as window:
        window.expect_error("status of 422")
        page = window.open(PATTERNS)
        page.get_by_role("button", name="Check the form").click()
        expect(page.locator(".errors")).to_be_focused()
        assert_accessible(page)
        page.locator(".errors a").first.click()
        expect(page.locator("#id_measured_on")).to_be_focused()


@pytest.mark.parametrize("theme", THEMES)
def test_an_error_page_meets_wcag(chromium: Browser, portal: str, theme: str):
    with browse(chromium, portal, color_scheme=theme) as window:
        window.expect_error("status of 404")
        page = window.open("/nothing/at/all")
        expect(page.get_by_role("heading", name="There is nothing here for you")).to_be_visible()
        assert_accessible(page)


@pytest.mark.parametrize("width", [TABLET, PHONE])
def test_a_finger_hits_every_control(chromium: Browser, portal: str, width: int):
    with browse(chromium, portal, width=width) as window:
        page = window.open(PATTERNS)
        open_everything(page)
        assert page.evaluate(FALL_SHORT, CONTROLS) == []


# 320 px is what WCAG 2.2, 1.4.10 (reflow) names.
@pytest.mark.parametrize("width", [DESK, TABLET, PHONE, 320])
def test_nothing_hangs_over_the_side(chromium: Browser, portal: str, width: int):
    with browse(chromium, portal, width=width) as window:
        page = window.open(PATTERNS)
        open_everything(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_first_tab_leads_past_the_navigation(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_tab_goes_through_the_whole_page_and_is_always_seen(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        n_stops = page.evaluate(
            "[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]"
            ".filter((one) => one.checkVisibility() && one.type !== 'hidden').length"
        )
        seen = set()
        for _ in range(n_stops + 5):
            page.keyboard.press("Tab")
            place, ring = page.evaluate(
                "[[...document.querySelectorAll('*')].indexOf(document.activeElement),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            if page.evaluate("document.activeElement === document.body"):
                continue
            assert ring != "none"
            seen.add(place)
        # A group of radio buttons is one stop.
        assert len(seen) >= n_stops - 2


def test_escape_closes_a_menu_and_gives_the_focus_back(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        menu = page.locator("details.menu").first
        menu.locator("summary").click()
        page.keyboard.press("Tab")
        expect(menu).to_have_attribute("open", "")
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        expect(menu.locator("summary")).to_be_focused()


def test_digits_choose_an_answer_and_a_question_mark_shows_the_keys(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        page.get_by_label("Left").focus()
        page.keyboard.press("2")
        expect(page.get_by_label("Right")).to_be_checked()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_a_question_mark_in_a_text_is_text(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        page.get_by_label("Remarks").focus()
        page.keyboard.type("late? g h 2")
        expect(page.get_by_label("Remarks")).to_have_value("late? g h 2")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_colours_change_at_once_and_are_remembered(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        page.locator("details.menu").last.locator("summary").click()
        with page.expect_response("**/theme"):
            page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_sealed_chip_opens_by_the_keyboard(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        page.locator(".sealed summary").first.press("Enter")
        expect(page.locator(".sealed-why").first).to_be_visible()


def test_a_wrong_word_does_not_send_a_grave_act(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        form = page.locator("form[data-confirm]")
        form.get_by_role("textbox").fill("EXB-9999")
        form.get_by_role("button", name="Withdraw and erase").click()
        expect(form.locator("[data-confirm-error]")).to_be_visible()
        expect(form.get_by_role("textbox")).to_be_focused()
        assert not [one for one in window.requests if one.startswith("POST")]


def test_a_job_is_followed_to_its_end_and_then_left_alone(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.open(PATTERNS)
        expect(page.locator("#example-progress")).to_contain_text("all measured")
        expect(page.locator("#example-progress[hx-get]")).to_have_count(0)


def test_a_page_nobody_sees_asks_nothing_and_asks_at_once_when_seen(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        page = window.page
        page.add_init_script(
            "window.away = true; Object.defineProperty(document, 'hidden', {get: () => window.away});"
            "window.held = 0; document.addEventListener('htmx:beforeRequest', (event) =>"
            " setTimeout(() => { if (event.defaultPrevented) window.held += 1; }));"
        )
        window.open(PATTERNS)
        until(lambda: page.evaluate("window.held") > 0, "a question was held back")
        assert not [one for one in window.requests if "/patterns/progress" in one]
        with page.expect_response("**/patterns/progress?step=1"):
            page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("theme", THEMES)
def test_a_chart_is_drawn_under_the_strict_policy_with_its_mark(chromium: Browser, portal: str, theme: str):
    with browse(chromium, portal, color_scheme=theme) as window:
        page = window.open(PATTERNS)
        if not page.locator("[data-plot]").get_attribute("data-plotly"):
            pytest.skip("Plotly is not installed (npm ci and npm run vendor in frontend)")
        page.locator("#chart").scroll_into_view_if_needed()
        expect(page.locator(".plot-on svg").first).to_be_visible()
        expect(page.locator(".plot-on .annotation-text")).to_have_text("SIMULATED")
        assert page.locator("style").count() == 0
        assert_accessible(page)


def test_without_the_library_the_numbers_stand_in_a_table(chromium: Browser, portal: str):
    with browse(chromium, portal) as window:
        window.expect_error("ERR_FAILED")
        window.page.route("**/plotly-strict.min.js", lambda route: route.abort())
        page = window.open(PATTERNS)
        with page.expect_event("requestfailed"):
            page.locator("#chart").scroll_into_view_if_needed()
        expect(page.get_by_text("the same numbers stand in the table")).to_be_visible()
        page.get_by_text("The numbers").click()
        expect(page.get_by_role("table", name="Enrolment by month")).to_be_visible()


def test_without_script_everything_is_still_there(chromium: Browser, portal: str):
    with browse(chromium, portal, java_script_enabled=False) as window:
        window.expect_error("status of 422")
        page = window.open(PATTERNS)
        page.locator("details.menu").last.locator("summary").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.get_by_text("the same numbers stand in the table")).to_be_visible()
        page.get_by_role("link", name="Look again").click()
        expect(page.locator("#example-progress")).to_contain_text("Step")
        page.get_by_role("button", name="Check the form").click()
        expect(page.locator(".errors")).to_be_visible()

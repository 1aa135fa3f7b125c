"""What somebody typed outlives a session that ended, and is nobody else's."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import assert_accessible, browse, needs_browser, sign_in
from tests.cast import PASSWORD, Cast

pytestmark = [*needs_browser, pytest.mark.usefixtures("_no_second_factor")]
PATTERNS = "/patterns/"
PUT_BACK = "What you had typed here before was put back."


@pytest.fixture
def _no_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]


def type_measures(page: Page) -> None:
    page.get_by_label("Standing height").fill("162.5")
    page.get_by_label("Right").check()
    page.get_by_label("Family name").fill("Example")


def test_home_meets_wcag_and_the_frame_is_whole(chromium: Browser, address: str, cast: Cast):
    for theme in ("light", "dark"):
        with browse(chromium, address, user=cast.user(cast.nora), color_scheme=theme) as window:
            page = window.open("/")
            expect(page.get_by_role("heading", name="Hello, Nora")).to_be_visible()
            expect(page.get_by_text("SIMULATED").first).to_be_visible()
            assert_accessible(page)


def test_typed_text_comes_back_but_a_name_does_not(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        page = window.open(PATTERNS)
        type_measures(page)
        window.open("/")
        window.open(PATTERNS)
        expect(page.get_by_text(PUT_BACK)).to_be_visible()
        expect(page.get_by_label("Standing height")).to_have_value("162.5")
        expect(page.get_by_label("Right")).to_be_checked()
        expect(page.get_by_label("Family name")).to_have_value("")
        assert_accessible(page)


def test_what_was_put_back_can_be_thrown_away(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        page = window.open(PATTERNS)
        type_measures(page)
        page.reload()
        page.get_by_role("button", name="Throw it away").click()
        expect(page.get_by_label("Standing height")).to_have_value("")
        page.reload()
        expect(page.get_by_text(PUT_BACK)).to_be_hidden()


def test_a_form_that_was_taken_is_not_put_back(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        page = window.open(PATTERNS)
        type_measures(page)
        page.get_by_label("Date of measurement").fill("15/6/2026")
        page.get_by_label("Device").select_option("1")
        page.get_by_label("I have checked").check()
        page.get_by_role("button", name="Check the form").click()
        expect(page.get_by_text("The form is complete.")).to_be_visible()
        window.open(PATTERNS)
        expect(page.get_by_label("Standing height")).to_have_value("")


def test_a_form_with_errors_keeps_its_text_over_another_page(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        window.expect_error("status of 422")
        page = window.open(PATTERNS)
        type_measures(page)
        page.get_by_role("button", name="Check the form").click()
        expect(page.get_by_label("Standing height")).to_have_value("162.5")
        window.open("/")
        window.open(PATTERNS)
        expect(page.get_by_label("Standing height")).to_have_value("162.5")


def test_nobody_sees_what_another_person_typed(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        page = window.open(PATTERNS)
        type_measures(page)
        sign_in(page.context, address, cast.user(cast.nell))
        window.open(PATTERNS)
        expect(page.get_by_text("Nell Nurse").first).to_be_visible()
        expect(page.get_by_label("Standing height")).to_have_value("")
        assert "162.5" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_signing_out_forgets_what_was_typed(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        page = window.open(PATTERNS)
        type_measures(page)
        assert "162.5" in page.evaluate("JSON.stringify(sessionStorage)")
        page.locator("details.menu").last.locator("summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
        assert "162.5" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_an_idle_person_is_warned_signed_out_and_finds_the_text_again(
    chromium: Browser, address: str, cast: Cast, settings: pytest.FixtureRequest
):
    settings.IDLE_SECONDS = 8  # type: ignore[attr-defined]
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        window.expect_error("status of 404")
        page = window.open(PATTERNS)
        type_measures(page)
        expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
        # To a stranger the page of patterns is not there, so nothing of it stays on the screen.
        expect(page.get_by_role("heading", name="There is nothing here for you")).to_be_visible()
        settings.IDLE_SECONDS = 600  # type: ignore[attr-defined]
        window.open("/")
        page.get_by_label("E-mail").fill("nora@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Hello, Nora")).to_be_visible()
        window.open(PATTERNS)
        expect(page.get_by_label("Standing height")).to_have_value("162.5")


def test_answering_the_warning_keeps_the_session(
    chromium: Browser, address: str, cast: Cast, settings: pytest.FixtureRequest
):
    settings.IDLE_SECONDS = 6  # type: ignore[attr-defined]
    with browse(chromium, address, user=cast.user(cast.nora)) as window:
        page = window.open(PATTERNS)
        dialog = page.get_by_role("dialog", name="Are you still there?")
        expect(dialog).to_be_visible()
        with page.expect_response("**/still-here") as answer:
            page.get_by_role("button", name="I am still here").click()
        assert answer.value.status == 204
        expect(dialog).to_be_hidden()
        assert_accessible(page)

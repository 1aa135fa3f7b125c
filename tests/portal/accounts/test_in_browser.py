"""The pages of sign-in and people in a real browser: WCAG 2.2 AA in both themes, and the way in from the paper."""

from dataclasses import dataclass

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import User
from tests.browser import DESK, TABLET, assert_accessible, browse, needs_browser
from tests.cast import PASSWORD, Cast
from tests.portal.accounts.people import code_of, give_factor, invite

pytestmark = needs_browser
LOOKS = [("light", DESK), ("dark", TABLET)]


@pytest.fixture
def people(cast: Cast, address: str) -> Cast:
    """The cast, in the database that the served portal has."""
    return cast


@dataclass
class Typist:
    """Somebody at a page of the portal."""

    page: Page

    def type(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"#id_{name}", value)

    def send(self) -> None:
        self.page.click("main form .button-main, main form .button-grave")


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_about_people_are_accessible(
    chromium: Browser,
    address: str,
    people: Cast,
    settings: pytest.FixtureRequest,
    theme: str,
    width: int,
):
    settings.SECOND_FACTOR_REQUIRED = False
    nora = people.user(people.nora)
    held = nora.memberships.get()
    pages = [
        reverse("people"),
        reverse("delegation-log"),
        reverse("person", args=[nora.pk]),
        reverse("person-invite"),
        reverse("role-grant", args=[nora.pk]),
        reverse("role-end", args=[held.pk]),
        reverse("person-reset", args=[nora.pk]),
        reverse("person-close", args=[nora.pk]),
        reverse("own-account"),
        reverse("mfa_index"),
        reverse("mfa_activate_totp"),
        reverse("account_change_password"),
        reverse("account_logout"),
    ]
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        typist = Typist(window.open(reverse("account_login")))
        typist.type(login="adam@example.org", password=PASSWORD)
        typist.send()
        for path in pages:
            page = window.open(path)
            expect(page.locator("h1")).to_be_visible()
            assert_accessible(page)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_from_the_paper_to_the_first_page(
    chromium: Browser,
    address: str,
    people: Cast,
    theme: str,
    width: int,
):
    adam = people.user(people.adam)
    give_key = give_factor(adam)
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        window.expect_error("status of 422")
        page = window.open(reverse("person-invite"))
        assert_accessible(page)
        typist = Typist(page)
        typist.type(login="adam@example.org", password="not the passphrase")
        typist.send()
        assert_accessible(page)
        typist.type(login="adam@example.org", password=PASSWORD)
        typist.send()
        assert_accessible(page)
        typist.type(code=code_of(give_key))
        typist.send()
        typist.type(name="Ines Invited", email="ines@example.org")
        page.select_option("#id_role", "nurse")
        page.select_option("#id_site", label="Exeter")
        typist.send()
        assert_accessible(page)
        link = page.input_value("#link-address")
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        window.expect_error("status of 422")
        page = window.open(link.removeprefix(address))
        assert_accessible(page)
        typist = Typist(page)
        typist.type(password="another long passphrase", again="another long phrase")
        typist.send()
        assert_accessible(page)
        typist.type(password="another long passphrase", again="another long passphrase")
        typist.send()
        page.click("summary:has-text('cannot be scanned')")
        key = page.inner_text("main details .code")
        typist.type(code=code_of(key))
        typist.send()
        assert_accessible(page)
        page.click("text=Done: go on")
        expect(page.locator("h1")).to_contain_text("Ines")
    assert Authenticator.objects.filter(user__email="ines@example.org", type="totp").exists()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_demo_s_sign_in_is_one_button(
    chromium: Browser,
    address: str,
    people: Cast,
    settings: pytest.FixtureRequest,
    theme: str,
    width: int,
):
    settings.DEMO, settings.SECOND_FACTOR_REQUIRED = True, False
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        page = window.open("/people/")
        assert_accessible(page)
        page.click("button:has-text('Adam Admin')")
        expect(page.locator("h1")).to_have_text("People")
        settings.FRESH_SIGN_IN_SECONDS = 0
        window.open("/people/invite/")
        assert_accessible(page)
        settings.FRESH_SIGN_IN_SECONDS = 300
        page.click("text=Yes, it is me")
        expect(page.locator("h1")).to_have_text("Invite somebody")


def test_the_first_run_without_any_script(chromium: Browser, address: str, settings: pytest.FixtureRequest):
    settings.SETUP_TOKEN = "the-token-that-was-shown-where-it-was-started"
    with browse(chromium, address, java_script_enabled=False) as window:
        window.expect_error("status of 403")
        page = window.open("/people/")
        expect(page.locator("h1")).to_have_text("Nobody is here yet")
        page = window.open(f"/first-run/?token={settings.SETUP_TOKEN}")
        typist = Typist(page)
        typist.type(name="First Person", email="first@example.org")
        typist.type(password="another long passphrase", again="another long passphrase")
        typist.send()
        expect(page.locator("h1")).to_have_text("Set up your second factor")
    assert User.objects.count() == 1


def test_a_closed_window_of_a_stranger_shows_nothing_of_the_link(
    chromium: Browser,
    address: str,
    people: Cast,
):
    link = invite(people.adam)
    with browse(chromium, address) as window:
        window.expect_error("status of 404")
        page = window.open(reverse("join", args=[link.token + "x"]))
        assert "Ines" not in page.content()

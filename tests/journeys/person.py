"""Somebody at the portal, in a window of their own: opens pages, answers questions, presses the main button.

Every page a person opens or comes to must be accessible. Where TRABECULA_PICTURES names a folder, `show` also keeps a
picture of the page there: the guide's pictures are made that way.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from portal.roles.actors import Actor
from tests.browser import assert_accessible, browse
from tests.portal.accounts.people import browser_of

PICTURES = os.environ.get("TRABECULA_PICTURES", "")
PICTURE_SIZE: ViewportSize = {"width": 1280, "height": 800}
N_COLOURS = 64
"""A page has few colours: with this many in the palette a picture is small and looks the same."""

WORKED_MS = 180_000.0
"""How long a page may wait for a worker or the scorer on a busy machine: a safety net, nothing is measured by it."""
TRAINED_MS = 1_200_000.0
"""The same for a training run."""


@dataclass
class Person:
    """Somebody at the portal."""

    page: Page
    address: str

    def open(self, path: str) -> None:
        """Go to a page; it must be there and accessible."""
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.ok, f"{path}: {response.status}"
        assert_accessible(self.page)

    def fill(self, **values: str) -> None:
        """Answer the questions of the form by their names; of a list by its words."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]').first
            kind = field.evaluate("one => one.type")
            if kind == "radio":
                self.page.locator(f'main [name="{name}"][value="{value}"]').check(force=True)
            elif kind == "checkbox":
                field.check(force=True)
            elif kind == "select-one":
                field.select_option(label=value)
            elif kind != "hidden":
                field.fill(value)

    def answer(self, **values: Any) -> None:
        """Answer the questions of a case report form by their codes, each once it is asked."""
        for name, value in values.items():
            box = self.page.locator(f"[data-question={name}]")
            expect(box).to_be_visible()
            field = box.locator(f'[name="{name}"]')
            kind = field.first.evaluate("one => one.type")
            if kind == "select-one":
                field.select_option(value)
            elif kind in {"radio", "checkbox"}:
                for one in [value] if isinstance(value, str) else value:
                    box.locator(f'[name="{name}"][value="{one}"]').check()
            else:
                field.fill(value)
                self.page.keyboard.press("Tab")

    def send(self) -> None:
        """Press the form's main button; what comes must be no form with errors."""
        self.page.locator("main form .button-main, main form .button-grave").last.click()
        self.page.wait_for_load_state()
        expect(self.page.locator("main .error-summary")).to_have_count(0)

    def press(self, words: str) -> None:
        """Press a button of the page by its words; the page that comes must be accessible."""
        self.page.locator("main").get_by_role("button", name=words, exact=True).click()
        self.page.wait_for_load_state()
        assert_accessible(self.page)

    def follow(self, words: str) -> None:
        """Follow a link of the page by its words; the page that comes must be accessible."""
        self.page.locator("main").get_by_role("link", name=words).first.click()
        self.page.wait_for_load_state()
        assert_accessible(self.page)

    def see(self, words: str) -> None:
        """Hold that the page says this, now or once a worker is done."""
        expect(self.main).to_contain_text(words, timeout=WORKED_MS)

    def show(self, name: str, at: str = "h1") -> None:
        """Hold that the page as it stands is accessible; keep a picture of it where pictures are wanted.

        at: selector of what is to stand at the top of the picture; of the heading, the whole frame is seen.
        """
        assert_accessible(self.page)
        if not PICTURES:
            return
        place = self.page.locator(at).first
        place.evaluate("one => scrollTo(0, one.tagName === 'H1' ? 0 : one.getBoundingClientRect().top + scrollY - 24)")
        shot = Image.open(BytesIO(self.page.screenshot()))
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        small = shot.convert("RGB").quantize(N_COLOURS, dither=Image.Dither.NONE)
        small.save(Path(PICTURES) / f"{name}.png", optimize=True)

    @property
    def main(self) -> Locator:
        """The page without its frame."""
        return self.page.locator("main")


@contextmanager
def at_the_portal(chromium: Browser, address: str, *, expected: str = "") -> Iterator[Person]:
    """Give somebody nobody knows yet a window; `expected` are words of a console error that is provoked."""
    with browse(chromium, address) as window:
        if expected:
            window.expect_error(expected)
        yield Person(window.page, address)


@contextmanager
def signed_in(chromium: Browser, address: str, actor: Actor) -> Iterator[Person]:
    """Give one of the cast a window, signed in a moment ago."""
    with browse(chromium, address) as window:
        cookies = browser_of(get_user_model().objects.get(pk=actor.user_pk)).cookies
        window.page.context.add_cookies(
            [{"name": name, "value": one.value, "url": address} for name, one in cookies.items()]
        )
        window.page.set_viewport_size(PICTURE_SIZE)
        yield Person(window.page, address)

"""A custodian in a real browser: makes a card, and gives a share by it. The card leaves the browser in no request."""

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from cohort.vault.models import CustodyKey
from tests.browser import DESK, TABLET, Window, address, assert_accessible, browse, chromium, needs_browser, until
from tests.cast import PASSWORD
from tests.modelling.blinded import stage as on
from tests.modelling.blinded.stage import Stage

__all__ = ["address", "chromium"]
CRYPTO = Path(settings.ROOT) / "frontend" / "static" / "vendor" / "custody-crypto.js"
pytestmark = [
    *needs_browser,
    pytest.mark.skipif(not CRYPTO.exists(), reason="the browser's libraries were not fetched (npm run vendor)"),
]


@pytest.fixture
def stage(fresh_database: dict[str, str], address: str) -> Stage:
    return on.set_stage(fresh_database, 10)


def test_cards_made_in_the_browser_reveal_an_evaluation(stage: Stage, chromium: Browser, address: str):
    cards = [make_card(stage, chromium, address, place) for place in range(3)]
    assert CustodyKey.objects.filter(retired_at=None).count() == 3
    on.bring_to_locked(stage, keys=list(CustodyKey.objects.filter(retired_at=None)))
    url = reverse("evaluation-reveal", args=[stage.evaluation.pk])
    with on.running_scorer(stage):
        on.begin(stage, stage.custodians[0])
        for place in (0, 1):
            user = stage.cast.user(stage.custodians[place])
            with browse(chromium, address, user=user, width=TABLET if place else DESK) as window:
                sent: list[str] = []
                window.page.on("request", lambda one, sent=sent: sent.append(f"{one.url} {one.post_data or ''}"))
                page = open_grave(window, url)
                assert_accessible(page)
                page.get_by_label("Your card").fill(cards[place][:-1] + "q")
                page.get_by_role("button", name="Give my share").click()
                expect(page.get_by_text("something was mistyped")).to_be_visible()
                page.get_by_label("Your card").fill(cards[place])
                page.get_by_role("button", name="Give my share").click()
                expect(page.get_by_text("You gave your share" if place == 0 else "Revealed.")).to_be_visible()
                letters = cards[place].split()[0]
                assert any("ciphertext=" in one for one in sent), "something was sent"
                assert not any(letters in one.replace("%20", " ").replace("+", " ") for one in sent)
        until(lambda: stage.evaluation.state == "revealed", "the scorer reveals")


def make_card(stage: Stage, chromium: Browser, address: str, place: int) -> str:
    """Make a card as a custodian does; return what was printed."""
    with browse(chromium, address, user=stage.cast.user(stage.custodians[place])) as window:
        page = open_grave(window, reverse("custody"))
        assert_accessible(page)
        page.get_by_role("button", name="Make my card").click()
        card = page.locator("[data-card]").inner_text()
        assert len(card.split()) == 14
        page.get_by_label("I have printed my card").check()
        page.get_by_role("button", name="Register my key").click()
        expect(page.get_by_text("Your key is registered.").first).to_be_visible()
        return card


def open_grave(window: Window, url: str) -> Page:
    """Open a page that wants a sign-in of just now, and give it."""
    page = window.open(url)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(f"**{url}")
    return page


def test_every_page_of_an_evaluation_is_accessible(stage: Stage, chromium: Browser, address: str):
    on.bring_to_submitted(stage)
    pk = stage.evaluation.pk
    pages = [
        (stage.cast.paula, reverse("evaluations")),
        (stage.cast.paula, reverse("evaluation-new")),
        (stage.cast.paula, reverse("evaluation", args=[pk])),
        (stage.cast.paula, reverse("evaluation-step", args=[pk, "lock"])),
        (stage.cast.ana, reverse("who-can-know")),
    ]
    for actor, url in pages:
        for width in (DESK, TABLET):
            with browse(chromium, address, user=stage.cast.user(actor), width=width) as window:
                page = open_grave(window, url) if "/step/" in url else window.open(url)
                assert_accessible(page)
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url

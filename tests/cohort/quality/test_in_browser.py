"""The pages of queries in a real browser: axe finds nothing, and nothing is wider than the window."""

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from cohort.participants.models import Visit
from cohort.quality.services import raise_query
from tests.browser import DESK, TABLET, assert_accessible, browse, needs_browser
from tests.cast import make_cast, make_participant

pytestmark = needs_browser
PHONE = 360


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", TABLET), ("light", PHONE)])
def test_the_pages_of_queries_are_accessible_and_fit(chromium: Browser, address: str, theme: str, width: int):
    cast = make_cast()
    visit = Visit.objects.get(participant=make_participant(cast), code="BL")
    query = raise_query(actor=cast.dan, visit=visit, form="ant", variable="weight_kg", text="Is the unit right?")
    pages = [reverse("queries"), reverse("query", args=[query.pk])]
    pages.append(reverse("query-new", args=[visit.participant.code, "BL"]))
    with browse(chromium, address, user=cast.user(cast.dan), width=width, color_scheme=theme) as window:
        for path in pages:
            page = window.open(path)
            expect(page.locator("h1")).to_be_visible()
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path

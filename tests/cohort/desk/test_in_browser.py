"""The cohort's pages in a real browser: WCAG 2.2 AA in both themes, and a nurse's way from screening to a code."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from cohort.participants.models import Participant
from frontend.templatetags.trabecula_tags import VIEWER
from portal.audit.models import Act
from portal.roles.actors import Actor
from tests.browser import DESK, TABLET, Window, assert_accessible, browse, needs_browser
from tests.cast import Cast, make_participant, make_screening
from tests.cohort.imaging.builders import bring, make_dxa, make_film, make_slices
from tests.cohort.pages import look_as, make_young_study

pytestmark = needs_browser
LOOKS = [("light", DESK), ("dark", TABLET)]
ITEMS_YES = "[name^=con_i_][value=yes]"


@pytest.fixture
def cast(cast: Cast, address: str) -> Cast:
    """The cast, in the database that the served portal has."""
    return cast


def prove_again(window: Window, actor: Actor) -> None:
    """Let somebody have proved a moment ago who they are, as grave acts want it."""
    cookies = look_as(actor).cookies
    window.page.context.add_cookies(
        [{"name": name, "value": one.value, "url": window.address} for name, one in cookies.items()]
    )


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_the_cohort_are_accessible(chromium: Browser, address: str, cast: Cast, theme: str, width: int):
    ann, screening, young = make_participant(cast), make_screening(cast, scr_avf="1"), make_young_study(cast)
    unfit = make_screening(cast, scr_age=44)
    act = Act.objects.get(action="participant.enrol")
    of_study = ["study", "site-join", "approval-add", "consent-form-add", "device-add", "wedge-name"]
    pages = {
        cast.paula: [reverse("studies"), reverse("study-new"), reverse("sites"), reverse("site-add")]
        + [reverse(name, args=[young.code]) for name in [*of_study, "study-change", "study-open"]]
        + [reverse(name, args=["wrist"]) for name in ("study", "study-close")],
        cast.carl: [reverse("study-draw", args=[young.code])],
        cast.nora: [reverse("participants"), reverse("screenings", args=["wrist"])]
        + [reverse("screening-new", args=["wrist"]), reverse("screening", args=[unfit.pk])]
        + [reverse(name, args=[screening.pk]) for name in ("screening", "screening-decline", "enrol")]
        + [reverse(name, args=[ann.code]) for name in ("participant", "consent-new", "withdraw")],
        cast.mona: [reverse("audit"), reverse("act", args=[act.pk]), reverse("audit-reads"), reverse("audit-proof")],
    }
    for actor, paths in pages.items():
        with browse(chromium, address, width=width, color_scheme=theme) as window:
            prove_again(window, actor)
            for path in paths:
                page = window.open(path)
                expect(page.locator("h1")).to_be_visible()
                assert page.url == address + path
                assert_accessible(page)
                assert_fits(page)


@pytest.fixture
def three_images(cast: Cast, settings: Any, tmp_path: Path) -> Participant:
    """A participant with a film, a DXA image and a pQCT stack."""
    settings.HOME = tmp_path / "home"
    ann = make_participant(cast)
    bring(cast, ann, make_film(ann.code))
    bring(cast, ann, make_dxa(ann.code), modality="dxa")
    bring(cast, ann, *make_slices(ann.code, n=5), modality="pqct")
    return ann


@pytest.mark.skipif(not finders.find(VIEWER), reason="the viewer is not built (npm ci and npm run vendor)")
@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_participant_is_seen_on_one_screen(
    chromium: Browser, address: str, cast: Cast, three_images: Participant, theme: str, width: int
):
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        prove_again(window, cast.nora)
        page = window.open(reverse("participant", args=[three_images.code]))
        expect(page.locator(".viewer-on")).to_have_count(3)
        expect(page.locator(".side-word")).to_contain_text("LEFT forearm: agreed by form, header")
        tops = [box["y"] for one in page.locator("[data-stage]").all() if (box := one.bounding_box())]
        assert len(tops) == 3
        assert max(tops) == min(tops)
        before = page.evaluate("trabeculaViewer.view()")
        page.locator("[data-stage]").nth(1).click()
        page.get_by_role("button", name="Invert").click()
        after = page.evaluate("trabeculaViewer.view()")
        # A button acts on the image that was touched last.
        assert [one["invert"] != other["invert"] for one, other in zip(before, after, strict=True)] == [0, 1, 0]
        page.locator("#measurements-title").scroll_into_view_if_needed()
        expect(page.get_by_role("link", name="What is measured, and how")).to_be_visible()
        assert_accessible(page)
        assert_fits(page)


def assert_fits(page: Page) -> None:
    """Fail if the page is wider than its window, so that it would have to be moved sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def fill_screening(page: Page) -> None:
    """Answer as for somebody who may take part."""
    page.fill("#id_scr_age", "66")
    for name, value in {
        "scr_source": "1",
        "sex": "F",
        "scr_can_consent": "1",
        "scr_can_attend": "1",
        "scr_contrast": "0",
        "scr_wrist_metal": "0",
        "scr_wrist_fx12": "0",
        "scr_avf": "2",
        "scr_weight_ok": "1",
        "scr_bonedisease": "0",
    }.items():
        page.check(f"[name={name}][value='{value}']")
    page.click("text=See the verdict")


def fill_enrolment(page: Page) -> None:
    """Type an invented person who agrees to everything."""
    page.fill("#id_family_name", "Example")
    page.fill("#id_given_name", "Ann")
    page.fill("#id_birth_date", f"1/1/{timezone.localdate().year - 66}")
    for box in page.locator(ITEMS_YES).all():
        box.check()
    page.check("#id_copy_given")
    page.click("main form .button-main")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_nurse_goes_from_screening_to_a_code(chromium: Browser, address: str, cast: Cast, script: bool):
    with browse(chromium, address, java_script_enabled=script) as window:
        prove_again(window, cast.nora)
        page = window.open(reverse("participants"))
        page.click("text=Screen somebody")
        fill_screening(page)
        expect(page.locator(".side-word")).to_have_text("Scan the LEFT forearm")
        page.click("text=Consent and enrol")
        fill_enrolment(page)
        code = Participant.objects.get().code
        expect(page.locator("h1")).to_have_text(code)
        expect(page.locator("main")).not_to_contain_text("Example")
        page.click("text=Show who this is")
        expect(page.locator("main")).to_contain_text("Example")


def test_the_screening_form_is_answered_by_number_keys(chromium: Browser, address: str, cast: Cast):
    with browse(chromium, address) as window:
        prove_again(window, cast.nora)
        page = window.open(reverse("screening-new", args=["wrist"]))
        page.focus("[name=scr_wrist_metal] >> nth=0")
        page.keyboard.press("3")
        assert page.is_checked("[name=scr_wrist_metal][value='2']")
        page.keyboard.press("Tab")
        page.keyboard.press("1")
        assert page.is_checked("[name=scr_wrist_fx12][value='0']")


def test_a_name_that_was_typed_is_kept_nowhere_in_the_browser(chromium: Browser, address: str, cast: Cast):
    screening = make_screening(cast)
    with browse(chromium, address) as window:
        prove_again(window, cast.nora)
        page = window.open(reverse("enrol", args=[screening.pk]))
        page.fill("#id_family_name", "Zephyrine")
        page.check("[name=con_i_ai][value=no]")
        kept = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
        assert "con_i_ai" in kept
        assert "Zephyrine" not in kept

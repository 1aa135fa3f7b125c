"""Imaging in a real browser with a real worker: files dropped, verdicts and pictures where they were dropped."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from cohort.imaging.models import Series, Upload
from cohort.participants.models import Participant
from tests.browser import DESK, TABLET, Window, assert_accessible, browse, needs_browser
from tests.cast import Cast, make_participant
from tests.cohort.imaging.builders import bring, make_dxa, make_film, make_slices
from tests.cohort.pages import look_as
from tests.faults.processes import Stack, stack

pytestmark = needs_browser

DROP = """
([place, files]) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(content), (one) => one.charCodeAt(0))], name));
  }
  const target = document.querySelector(place);
  target.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  target.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}
"""


@pytest.fixture
def works(fresh_database: dict[str, str], tmp_path: Path) -> Iterator[Stack]:
    """A worker on the database and the home that the served portal has."""
    with stack(fresh_database, tmp_path) as found:
        yield found


@pytest.fixture
def cast(cast: Cast, address: str) -> Cast:
    return cast


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


def sign_in(window: Window, cast: Cast) -> None:
    cookies = look_as(cast.nora).cookies
    window.page.context.add_cookies(
        [{"name": name, "value": one.value, "url": window.address} for name, one in cookies.items()]
    )


def drop(page: Page, modality: str, *contents: bytes) -> None:
    """Drop files at the place of a modality of the imaging visit, as a hand with a mouse does."""
    files = [(f"IM{number:04d}", base64.b64encode(one).decode()) for number, one in enumerate(contents, 1)]
    page.evaluate(DROP, [f"form[data-modality={modality}][data-visit=BLI] [data-drop]", files])


def choose_left(page: Page, modality: str) -> None:
    page.check(f"form[data-modality={modality}][data-visit=BLI] input[value=L]")


def test_files_are_dropped_and_their_picture_appears_where_they_were_dropped(
    chromium: Browser, address: str, works: Stack, cast: Cast, ann: Participant
):
    works.start_worker(queue="web")
    with browse(chromium, address) as window:
        sign_in(window, cast)
        page = window.open(reverse("imaging", args=[ann.code]))
        for modality, contents in {
            "film": [make_film(ann.code)],
            "dxa": [make_dxa(ann.code)],
            "pqct": make_slices(ann.code, n=6),
        }.items():
            choose_left(page, modality)
            drop(page, modality, *contents)
            slot = page.locator("[data-slot]", has=page.locator(f"form[data-modality={modality}]"))
            picture = slot.locator(".upload img")
            expect(picture).to_be_visible()
            assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
            expect(slot.locator(".upload .chip").first).to_contain_text("Done")
    assert Series.objects.filter(state="accepted").count() == 3
    assert sum(one.startswith("PUT ") for one in window.requests) == 8


def test_without_a_side_nothing_is_sent(chromium: Browser, address: str, cast: Cast, ann: Participant):
    with browse(chromium, address) as window:
        sign_in(window, cast)
        page = window.open(reverse("imaging", args=[ann.code]))
        drop(page, "film", make_film(ann.code))
        expect(page.get_by_text("Say first which forearm it is")).to_be_visible()
    assert not Upload.objects.exists()


def test_a_wrong_side_is_a_red_stop_and_is_settled(
    chromium: Browser, address: str, works: Stack, cast: Cast, ann: Participant
):
    works.start_worker(queue="web")
    with browse(chromium, address) as window:
        sign_in(window, cast)
        page = window.open(reverse("imaging", args=[ann.code]))
        choose_left(page, "film")
        drop(page, "film", make_film(ann.code, side="R"))
        page.get_by_role("link", name="Say which is right").click()
        assert_accessible(page)
        page.get_by_role("button", name="Move to the RIGHT forearm").click()
        expect(page.locator(".thumb img").first).to_be_visible()
        page.reload()
        expect(page.get_by_text("RIGHT forearm: agreed by form, header")).to_be_visible()


def test_a_file_that_is_refused_says_why_where_it_was_dropped(
    chromium: Browser, address: str, works: Stack, cast: Cast, ann: Participant
):
    works.start_worker(queue="web")
    with browse(chromium, address) as window:
        sign_in(window, cast)
        page = window.open(reverse("imaging", args=[ann.code]))
        choose_left(page, "dxa")
        drop(page, "dxa", make_film(ann.code))
        expect(page.get_by_text("it was dropped where a DXA image belongs")).to_be_visible()
        expect(page.locator(".verdicts")).to_contain_text("IM0001")


def test_without_script_the_same_form_sends_the_files(
    chromium: Browser, address: str, works: Stack, cast: Cast, ann: Participant
):
    works.start_worker(queue="web")
    with browse(chromium, address, java_script_enabled=False) as window:
        sign_in(window, cast)
        page = window.open(reverse("imaging", args=[ann.code]))
        choose_left(page, "film")
        form = page.locator("form[data-modality=film][data-visit=BLI]")
        film = {"name": "one.dcm", "mimeType": "application/dicom", "buffer": make_film(ann.code)}
        form.locator("input[type=file]").set_input_files([film])
        form.get_by_role("button", name="Send the files").click()
        expect(page.locator(".upload")).to_be_visible()
    assert Upload.objects.get().state in {"reading", "done"}


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", TABLET)])
def test_the_pages_of_imaging_are_accessible(
    chromium: Browser, address: str, cast: Cast, ann: Participant, theme: str, width: int
):
    bring(cast, ann, *make_slices(ann.code), modality="pqct")
    conflict = bring(cast, ann, make_film(ann.code, side="R"))
    call_command("reference_images", verbosity=0)
    series = Series.objects.get()
    pages = [reverse("imaging", args=[ann.code]), reverse("upload", args=[conflict.pk])]
    pages += [reverse("series", args=[series.pk]), reverse("reference-images")]
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        sign_in(window, cast)
        for path in pages:
            page = window.open(path)
            expect(page.locator("h1")).to_be_visible()
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


def test_the_facts_of_a_series_fit_a_narrow_window(chromium: Browser, address: str, cast: Cast, ann: Participant):
    bring(cast, ann, *make_slices(ann.code), modality="pqct")
    with browse(chromium, address, width=360) as window:
        sign_in(window, cast)
        page = window.open(reverse("series", args=[Series.objects.get().pk]))
        expect(page.get_by_text("Hash of the pixels")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360

"""The image viewer in a real browser, on files that came through the real reader; pydicom says what is in them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cohort.imaging.models import Series, StoredFile
from cohort.imaging.services import read_volume
from frontend.templatetags.trabecula_tags import VIEWER
from portal.core.storage import path_of
from tests.browser import CHROMIUM, DESK, FLAGS, TABLET, Window, assert_accessible, browse, needs_browser, until
from tests.cast import Cast, make_cast, make_participant
from tests.cohort.imaging.builders import bring, make_dxa, make_film, make_slices
from tests.cohort.pages import look_as

pytestmark = [
    *needs_browser,
    pytest.mark.skipif(not finders.find(VIEWER), reason="the viewer is not built (npm ci and npm run vendor)"),
]
MAKERS: dict[str, Callable[[str], list[bytes]]] = {
    "film": lambda code: [make_film(code)],
    "dxa": lambda code: [make_dxa(code)],
    "pqct": lambda code: make_slices(code, n=5),
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path / "home"
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def cast(address: str) -> Cast:
    return make_cast()


@pytest.fixture
def images(cast: Cast) -> dict[str, Series]:
    """A film, a DXA image and a pQCT stack of one participant, as stored."""
    ann = make_participant(cast)
    for modality, make in MAKERS.items():
        bring(cast, ann, *make(ann.code), modality=modality)
    return {one.modality: one for one in Series.objects.all()}


@pytest.fixture
def processor() -> Iterator[Browser]:
    """A browser that may not use a graphics card, nor anything that stands in for one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-3d-apis"])
        yield browser
        browser.close()


def open_series(window: Window, cast: Cast, series: Series) -> Page:
    """Open the page of a series as Nora and wait until its image is there."""
    cookies = look_as(cast.nora).cookies
    window.page.context.add_cookies(
        [{"name": name, "value": one.value, "url": window.address} for name, one in cookies.items()]
    )
    page = window.open(reverse("series", args=[series.pk]))
    expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready")
    expect(page.locator(".viewer-on")).to_have_count(1)
    return page


def ask(page: Page, what: str) -> Any:
    """Return what the viewer says of its first image."""
    return page.evaluate(f"async () => (await window.trabeculaViewer.{what}())[0]")


def stored_pixels(series: Series) -> np.ndarray:
    """Return the stored integers of all images of a series (z, y, x), as pydicom reads them."""
    files = StoredFile.objects.filter(series=series, role="image").order_by("number")
    return np.stack([pydicom.dcmread(path_of(one.sha256)).pixel_array for one in files]).astype(np.int64)


def place(page: Page, column: int, row: int) -> tuple[float, float]:
    """Return where the centre of a pixel lies in the window."""
    x, y = page.evaluate("([index]) => window.trabeculaViewer.place(0, index)", [[column, row]])
    return x, y


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
    page.mouse.move(*start)
    page.mouse.down(button=button)
    page.mouse.move(*[(one + other) / 2 for one, other in zip(start, end, strict=True)])
    page.mouse.move(*end)
    page.mouse.up(button=button)


def drag_in_the_middle(page: Page, dx: float, dy: float, button: Any = "left") -> None:
    box = page.locator("[data-stage]").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drag(page, (x, y), (x + dx, y + dy), button)


def check_against_pydicom(browser: Browser, address: str, cast: Cast, images: dict[str, Series]) -> None:
    """Hold the browser's pixels, values and lengths of every modality against those of Python's readers."""
    for series in images.values():
        with browse(browser, address) as window:
            page = open_series(window, cast, series)
            pixels = stored_pixels(series)
            assert ask(page, "sums") == {
                "sum": int(pixels.sum()),
                "min": int(pixels.min()),
                "max": int(pixels.max()),
            }
            check_the_value_under_the_pointer(page, series)
            check_a_length(page, series)


def check_the_value_under_the_pointer(page: Page, series: Series) -> None:
    values = read_volume(series.pk).values
    slice_shown = ask(page, "slices")
    for column, row in [(10, 20), (31, 7)]:
        page.mouse.move(*place(page, column, row))
        said = page.locator("[data-readout]")
        expect(said).to_contain_text(f"column {column + 1}, row {row + 1}")
        shown = float((said.text_content() or "").split()[0])
        assert shown == pytest.approx(float(values[slice_shown, row, column]), abs=0.0006)


def check_a_length(page: Page, series: Series) -> None:
    """A line over 40 columns; the mouse meets whole pixels of the window, so it may be one image pixel off."""
    page.get_by_role("button", name="Length", exact=True).click()
    drag(page, place(page, 10, 30), place(page, 50, 30))
    (length,) = until(lambda: ask(page, "lengths"), "a length was drawn")
    spacing = series.spacing_mm[2]
    assert length == pytest.approx(40 * spacing, abs=spacing)
    # The words beside the line, as they stand on the picture.
    expect(page.locator(".svg-layer text").first).to_contain_text(re.compile(r"^\d+\.\d+ mm"))


def test_what_the_browser_shows_is_what_pydicom_reads(
    chromium: Browser, address: str, cast: Cast, images: dict[str, Series]
):
    check_against_pydicom(chromium, address, cast, images)


def test_it_is_the_same_without_a_graphics_card(processor: Browser, address: str, cast: Cast, images: dict[str, Series]):
    with browse(processor, address) as window:
        page = open_series(window, cast, images["film"])
        assert page.evaluate("window.trabeculaViewer.isCpu()")
    check_against_pydicom(processor, address, cast, images)

"""The image viewer in a real browser, on files that came through the real reader; pydicom says what is in them."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless

from cohort.imaging.models import Series, StoredFile
from cohort.imaging.reference_images import add_reference_image, list_catalogue
from cohort.imaging.services import read_volume
from frontend.templatetags.trabecula_tags import VIEWER
from portal.core.storage import path_of
from portal.roles.actors import SETUP
from tests.browser import CHROMIUM, DESK, FLAGS, TABLET, Window, assert_accessible, browse, needs_browser, until
from tests.cast import Cast, make_participant
from tests.cohort.imaging.builders import bring, make_dxa, make_film, make_slices
from tests.cohort.pages import look_as, read

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
def cast(cast: Cast, address: str) -> Cast:
    return cast


@pytest.fixture
def images(cast: Cast) -> dict[str, Series]:
    """A film, a DXA image and a pQCT stack of one participant, as stored."""
    ann = make_participant(cast)
    for modality, make in MAKERS.items():
        bring(cast, ann, *make(ann.code), modality=modality)
    return {one.modality: one for one in Series.objects.all()}


@pytest.fixture
def processor(chromium: Browser) -> Iterator[Browser]:
    """A browser that may not use a graphics card, nor anything that stands in for one."""
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-3d-apis"])
    yield browser
    browser.close()


def open_as_nora(window: Window, cast: Cast, address: str) -> Page:
    """Open a page as Nora."""
    cookies = look_as(cast.nora).cookies
    window.page.context.add_cookies(
        [{"name": name, "value": one.value, "url": window.address} for name, one in cookies.items()]
    )
    return window.open(address)


def open_series(window: Window, cast: Cast, series: Series) -> Page:
    """Open the page of a series as Nora and wait until its image is there."""
    page = open_as_nora(window, cast, reverse("series", args=[series.pk]))
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


def test_it_is_the_same_without_a_graphics_card(
    processor: Browser, address: str, cast: Cast, images: dict[str, Series]
):
    with browse(processor, address) as window:
        page = open_series(window, cast, images["film"])
        assert page.evaluate("window.trabeculaViewer.isCpu()")
    check_against_pydicom(processor, address, cast, images)


@pytest.fixture
def stack(cast: Cast) -> Series:
    """A pQCT stack of five slices."""
    ann = make_participant(cast)
    bring(cast, ann, *make_slices(ann.code, n=5), modality="pqct")
    return Series.objects.get()


@pytest.fixture
def film(cast: Cast) -> Series:
    ann = make_participant(cast)
    bring(cast, ann, make_film(ann.code))
    return Series.objects.get()


def test_the_mouse_sets_brightness_zoom_and_slice(chromium: Browser, address: str, cast: Cast, stack: Series):
    with browse(chromium, address) as window:
        page = open_series(window, cast, stack)
        before, view = ask(page, "windows"), ask(page, "view")
        assert before["name"] == "Automatic"
        drag_in_the_middle(page, 60, 40)
        until(lambda: ask(page, "windows")["name"] == "Own", "dragging changed the brightness")
        assert ask(page, "windows")["upper"] != before["upper"]
        drag_in_the_middle(page, 0, 60, button="right")
        until(lambda: ask(page, "view")["zoom"] != view["zoom"], "the right button zoomed")
        assert ask(page, "slices") == 2
        page.mouse.wheel(0, 100)
        expect(page.locator("[data-slice-of]")).to_have_text("4 of 5")
        # The brightness that was chosen stays as slices turn.
        assert ask(page, "windows")["name"] == "Own"
        page.get_by_role("button", name="Reset").click()
        assert ask(page, "windows") == before
        assert ask(page, "view")["zoom"] == pytest.approx(view["zoom"])


def test_a_window_is_chosen_by_name_in_the_unit_of_the_values(
    chromium: Browser, address: str, cast: Cast, stack: Series
):
    with browse(chromium, address) as window:
        page = open_series(window, cast, stack)
        page.get_by_label("Window").select_option("Trabecular")
        expect(page.locator("[data-window-is]")).to_have_text("-100 to 500 mg HA/cm³")
        # Slope 1 and intercept -200: what the file stores lies 200 above the value.
        assert ask(page, "view")["voiRange"] == pytest.approx({"lower": 100, "upper": 700})
        page.get_by_role("button", name="Invert").click()
        assert ask(page, "view")["invert"]


def test_everything_can_be_done_by_keys(chromium: Browser, address: str, cast: Cast, stack: Series):
    with browse(chromium, address) as window:
        page = open_series(window, cast, stack)
        page.get_by_role("button", name="Reset").focus()
        page.keyboard.press("Tab")
        expect(page.locator("[data-stage]")).to_be_focused()
        view, before = ask(page, "view"), ask(page, "windows")
        page.keyboard.press("PageDown")
        expect(page.locator("[data-slice-of]")).to_have_text("4 of 5")
        page.keyboard.press("Home")
        expect(page.locator("[data-slice-of]")).to_have_text("1 of 5")
        page.keyboard.press("+")
        assert ask(page, "view")["zoom"] == pytest.approx(view["zoom"] * 1.25)
        page.keyboard.press("ArrowRight")
        assert ask(page, "view")["pan"] != pytest.approx(view["pan"])
        page.keyboard.press("]")
        assert ask(page, "windows")["upper"] > before["upper"]
        page.keyboard.press("i")
        assert ask(page, "view")["invert"]
        page.keyboard.press("r")
        assert ask(page, "windows") == before
        assert not ask(page, "view")["invert"]


def test_a_length_is_measured_by_keys_to_the_pixel(chromium: Browser, address: str, cast: Cast, stack: Series):
    with browse(chromium, address) as window:
        page = open_series(window, cast, stack)
        page.locator("[data-stage]").focus()
        for key in ("m", "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowLeft", "ArrowLeft", "Enter", "Escape"):
            page.keyboard.press(key)
        (length,) = ask(page, "lengths")
        # Eighteen columns of 0.5 mm.
        assert length == pytest.approx(9.0)
        expect(page.locator("[data-said]")).to_have_text("Length 9.00 mm")
        page.get_by_role("button", name="Clear lengths").click()
        assert ask(page, "lengths") == []


WATCH_WORDS = """
  window.drawn = new Set();
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    if (this.canvas.closest("[data-stage]")) window.drawn.add(text);
    return fillText.call(this, text, ...rest);
  };
"""


def test_mark_side_and_scale_are_drawn_into_the_picture_itself(
    chromium: Browser, address: str, cast: Cast, film: Series
):
    with browse(chromium, address) as window:
        window.page.add_init_script(WATCH_WORDS)
        page = open_series(window, cast, film)
        drawn = until(lambda: page.evaluate("[...window.drawn]"), "something was drawn")
        assert {"SIMULATED", "LEFT"} <= set(drawn)
        assert any(re.match(r"\d+(\.\d+)? mm", one) for one in drawn)
        assert "SIMULATED" in (page.locator("[data-stage]").get_attribute("aria-label") or "")


def test_where_the_spacing_is_not_known_lengths_are_pixels(chromium: Browser, address: str, cast: Cast, film: Series):
    def unknown(route: Any) -> None:
        told = route.fetch().json()
        route.fulfill(json={**told, "spacing": [], "spacing_is": "none"})

    with browse(chromium, address) as window:
        window.page.route("**/files.json", unknown)
        page = open_series(window, cast, film)
        page.get_by_role("button", name="Length", exact=True).click()
        drag(page, place(page, 10, 30), place(page, 50, 30))
        expect(page.locator(".svg-layer text").first).to_contain_text(re.compile(r"^\d+\.\d px"))
        assert ask(page, "lengths")[0] == pytest.approx(40, abs=1)


def test_a_compressed_file_is_refused_in_words_and_never_shown_wrongly(
    chromium: Browser, address: str, cast: Cast, film: Series
):
    ds = pydicom.dcmread(path_of(StoredFile.objects.get(role="image").sha256))
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless
    ds.PixelData = encapsulate([b"\xff\xd8 not what it seems \xff\xd9"])
    ds["PixelData"].is_undefined_length = True
    compressed = BytesIO()
    ds.save_as(compressed, enforce_file_format=True)
    with browse(chromium, address) as window:
        window.expect_error("compressed")
        window.page.route("**/files/1.dcm", lambda route: route.fulfill(body=compressed.getvalue()))
        page = open_as_nora(window, cast, reverse("series", args=[film.pk]))
        expect(page.locator("[data-notice]")).to_have_text(
            "The small picture is all there is here: its pixels are compressed."
        )
        expect(page.locator("[data-stage]")).to_be_hidden()
        expect(page.locator(".viewer-still")).to_be_visible()


def test_without_the_library_or_without_script_the_small_picture_stays(
    chromium: Browser, address: str, cast: Cast, film: Series
):
    with browse(chromium, address) as window:
        window.expect_error("ERR_FAILED")
        window.page.route("**/vendor/viewer/assets/**", lambda route: route.abort())
        page = open_as_nora(window, cast, reverse("series", args=[film.pk]))
        expect(page.get_by_text("The image viewer is not installed here")).to_be_visible()
        expect(page.locator(".viewer-still")).to_be_visible()
        expect(page.locator("[data-tools]")).to_be_hidden()
    with browse(chromium, address, java_script_enabled=False) as window:
        page = open_as_nora(window, cast, reverse("series", args=[film.pk]))
        expect(page.locator(".viewer-still")).to_be_visible()
        expect(page.locator("[data-tools]")).to_be_hidden()


def test_where_the_viewer_was_not_built_the_page_says_so(cast: Cast, film: Series, monkeypatch: pytest.MonkeyPatch):
    page = read(look_as(cast.nora).get(reverse("series", args=[film.pk])))
    assert "viewer.js" in page
    assert 'class="viewer-notice" hidden data-missing' in page
    monkeypatch.setattr(finders, "find", lambda *_args, **_kwargs: None)
    page = read(look_as(cast.nora).get(reverse("series", args=[film.pk])))
    assert "viewer.js" not in page
    assert 'class="viewer-notice" data-missing' in page


def test_nothing_shipped_needs_webassembly():
    found = finders.find(VIEWER)
    assert isinstance(found, str)
    files = [one for one in Path(found).parent.rglob("*") if one.is_file()]
    assert len(files) > 3
    assert not [one for one in files if one.suffix == ".wasm"]


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", TABLET)])
def test_the_viewer_is_accessible(chromium: Browser, address: str, cast: Cast, stack: Series, theme: str, width: int):
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        page = open_series(window, cast, stack)
        page.get_by_text("Mouse, finger and keys").click()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("theme", "width"), [("light", DESK), ("dark", TABLET)])
def test_a_real_reference_radiograph_opens_in_the_viewer(
    chromium: Browser, address: str, cast: Cast, theme: str, width: int
):
    entry = next(one for one in list_catalogue() if one["slug"] == "adult-wrist-pa")
    found = add_reference_image(actor=SETUP, entry=entry)
    pixels = pydicom.dcmread(path_of(found.file_sha256)).pixel_array.astype(np.int64)
    with browse(chromium, address, width=width, color_scheme=theme) as window:
        page = open_as_nora(window, cast, reverse("reference-image", args=[found.slug]))
        expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready")
        expect(page.locator(".viewer-on")).to_have_count(1)
        assert ask(page, "sums") == {"sum": int(pixels.sum()), "min": int(pixels.min()), "max": int(pixels.max())}
        # The ruler beside the wrist gave 0.148 mm a pixel: 100 pixels are 14.8 mm.
        page.get_by_role("button", name="Length", exact=True).click()
        page.locator("[data-stage]").scroll_into_view_if_needed()
        drag(page, place(page, 450, 500), place(page, 550, 500))
        (length,) = until(lambda: ask(page, "lengths"), "a length was drawn")
        assert length == pytest.approx(14.8, abs=2 * 0.148)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

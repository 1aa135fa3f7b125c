"""Colours that can be read, in both themes, and nothing from outside."""

import re
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
TOKENS = (FRONTEND / "static/css/tokens.css").read_text()
SHEETS = sorted((FRONTEND / "static/css").glob("*.css"))

# WCAG 2.2: 1.4.3 wants 4.5 for text, 1.4.11 wants 3 for the borders of controls and the ring of focus.
TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-2", "link", "bad") for ground in ("ground", "surface", "surface-2")],
    *[(tone, f"{tone}-soft") for tone in ("plain", "busy", "good", "warn", "bad", "shut")],
    ("on-primary", "primary"),
    ("on-primary", "primary-hover"),
    ("primary", "surface"),
    ("on-bar", "bar"),
    ("on-bar", "bar-2"),
    ("on-bar-2", "bar"),
    ("on-bar-2", "bar-2"),
    ("on-mark", "mark"),
]
SHAPES = [
    *[("line-strong", ground) for ground in ("ground", "surface", "surface-2")],
    *[("focus", ground) for ground in ("ground", "surface", "surface-2")],
    ("bar-focus", "bar"),
    ("bar-focus", "bar-2"),
    ("link", "surface"),
]


def read_block(selector: str) -> dict[str, str]:
    body = TOKENS.split(selector + " {", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body))


LIGHT = read_block(":root")
DARK = read_block(':root[data-theme="dark"]')


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, WCAG 2.2, definition of "relative luminance"."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_has_the_contrast_of_the_definition():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_text_can_be_read(theme: dict[str, str], front: str, back: str):
    assert contrast(theme[front], theme[back]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), SHAPES)
def test_borders_and_focus_can_be_seen(theme: dict[str, str], front: str, back: str):
    assert contrast(theme[front], theme[back]) >= 3


def test_dark_is_the_same_by_choice_and_by_device():
    assert read_block(':root:not([data-theme="light"])') == DARK
    assert DARK.keys() == LIGHT.keys()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_takes_nothing_from_elsewhere(sheet: Path):
    text = sheet.read_text()
    assert not re.search(r"@import|https?:|//", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_uses_only_values_that_exist(sheet: Path):
    known = set(re.findall(r"(--[\w-]+):", TOKENS))
    assert not set(re.findall(r"var\((--[\w-]+)\)", sheet.read_text())) - known


def test_every_sheet_is_on_every_page_or_on_the_page_that_needs_it():
    base = (FRONTEND / "templates/base.html").read_text()
    listed = re.search(r'{% for sheet in "([\w ]+)"', base)
    assert listed
    pages = "".join(page.read_text() for page in (FRONTEND / "templates").rglob("*.html"))
    linked = re.findall(r"{% static 'css/([\w-]+)\.css' %}", pages)
    assert not set(linked) & set(listed[1].split())
    assert sorted({*listed[1].split(), *linked}) == [sheet.stem for sheet in SHEETS]

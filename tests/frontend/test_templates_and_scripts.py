"""What every template and every script of ours must hold, whoever writes it: a sweep over the files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "frontend/templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "frontend/static/js").glob("*.js"))
NODE_TESTS = ROOT / "frontend/tests"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "frontend"))


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_has_no_inline_style_handler_or_script(template: Path):
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|hx-on|\bhx-vals=[\"']js:", text)
    for attributes in re.findall(r"<script([^>]*)>", text):
        assert "src=" in attributes or "application/json" in attributes


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_takes_nothing_from_elsewhere(template: Path):
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", template.read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_form_that_posts_carries_its_token(template: Path):
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", template.read_text(), flags=re.S):
        assert "{% csrf_token %}" in form


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_marks_nothing_as_safe(template: Path):
    assert not re.search(r"\|\s*safe\b|autoescape off", template.read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_is_short(template: Path):
    assert len(template.read_text().splitlines()) <= 120


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_is_short_and_has_a_test(script: Path):
    assert len(script.read_text().splitlines()) <= 150
    assert f"../static/js/{script.name}" in (NODE_TESTS / f"{script.stem}.test.mjs").read_text()


def test_every_script_is_on_every_page_or_on_the_page_that_needs_it():
    base = (ROOT / "frontend/templates/base.html").read_text()
    listed = re.search(r'{% for script in "([\w -]+)"', base)
    assert listed
    pages = "".join(page.read_text() for page in (ROOT / "frontend/templates").rglob("*.html"))
    linked = {*listed[1].split(), *re.findall(r"{% static 'js/([\w-]+)\.js' %}", pages)}
    imported = {found for script in SCRIPTS for found in re.findall(r'from "\./([\w-]+)\.js"', script.read_text())}
    assert linked | imported == {script.stem for script in SCRIPTS}


def test_the_lock_file_names_no_host():
    lock = (ROOT / "frontend/package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def test_every_partial_of_the_guide_exists():
    guide = (ROOT / "docs/patterns.md").read_text()
    named = set(re.findall(r'include "(_\w+\.html)"', guide))
    assert len(named) > 8
    assert not {one for one in named if not (ROOT / "frontend/templates" / one).exists()}

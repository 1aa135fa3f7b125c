"""ARCHITECTURE.md names every package, and every package it names is there."""

import re

from tests.services import ROOT

MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED = set(
    re.findall(r"^- `((?:portal|cohort|modelling|frontend|docker|bench|tests)[\w/]*)(?:\.py)?`", MAP, re.MULTILINE)
)


def list_packages() -> set[str]:
    inner = {
        f"{top}/{path.name}"
        for top in ("portal", "cohort", "modelling")
        for path in (ROOT / top).iterdir()
        if path.is_dir() and any(path.glob("*.py"))
    }
    return inner | {"frontend", "docker", "bench", "tests"}


def test_every_package_is_named() -> None:
    assert list_packages() - NAMED == set()


def test_every_name_is_a_package_or_a_module() -> None:
    modules = {name for name in NAMED if (ROOT / f"{name}.py").exists()}
    assert NAMED - list_packages() - modules == set()

"""docs/requirements.md names tests that are there; docs/guide.md shows the pictures that are there."""

import re
from pathlib import Path

import pytest

from tests.services import ROOT

DOCS = ROOT / "docs"
TABLE = (DOCS / "requirements.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", TABLE)))
LINES = [line for line in TABLE.splitlines() if line.startswith("| ") and not line.endswith("| held by |")]
PICTURE_BYTES = 200_000


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    source = (ROOT / "tests" / path).read_text(encoding="utf-8")
    assert not test or re.search(rf"^def {test}\(", source, re.MULTILINE), f"{path} has no {test}"


def test_every_requirement_names_a_test_or_says_why_there_is_none() -> None:
    silent = [line for line in LINES if not re.search(r"\.py|not yet|by hand|\.ci/run", line.split("|")[2])]
    assert LINES
    assert silent == []


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    shown = set(re.findall(r"\]\((pictures/[\w-]+\.png)\)", pages))
    there = {f"pictures/{path.name}" for path in (DOCS / "pictures").glob("*.png")}
    assert shown == there


@pytest.mark.parametrize("path", sorted((DOCS / "pictures").glob("*.png")), ids=lambda path: path.name)
def test_a_picture_is_small_enough_to_be_kept(path: Path) -> None:
    assert path.stat().st_size < PICTURE_BYTES

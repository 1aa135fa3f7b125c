"""Fixtures of the tests of imaging: a home of their own for quarantine, store and originals."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """The folder under which files lie."""
    settings.HOME = tmp_path / "home"  # type: ignore[attr-defined]
    return tmp_path / "home"

"""A home of its own for each test, and one running home for the tests that only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.running import Services, running
from tests.portal.embedded.homes import forget_the_past, temporary_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Give a home that does not exist yet."""
    with temporary_home(tmp_path / "home") as path:
        yield path


@pytest.fixture(scope="package")
def _made_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with temporary_home(tmp_path_factory.mktemp("made") / "home") as path:
        with running(path, reserve_mb=0):
            pass
        yield path


@pytest.fixture
def used_home(_made_home: Path) -> Path:
    """Give a home that ran before and is stopped now; a test may use it, and may not spoil it."""
    return forget_the_past(_made_home)


@pytest.fixture(scope="package")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Give running services that a test must leave as it found them."""
    with temporary_home(tmp_path_factory.mktemp("running") / "home") as path, running(path, reserve_mb=0) as up:
        yield up

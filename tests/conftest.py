"""Fixtures for every test. The services run already: `tests.services` is loaded first, as a plugin."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.cast import Cast, make_cast
from tests.database import committed_database


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: two processes share them, and whatever comes last should be short."""
    in_browser = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: ("journeys" not in item.path.parts, item.path not in in_browser))


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The databases are there already, copied from the migrated template."""


@pytest.fixture
def fresh_database(django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """A database of its own for a test that commits; yields the environment for child processes."""
    with django_db_blocker.unblock(), committed_database() as environment:
        yield environment


@pytest.fixture
def cast() -> Cast:
    """The people of a study that is open for enrolment; needs `rolls_back` or `fresh_database`."""
    return make_cast()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]

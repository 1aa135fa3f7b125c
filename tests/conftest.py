"""Fixtures for every test. The services run already: `tests.services` is loaded first, as a plugin."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.cast import Cast, make_cast
from tests.database import committed_database


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

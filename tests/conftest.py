"""Fixtures for every test. The services run already: `tests.services` is loaded first, as a plugin."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from itertools import chain, zip_longest
from typing import Any

import pytest
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from tests.cast import Cast, make_cast
from tests.database import committed_database, name_now, point_to
from tests.services import SERVICES, SHARED, TEMPLATE, copy_database

_CAST, _SHARED_CAST = "trabecula_cast", "trabecula_cast_tests"
"""A template in which the cast is, and its copy for tests that roll back."""
_QUICK_PASSWORDS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, those that wait for a browser in turn with those that compute.

    Several processes share them: whatever comes last should be short, and pages get an answer while others compute.
    """
    in_browser = {item.path for item in items if item.get_closest_marker("browser")}
    paths = list(dict.fromkeys(item.path for item in items))
    journeys = [path for path in paths if "journeys" in path.parts]
    waiting = [path for path in paths if path in in_browser and path not in journeys]
    computing = [path for path in paths if path not in in_browser and path not in journeys]
    in_turn = chain.from_iterable(zip_longest(waiting, computing))
    place = {path: number for number, path in enumerate(chain(journeys, in_turn))}
    items.sort(key=lambda item: place[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test that rolls back begin with the cast, if it wants one, or with an empty database."""
    wanted = _SHARED_CAST if "cast" in getattr(item, "fixturenames", ()) else SHARED
    if item.get_closest_marker("django_db") and name_now() in {SHARED, _SHARED_CAST} - {wanted}:
        with item.config.stash[blocking_manager_key].unblock():
            _make_cast_once()
            point_to(wanted)


@cache
def _make_cast_once() -> Cast:
    """Make the cast for the whole session, its template and the copy of it."""
    usual = name_now()
    copy_database(SERVICES, _CAST)
    point_to(_CAST)
    with override_settings(PASSWORD_HASHERS=_QUICK_PASSWORDS):
        cast = make_cast()
    point_to(usual)
    copy_database(SERVICES, _SHARED_CAST, _CAST)
    return cast


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The databases are there already, copied from the migrated template."""


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """A database of its own for a test that commits; yields the environment for child processes."""
    with django_db_blocker.unblock():
        if "cast" in request.fixturenames:
            _make_cast_once()
        with committed_database(_CAST if "cast" in request.fixturenames else TEMPLATE) as environment:
            yield environment


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """The people of a study that is open for enrolment, in the database that rolls back or else in a fresh one."""
    if request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("fresh_database")
    return deepcopy(_make_cast_once())


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, settings: Any) -> None:
    """Passwords cost nothing; a client of Django's does not list every static file when it is made."""
    settings.PASSWORD_HASHERS = _QUICK_PASSWORDS
    # A real browser wants those files, each of them once.
    settings.WHITENOISE_AUTOREFRESH = request.node.get_closest_marker("browser") is None

"""Databases for tests: one shared, rolled back after each test; or a fresh one, for tests that commit."""

import contextlib
import secrets
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections

from tests.services import SERVICES, copy_database, drop_database, with_database

rolls_back = pytest.mark.django_db(databases="__all__")
"""Marks tests whose writes are rolled back, on every role's connection."""


@contextlib.contextmanager
def committed_database() -> Iterator[dict[str, str]]:
    """Point every connection at a fresh copy of the migrated template; yield the environment for child processes.

    Django's own way, flushing with TRUNCATE, is what append-only tables forbid. No trigger is ever switched off.
    """
    name = f"trabecula_{secrets.token_hex(6)}"
    copy_database(SERVICES, name)
    usual = {alias: settings.DATABASES[alias]["NAME"] for alias in settings.DATABASES}
    _point_to(dict.fromkeys(usual, name))
    try:
        yield with_database(SERVICES.environment, name)
    finally:
        _point_to(usual)
        drop_database(SERVICES, name)


def _point_to(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name

"""Databases for tests: one shared, rolled back after each test; or a fresh one, for tests that commit."""

import contextlib
import secrets
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections

from tests.services import SERVICES, TEMPLATE, copy_database, drop_database, with_database

rolls_back = pytest.mark.django_db(databases="__all__")
"""Marks tests whose writes are rolled back, on every role's connection."""


@contextlib.contextmanager
def committed_database(template: str = TEMPLATE) -> Iterator[dict[str, str]]:
    """Point every connection at a fresh copy of a template; yield the environment for child processes.

    Django's own way, flushing with TRUNCATE, is what append-only tables forbid. No trigger is ever switched off.
    """
    name = f"trabecula_{secrets.token_hex(6)}"
    copy_database(SERVICES, name, template)
    usual = name_now()
    point_to(name)
    try:
        yield with_database(SERVICES.environment, name)
    finally:
        point_to(usual)
        drop_database(SERVICES, name)


def name_now() -> str:
    """Return the name of the database that every connection leads to."""
    return str(connections["default"].settings_dict["NAME"])


def point_to(name: str) -> None:
    """Let every connection lead to another database."""
    for alias in settings.DATABASES:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name

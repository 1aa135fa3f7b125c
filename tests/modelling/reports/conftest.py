"""Pages are looked at as after a whole sign-in, over one evaluation that was revealed by its own people."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.browser import chromium
from tests.database import committed_database
from tests.modelling.blinded.stage import Stage, bring_to_locked, reveal, set_stage

__all__ = ["chromium"]


@pytest.fixture(autouse=True)
def _without_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def revealed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """An evaluation that was locked, and revealed by two custodians."""
    with django_db_blocker.unblock(), committed_database() as environment:
        stage = set_stage(environment)
        bring_to_locked(stage)
        reveal(stage)
        yield stage

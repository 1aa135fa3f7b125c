"""The small world that sweeps look at: made once."""

from collections.abc import Iterator

import pytest
from django.conf import settings as live_settings
from pytest_django.plugin import DjangoDbBlocker

from tests.contracts.world import World, home_of, make_world, reveal
from tests.database import committed_database


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Both studies, their evaluations revealed."""
    folder = tmp_path_factory.mktemp("world")
    folder.parent.chmod(0o711)
    with django_db_blocker.unblock(), committed_database() as environment, home_of(live_settings, folder):
        made = make_world(environment, folder)
        reveal(made)
        yield made

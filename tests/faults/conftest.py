"""Real workers for the fault tests, and the person who asks them to work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.roles.actors import Actor
from portal.roles.models import Role
from tests.cast import act_as
from tests.faults.processes import Stack, stack


@pytest.fixture
def works(fresh_database: dict[str, str], tmp_path: Path) -> Iterator[Stack]:
    """Processes on a database of their own."""
    with stack(fresh_database, tmp_path) as found:
        yield found


@pytest.fixture
def dan(works: Stack) -> Actor:
    return act_as("Dan Data", Role.DATA_MANAGER)

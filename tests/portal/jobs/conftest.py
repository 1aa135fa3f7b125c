"""Fixtures of the tests of jobs."""

import socket
from collections.abc import Iterator

import pytest

from tests.browser import address, chromium
from tests.portal.jobs import children

__all__ = ["address", "chromium"]


@pytest.fixture
def listening_port() -> Iterator[int]:
    """A port of this machine that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(params=[children.start, children.fork], ids=["begun", "forked"])
def start(request: pytest.FixtureRequest) -> children.Starter:
    """Both ways in which a child comes to be."""
    starter: children.Starter = request.param
    return starter

"""Fixtures of the tests of jobs."""

import socket
from collections.abc import Iterator

import pytest

from tests.browser import address, chromium

__all__ = ["address", "chromium"]


@pytest.fixture
def listening_port() -> Iterator[int]:
    """A port of this machine that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]

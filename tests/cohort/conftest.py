"""The cohort's pages are looked at as after a whole sign-in: the second factor has tests of its own."""

import pytest

from tests.browser import address, chromium

__all__ = ["address", "chromium"]


@pytest.fixture(autouse=True)
def _without_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False

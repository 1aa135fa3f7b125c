"""The browser and the served portal, for the journeys."""

from tests.browser import address, chromium

__all__ = ["address", "chromium"]

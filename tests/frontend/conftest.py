"""The browser and the served portal, for the tests of this folder."""

from tests.browser import address, address_without_data, chromium

__all__ = ["address", "address_without_data", "chromium"]

"""The browser's fixtures, for the pages of this part."""

from tests.browser import address, chromium

__all__ = ["address", "chromium"]

"""A real browser that fails the test by itself when a page misbehaves.

`browse` opens a window and, when it closes, wants: no error in the console, no uncaught error in a script, no violation
of the Content-Security-Policy, no request to another host. What a test provokes on purpose it names beforehand.

Under the policy Playwright's `wait_for_function` cannot work (it needs eval): wait with locators, `expect` or `until`.
"""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application
from django.test import Client
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from tests.cast import let_in

T = TypeVar("T")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Debian's Chromium 156 starts with these on a machine without a screen, a GPU or a user of its own.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK, TABLET, PHONE = 1280, 820, 360
AT_MOST_S = 30.0
"""How long a condition may take before the test gives up: a safety net, nothing is measured by it."""

expect.set_options(timeout=AT_MOST_S * 1000)


def _starts_driver() -> bool:
    node, _ = compute_driver_executable()
    return subprocess.run([node, "--version"], capture_output=True, check=False).returncode == 0


needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (as root ./run test installs it)"),
    pytest.mark.skipif(not _starts_driver(), reason="Playwright's Node does not start here (it wants libatomic1)"),
]

_LISTEN = """
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`refused by the policy: ${event.effectiveDirective} ${event.blockedURI} at ${event.sourceFile}`);
  });
"""


@dataclass
class Window:
    """A page, and what it did that it should not."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """Go to a page of the portal."""
        self.page.goto(self.address + path)
        return self.page

    def expect_error(self, part: str) -> None:
        """Allow console errors that hold these words, as `status of 404` where a page is provoked to say no."""
        self.expected.append(part)

    def check(self) -> None:
        """Fail if anything went wrong that was not expected."""
        found = [one for one in self.wrong if not any(part in one for part in self.expected)]
        assert not found, "the page misbehaved:\n" + "\n".join(found)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file."""
    # Playwright keeps an event loop in this thread, and Django then refuses the database to a test that is not async.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def address(fresh_database: dict[str, str]) -> Iterator[str]:
    """The address of the portal, served from this process, with a database of its own."""
    with served() as where:
        yield where


@pytest.fixture(scope="module")
def address_without_data(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of the portal for pages that keep nothing; quicker, because no database is made for each test."""
    with django_db_blocker.unblock(), served() as where:
        yield where


@contextmanager
def served() -> Iterator[str]:
    """Serve the portal in threads of this process."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(get_internal_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def browse(
    browser: Browser, address: str, *, user: AbstractBaseUser | None = None, width: int = DESK, **options: Any
) -> Iterator[Window]:
    """Open a window, signed in as `user` if one is named; closing it fails if the page misbehaved.

    options: Playwright's own, as color_scheme="dark" or java_script_enabled=False.
    """
    shape = {"width": width, "height": 900 if width >= DESK else 1180}
    context = browser.new_context(viewport=shape, reduced_motion="reduce", **options)
    if user is not None:
        sign_in(context, address, user)
    page = context.new_page()
    page.set_default_timeout(AT_MOST_S * 1000)
    window = Window(page, address)
    _watch(window)
    try:
        yield window
        window.check()
    finally:
        context.close()


def sign_in(context: BrowserContext, address: str, user: AbstractBaseUser) -> None:
    """Give the browser a session of this person, as after a sign-in."""
    cookies: SimpleCookie = let_in(Client(), user).cookies
    context.add_cookies([{"name": name, "value": one.value, "url": address} for name, one in cookies.items()])


def assert_accessible(page: Page) -> None:
    """Fail with a readable list if axe finds anything against WCAG 2.2 AA."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", AXE_TAGS)
    lines = [
        f"{one['id']}: {one['help']}\n    {node['html'][:160]}\n    {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
    assert not lines, "\n".join(lines)


def until(ask: Callable[[], T], what: str) -> T:
    """Ask until the answer is true and return it; `what` is the sentence that was waited for."""
    deadline = time.monotonic() + AT_MOST_S
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {AT_MOST_S:.0f} s in vain: {what}")
        time.sleep(0.05)
    return answer


def _watch(window: Window) -> None:
    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            window.wrong.append(f"console: {message.text} ({message.location.get('url', '')})")

    def see(request: Request) -> None:
        window.requests.append(f"{request.method} {request.url}")
        where = urlsplit(request.url)
        if where.scheme in {"http", "https", "ws", "wss"} and where.netloc != urlsplit(window.address).netloc:
            window.wrong.append(f"another host: {request.url}")

    window.page.add_init_script(_LISTEN)
    window.page.on("console", hear)
    window.page.on("pageerror", lambda error: window.wrong.append(f"script: {error}"))
    window.page.on("request", see)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the test says what went wrong."""

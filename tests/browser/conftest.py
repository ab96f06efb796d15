"""Share one Chromium, and pages that may ask nobody but this machine."""

import os
import shutil
from urllib.parse import urlsplit

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]
HERE = {"127.0.0.1", "localhost", "::1"}


def _absent(reason):
    """Skip the test, or fail it where everything is required."""
    if os.environ.get("GRIDGEO_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    """Start Debian's Chromium once."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        _absent("Chromium is not here")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _absent("playwright is not here")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


def is_local(address):
    """Tell whether an address stays on this machine."""
    parts = urlsplit(address)
    return parts.scheme in {"file", "data", "blob", "about"} or parts.hostname in HERE


class Watch:
    """What a page did that it should not: requests to others, errors in its console, exceptions.

    ``expected`` holds parts of console messages that a test provokes on purpose.
    """

    def __init__(self):
        self.faults = []
        self.expected = ()

    def listen(self, page):
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))

    def refuse(self, route):
        self.faults.append(f"asked another host: {route.request.url}")
        route.abort()

    def _hear(self, message):
        if message.type == "error" and not any(text in message.text for text in self.expected):
            self.faults.append(f"console: {message.text}")


@pytest.fixture(scope="session")
def open_page(browser):
    """Open a watched page of a size of one's choice; whoever opens it closes its context and looks at its faults."""

    def opened(width=1440, height=900, **options):
        watch = Watch()
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.route(lambda address: not is_local(address), watch.refuse)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watch.listen(page)
        page.watch = watch
        return page

    return opened


@pytest.fixture
def new_page(open_page):
    """Open pages for one test; their faults fail it."""
    pages = []

    def opened(*size, **options):
        pages.append(open_page(*size, **options))
        return pages[-1]

    yield opened
    for page in pages:
        page.context.close()
    faults = [fault for page in pages for fault in page.watch.faults]
    assert not faults, "\n".join(faults)


@pytest.fixture
def offline_page(new_page):
    """Open one page of 1440 by 900."""
    return new_page()

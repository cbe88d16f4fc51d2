"""A real browser before a real server, with a real cluster behind it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.clusters import Cluster, end, start, wait_until
from tests.conftest import BROWSERS
from tests.importers.admin.conftest import andes, feed, loaded, ready, sent, service

__all__ = ["andes", "feed", "loaded", "ready", "sent", "service"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 30_000
WIDTH, HEIGHT = 1280, 900

Open = Callable[[], Page]


@pytest.fixture
def cluster(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    started = start(process_environment, tmp_path, queue="quick")
    try:
        wait_until(started.is_whole, "a whole cluster")
        yield started
    finally:
        end(started)


@pytest.fixture
def open_page(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Open a page in a browser of its own: nobody is signed in.

    At the end no page may have had an error in its console.
    """
    # Playwright's own loop runs in this thread, and Django takes it for ours.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    found = next(path for name in BROWSERS if (path := shutil.which(name)))
    complaints: list[str] = []
    # Chromium is not to look for settings, keys or proxies of whoever runs the tests.
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=ARGUMENTS, env=environment
        )

        def fresh() -> Page:
            context = browser.new_context(
                base_url=live_server.url,
                viewport={"width": WIDTH, "height": HEIGHT},
                locale="en-GB",
            )
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda message: (
                    complaints.append(message.text) if message.type == "error" else None
                ),
            )
            return page

        yield fresh
        browser.close()
        connections.close_all()  # those that the test used beside Playwright's loop
    assert complaints == []

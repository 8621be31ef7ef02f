"""One JupyterLab and one browser for all browser tests.

Most tests of the app share one notebook, in which each shows an app of its own: opening a page and
starting a kernel takes ten times as long as that. The others have a fresh page each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from app_page import PATIENCE_MS, AppPage, app_source, truth_of
from jupyter_harness import Lab, launch_chromium, open_and_run, run_instead, running_lab
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

OpenApp = Callable[..., AppPage]

LATE = "[anywidget] Failed to initialize model"
"""What anywidget says where a page was busy; `breastwidget.app.ear` is why it does no harm."""
VIEWPORT: ViewportSize = {"width": 1280, "height": 1100}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def console_errors() -> list[str]:
    """What the page complained about; filled while the test runs."""
    return []


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    with new_page(browser, console_errors) as page:
        yield page


@dataclass(frozen=True)
class SharedNotebook:
    """A notebook of one cell, open in JupyterLab, and what its page complained about."""

    page: Page
    errors: list[str]


@pytest.fixture(scope="session")
def notebook(browser: Browser, lab: Lab) -> Iterator[SharedNotebook]:
    errors: list[str] = []
    with new_page(browser, errors) as page:
        lab.write_notebook("app.ipynb", "import breastwidget")
        open_and_run(page, lab, "app.ipynb")
        yield SharedNotebook(page, errors)


@pytest.fixture
def open_app(notebook: SharedNotebook) -> Iterator[OpenApp]:
    """Show an app in the shared notebook; the test fails where the page complains."""
    notebook.errors.clear()
    notebook.page.set_viewport_size(VIEWPORT)

    def open_app(kind: str = "single", quick: bool = True, **options: Any) -> AppPage:
        run_instead(notebook.page, app_source(kind, quick, **options))
        return AppPage(notebook.page, truth_of(kind, quick)).wait()

    yield open_app
    assert notebook.errors == []


@contextlib.contextmanager
def new_page(browser: Browser, errors: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(PATIENCE_MS)  # the machine may have other things to do
    context.set_default_navigation_timeout(2 * PATIENCE_MS)
    page = context.new_page()

    def note(text: str) -> None:
        if LATE not in text:
            errors.append(text)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            note(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", listen)
    page.on("pageerror", lambda error: note(str(error)))
    yield page
    context.close()

"""The same app where there is no JupyterLab: in Notebook 7 and in Voilà."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from app_page import AppPage, app_source, truth_of
from jupyter_harness import Lab, open_and_run, running_lab
from playwright.sync_api import Page, expect

_THEIRS = ("cdn.jsdelivr.net", "cdnjs.cloudflare.com", "labextensions/@", "reading 'schema'")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server of its own: jupyter_server remembers static files by name alone, so JupyterLab, on
    a server that has shown Notebook 7, is refused the fonts that both bring along (status 403)."""
    with running_lab(tmp_path_factory.mktemp("elsewhere")) as lab:
        yield lab


def use(app: AppPage) -> None:
    """A box, its mask, a propagation."""
    app.prompt(app.truth.boxes[0])
    app.press("Propagate")
    app.expect_status("^Done: center-outward, ")
    expect(app.results()).to_have_count(1)
    assert app.dice() > 0.5
    assert app.too_wide() == []


def from_us(errors: list[str]) -> list[str]:
    """`errors` without those that these pages have with any notebook, where there is no network
    or an extension of JupyterLab's is missing a part of it."""
    return [each for each in errors if not any(part in each for part in _THEIRS)]


def test_in_notebook_7(page: Page, lab: Lab, console_errors: list[str]) -> None:
    pytest.importorskip("notebook")
    lab.write_notebook("notebook.ipynb", app_source())
    open_and_run(page, lab, "notebook.ipynb", where="notebooks")
    use(AppPage(page, truth_of()).wait())
    assert from_us(console_errors) == []


def test_in_voila(page: Page, lab: Lab, console_errors: list[str]) -> None:
    pytest.importorskip("voila")
    lab.write_notebook("voila.ipynb", app_source())
    page.goto(f"{lab.url}/voila/render/voila.ipynb?token={lab.token}")
    app = AppPage(page, truth_of()).wait()
    use(app)
    app.screenshot("voila")
    assert from_us(console_errors) == []

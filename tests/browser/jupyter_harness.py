"""A private Jupyter server and a page of headless Chromium on it."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Page, Playwright

PROJECT = Path(__file__).parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"

_SERVER_FLAGS = (
    "--allow-root",
    "--no-browser",
    "--ServerApp.port_retries=0",
    "--ServerApp.ip=127.0.0.1",
    "--expose-app-in-browser",
    "--JupyterNotebookApp.expose_app_in_browser=True",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--ServerApp.shutdown_no_activity_timeout=900",
)
_CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # WebGL in software, for the surface.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
_KERNEL_IDLE = """() => {
  const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
  return context?.isReady && context?.session?.kernel?.status === "idle";
}"""
# Not awaited: the promise may never resolve, and it resolves when a cell fails as well.
_RUN_ALL = """() => {
  window.ranAll = false;
  const { commands } = window.jupyterapp;
  commands.execute("notebook:run-all-cells").then(() => { window.ranAll = true; });
}"""
_SET_CELL = """(source) => {
  const { model } = window.jupyterapp.shell.currentWidget.content;
  model.cells.get(0).sharedModel.setSource(source);
}"""
_ASK = """async (expression) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const asked = { code: "", store_history: false, user_expressions: { value: expression } };
  return (await kernel.requestExecute(asked).done).content.user_expressions.value;
}"""
_ERRORS = '.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]'


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab whose files lie in `folder`; it serves Notebook 7 and Voilà as well."""

    url: str
    token: str
    folder: Path

    def write_notebook(self, name: str, *cells: str) -> None:
        """Save a notebook with these code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.folder / name)


@contextlib.contextmanager
def running_lab(private: Path) -> Iterator[Lab]:
    """Start JupyterLab on a free port; configuration, data and notebooks lie under `private`."""
    folder = private / "notebooks"
    folder.mkdir(parents=True)
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = private / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", *_SERVER_FLAGS),
                f"--ServerApp.root_dir={folder}",
                f"--ServerApp.port={port}",
            ],
            env=_environment(private, token),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            lab = Lab(f"http://127.0.0.1:{port}", token, folder)
            _wait_for(lab, server, log)
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def launch_chromium(playwright: Playwright) -> Browser:
    """The system's Chromium where there is one, else the one Playwright installed."""
    return playwright.chromium.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
        args=list(_CHROMIUM_FLAGS),
        headless=True,
    )


def open_and_run(page: Page, lab: Lab, name: str, where: str = "doc/tree") -> None:
    """Open notebook `name` at `where` (JupyterLab, or "notebooks" for Notebook 7), run all of it.

    Any cell's error is raised.
    """
    page.goto(f"{lab.url}/{where}/{name}?token={lab.token}&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    wait_until_idle(page)
    _run_all(page)


def run_instead(page: Page, source: str) -> None:
    """Run `source` as the first cell of the notebook that is open."""
    page.evaluate(_SET_CELL, source)
    _run_all(page)


def wait_until_idle(page: Page) -> None:
    """Wait for the kernel of the notebook that is open."""
    page.wait_for_function(_KERNEL_IDLE, timeout=120_000)


def ask_kernel(page: Page, expression: str) -> Any:
    """The value of a Python expression in the kernel of the notebook that is open: a literal."""
    value = page.evaluate(_ASK, expression)
    assert value["status"] == "ok", value
    return ast.literal_eval(value["data"]["text/plain"])


def _run_all(page: Page) -> None:
    page.evaluate(_RUN_ALL)
    page.wait_for_function("window.ranAll === true", timeout=180_000)
    failures = page.locator(_ERRORS)
    assert failures.count() == 0, failures.first.inner_text()


def _environment(private: Path, token: str) -> dict[str, str]:
    settings = private / "settings"
    for name, values in _SETTINGS.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))
    empty = private / "empty"
    empty.mkdir()
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH")))),
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "IPYTHONDIR": str(private / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "JUPYTER_TOKEN": token,
        "XDG_CACHE_HOME": str(private / "cache"),
        "VTK_DEFAULT_OPENGL_WINDOW": "vtkEGLRenderWindow",
        "VTK_WASM_DIR_OVERRIDE": str(empty),  # VTK's scene shall not fetch anything
    }


def _wait_for(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")

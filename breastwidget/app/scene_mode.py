"""How the surface can be shown here: chosen by asking the environment, overridable.

- "live": the viewer is loaded into the page once and gets surfaces, colours and the slice's plane
  through the widget's own channel. The browser draws and turns the scene; no server or proxy is
  asked for, and none can be missing. It needs a notebook page that loads widget front ends.
- "html": a self-contained page of the same viewer, made anew for each change.
- "picture": a still, drawn off screen.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from breastwidget.opengl import can_render

__all__ = ["Environment", "SceneChoice", "choose_mode", "detect_environment"]


@dataclass(frozen=True)
class Environment:
    """What matters of the place that the app runs in.

    `host` is "jupyter" (JupyterLab, Notebook, Voilà), "colab" or "vscode"; `viewer` says whether
    the browser's viewer (trame-vtk) is installed, `rendering` whether VTK can draw off screen.
    """

    host: str = "jupyter"
    viewer: bool = True
    rendering: bool = True


@dataclass(frozen=True)
class SceneChoice:
    """One of "live", "html", "picture", or "none"; `note` says why it is not what was wanted."""

    mode: str
    note: str = ""


_NO_VIEWER = (
    "The scene that turns needs the package trame-vtk; install it with: pip install trame-vtk"
)
_NO_OPENGL = (
    "A still picture needs OpenGL without a display; on Debian or Ubuntu: "
    "apt-get install libegl1 libgl1-mesa-dri"
)


def choose_mode(wanted: str, environment: Environment) -> SceneChoice:
    """The best that can be had of `wanted`, one of `SCENE_MODES`, in `environment`.

    "auto" is live in Jupyter; on Colab and in VS Code, which put outputs into frames of their own,
    the self-contained page; without the viewer a still picture. What is asked for by name is given
    wherever its parts are there.
    """
    if wanted == "auto":
        wanted = "live" if environment.host == "jupyter" else "html"
    if wanted in ("live", "html"):
        if environment.viewer:
            return SceneChoice(wanted)
        if environment.rendering:
            return SceneChoice("picture", _NO_VIEWER)
        return SceneChoice("none", f"{_NO_VIEWER}. {_NO_OPENGL}")
    if environment.rendering:
        return SceneChoice("picture")
    return (
        SceneChoice("html", _NO_OPENGL) if environment.viewer else SceneChoice("none", _NO_OPENGL)
    )


def detect_environment(
    variables: Mapping[str, str] | None = None, loaded: Mapping[str, object] | None = None
) -> Environment:
    """Ask the process: its environment variables and loaded modules unless others are given."""
    variables = os.environ if variables is None else variables
    loaded = sys.modules if loaded is None else loaded
    return Environment(_host(variables, loaded), _has_viewer(), can_render())


def _host(variables: Mapping[str, str], loaded: Mapping[str, object]) -> str:
    if "google.colab" in loaded or "COLAB_RELEASE_TAG" in variables:
        return "colab"
    # Kernels inherit these from the editor. TERM_PROGRAM would say nothing: a JupyterLab started
    # from the editor's terminal has it as well.
    if any(name in variables for name in ("VSCODE_PID", "VSCODE_CWD")):
        return "vscode"
    return "jupyter"


def _has_viewer() -> bool:
    try:
        return importlib.util.find_spec("trame_vtk.tools.vtksz2html") is not None
    except ImportError:
        return False

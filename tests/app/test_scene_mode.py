"""How the surface can be shown: a pure function of what was wanted and where it runs."""

from __future__ import annotations

import pytest

from breastwidget.app.scene_mode import Environment, choose_mode, detect_environment

JUPYTER = Environment()


@pytest.mark.parametrize(
    ("host", "mode"), [("jupyter", "live"), ("colab", "html"), ("vscode", "html")]
)
def test_automatic_follows_the_host(host: str, mode: str) -> None:
    choice = choose_mode("auto", Environment(host))
    assert (choice.mode, choice.note) == (mode, "")


@pytest.mark.parametrize("wanted", ["live", "html", "picture"])
@pytest.mark.parametrize("host", ["jupyter", "colab", "vscode"])
def test_what_is_asked_for_by_name_is_given(wanted: str, host: str) -> None:
    assert choose_mode(wanted, Environment(host)).mode == wanted


@pytest.mark.parametrize("wanted", ["auto", "live", "html"])
def test_without_the_viewer_a_picture_says_what_to_install(wanted: str) -> None:
    choice = choose_mode(wanted, Environment(viewer=False))
    assert choice.mode == "picture"
    assert "pip install trame-vtk" in choice.note


def test_without_opengl_a_picture_becomes_a_page() -> None:
    choice = choose_mode("picture", Environment(rendering=False))
    assert choice.mode == "html"
    assert "libegl1" in choice.note


@pytest.mark.parametrize("wanted", ["auto", "picture"])
def test_with_neither_there_is_only_the_note(wanted: str) -> None:
    choice = choose_mode(wanted, Environment(viewer=False, rendering=False))
    assert choice.mode == "none"
    assert "libegl1" in choice.note


@pytest.mark.parametrize(
    ("variables", "loaded", "host"),
    [
        ({}, {}, "jupyter"),
        ({"JPY_PARENT_PID": "1", "TERM_PROGRAM": "vscode"}, {}, "jupyter"),
        ({"VSCODE_PID": "1"}, {}, "vscode"),
        ({"VSCODE_CWD": "/"}, {}, "vscode"),
        ({"COLAB_RELEASE_TAG": "x"}, {}, "colab"),
        ({}, {"google.colab": object()}, "colab"),
    ],
)
def test_the_host_is_told_by_what_it_leaves(
    variables: dict[str, str], loaded: dict[str, object], host: str
) -> None:
    assert detect_environment(variables, loaded).host == host

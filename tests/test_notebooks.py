"""What a notebook may hold. That it runs is `pytest --nbval-lax notebooks`' job."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

import breastwidget as bw
from breastwidget.prompts import box_from_reference

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code(notebook: nbformat.NotebookNode) -> list[ast.AST]:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [node for cell in cells for node in ast.walk(ast.parse(cell.source))]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


def test_outputs_and_widget_state_are_stripped(notebook: nbformat.NotebookNode) -> None:
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_only_the_public_names_are_used(notebook: nbformat.NotebookNode) -> None:
    nodes = code(notebook)
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("breastwidget")
        if isinstance(node, ast.Import):
            assert all("breastwidget." not in name.name for name in node.names)
    used = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "bw"
    }
    assert used
    assert used <= set(bw.__all__)


def test_the_first_notebooks_box_bounds_the_phantoms_lesion() -> None:
    """Its numbers are written by hand, so a change of the phantom must be noticed."""
    (call,) = [
        node
        for node in code(nbformat.read(NOTEBOOKS[0], as_version=4))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "BoxPrompt"
    ]
    box = bw.BoxPrompt(**{word.arg: ast.literal_eval(word.value) for word in call.keywords})
    phantom = bw.make_phantom()
    truth = phantom.phases[0].stack().from_voxels(phantom.reference)
    tight = box_from_reference(truth, box.slice)
    assert box.x0 <= tight.x0 < tight.x1 <= box.x1
    assert box.y0 <= tight.y0 < tight.y1 <= box.y1
    grown = (box.x1 - box.x0) * (box.y1 - box.y0)
    assert grown < 2 * (tight.x1 - tight.x0) * (tight.y1 - tight.y0)

import subprocess
import sys

import breastwidget as bw

PUBLIC = {
    "STRATEGIES", "BoxPrompt", "BreastWidgetError", "Extent", "Lesion", "MaskPrompt", "Plane",
    "PointPrompt", "Segmentation", "Segmenter", "SliceStack", "TumorSegmenter", "Volume",
    "__version__", "load", "load_reference", "make_phantom", "replay", "score", "segment",
}  # fmt: skip


def test_the_public_names_are_these_and_all_load():
    assert set(bw.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(bw, name) is not None


def test_importing_loads_neither_torch_nor_vtk():
    code = (
        "import sys, breastwidget as bw; bw.BoxPrompt, bw.load; "
        "print([m for m in ('torch', 'vtkmodules', 'pyvista', 'pandas', 'ipywidgets') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

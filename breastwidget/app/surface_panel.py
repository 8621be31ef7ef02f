"""The surface panel: the tumour in 3-D beside its volume and longest diameter."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from breastwidget.app.model import AppModel, Run, Scene

__all__ = ["SurfacePanel"]


class SurfacePanel:
    """Shows the last run's surface as a scene that the browser turns by itself."""

    def __init__(self, model: AppModel, height_px: int = 300) -> None:
        self._model = model
        self._height_px = height_px
        self.measures = widgets.HTML()
        self.scene = widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))
        self.widget = widgets.VBox([self.measures, self.scene])
        self.widget.add_class("bw-surface")
        model.observe(lambda _change: self.render_measures(), ["runs"])
        model.observe(lambda _change: self.render_scene(), ["scene"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        self.render_measures()
        self.render_scene()

    def render_measures(self) -> None:
        """Volume and longest diameter of the last run."""
        runs = self._model.runs
        self.measures.value = _measures(runs[-1]) if runs else ""

    def render_scene(self) -> None:
        """Send the scene; the page is a megabyte, so only when it is another one."""
        self.scene.value = _frame(self._model.scene, self._height_px)


def _measures(run: Run) -> str:
    result = run.segmentation
    return (
        '<p class="bw-measures"><span>Volume <b class="bw-volume">'
        f"{result.volume_ml:.2f} mL</b></span><span>Longest diameter <b>"
        f"{result.longest_diameter_mm:.1f} mm</b></span></p>"
    )


def _frame(scene: Scene, height_px: int) -> str:
    if scene.html:
        return (
            f'<iframe class="bw-scene" title="The tumour\'s surface; drag to turn it" '
            f'style="height: {height_px}px" sandbox="allow-scripts" '
            f'srcdoc="{escape(scene.html)}"></iframe>'
        )
    picture = f'<img class="bw-scene" src="{escape(scene.picture)}">' if scene.picture else ""
    note = scene.note or "The tumour's surface appears here after Propagate."
    return f'{picture}<p class="bw-placeholder" style="height: {height_px}px">{escape(note)}</p>'

"""Export: what, where to, and links to what was written."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets

from breastwidget.app.controls import button, html, row
from breastwidget.app.downloads import LARGEST_LINK_BYTES, data_link
from breastwidget.app.export_kinds import EXPORT_KINDS
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel

__all__ = ["ExportPanel", "links_html"]

_AT_FIRST = ("nifti", "stl", "csv", "session")


class ExportPanel:
    """Which kinds are ticked and the folder's name are this panel's own until Export is pressed."""

    def __init__(
        self, model: AppModel, intents: Intents, folder: str = "breastwidget-export"
    ) -> None:
        self._model = model
        self._intents = intents
        self.kinds = {
            kind: widgets.Checkbox(
                value=kind in _AT_FIRST,
                description=label,
                indent=False,
                layout=widgets.Layout(width="auto", margin="0"),
            )
            for kind, label in EXPORT_KINDS.items()
        }
        grid = widgets.Box(list(self.kinds.values()))
        grid.add_class("bw-kinds")
        self.folder = widgets.Text(
            folder,
            description="Folder",
            # Sent when left: what the kernel says back to each key undoes what is typed meanwhile.
            continuous_update=False,
            tooltip="Where the files go, beside the notebook unless it starts with /",
            layout=widgets.Layout(width="340px", margin="0"),
            style={"description_width": "48px"},
        )
        self.export = button(
            "Export", "Write the ticked files", self._export, icon="download", style="primary"
        )
        self.links = html(name="bw-links")
        self.widget = widgets.VBox([grid, row(self.folder, self.export), self.links])
        self.widget.add_class("bw-export")
        model.observe(lambda _change: self.render(), ["exported"])
        model.observe(lambda _change: self.render_results(), ["document", "progress"])
        self.render()
        self.render_results()

    def render(self) -> None:
        """Links to what was written last."""
        self.links.value = links_html(self._model.exported)

    def render_results(self) -> None:
        """There is something to export once there is a result."""
        results = any(lesion.runs for lesion in self._model.document.lesions)
        self.export.disabled = self._model.progress.running or not results

    def _export(self) -> None:
        chosen = [kind for kind, box in self.kinds.items() if box.value]
        self._intents.export(chosen, self.folder.value.strip())


def links_html(paths: Sequence[Path]) -> str:
    """A download link for each file that is small enough, the path for the others."""
    if not paths:
        return ""
    items = "".join(f"<li>{_link(Path(path))}</li>" for path in paths)
    return f"<ul>{items}</ul>"


def _link(path: Path) -> str:
    try:
        size = path.stat().st_size
        if not path.is_file() or size > LARGEST_LINK_BYTES:
            return f"<code>{escape(str(path))}</code> ({size / 1e6:.1f} MB)"
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        link = data_link(path.read_bytes(), path.name, path.name, kind)
    except OSError:  # Moved or deleted since.
        return f"<code>{escape(str(path))}</code>"
    return f"{link} <small>{size / 1000:.0f} kB</small>"

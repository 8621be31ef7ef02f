"""A mask file as a prompt: a path on the kernel's machine, or an upload from the browser's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from breastwidget.app.controls import button, row, show_only
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel

__all__ = ["MaskFilePanel"]


class MaskFilePanel:
    """`toggle` shows and hides `widget`: a path with its button, and Upload.

    What is typed is this panel's own until it is used.
    """

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        self._intents = intents
        self.toggle = widgets.ToggleButton(
            description="Mask file",
            tooltip="Prompt with a mask file: with the slice shown, or with its largest one",
            icon="file-image-o",
        )
        self.path = widgets.Text(
            placeholder="Path of a .nii.gz or .nrrd file",
            tooltip="Path of a mask file (NIfTI or NRRD) on the kernel's machine; Enter uses it",
            layout=widgets.Layout(flex="1 1 120px", width="auto", min_width="80px", margin="0"),
        )
        self.use = button("Use", "Prompt with the file at this path", self._use)
        self.upload = widgets.FileUpload(
            accept=".nii,.gz,.nrrd",
            description="Upload",
            tooltip="Choose a mask file on this computer (up to 10 MB) and prompt with it",
        )
        self.upload.add_class("bw-upload")
        self.widget = row(self.path, self.use, self.upload, name="bw-mask-file")
        show_only(self.widget, False)
        self.toggle.observe(lambda change: show_only(self.widget, change.new), "value")
        self.path.on_msg(self._typed)
        self.upload.observe(lambda change: self._uploaded(change.new), "value")
        model.observe(lambda _change: self.render(), ["progress"])
        self.render()

    def render(self) -> None:
        """Prompts are refused while a propagation runs."""
        self.use.disabled = self.upload.disabled = self._model.progress.running

    def _typed(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        """Enter in the field."""
        if message.get("event") == "submit" and not self.use.disabled:
            self._use()

    def _use(self) -> None:
        self._intents.use_mask(self.path.value)

    def _uploaded(self, files: tuple[Mapping[str, Any], ...]) -> None:
        if not files:
            return
        self.upload.value = ()  # the same file can be chosen again
        self._intents.upload_mask(str(files[0]["name"]), bytes(files[0]["content"]))

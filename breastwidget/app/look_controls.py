"""How masks, reference and crosshair are drawn."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from breastwidget.app.intents import Intents
from breastwidget.app.model import LOOKS, AppModel
from breastwidget.app.vectors import AGREEMENT_COLOURS
from breastwidget.app.viewer_parts import check, toggles, tool_row
from breastwidget.display import REFERENCE_COLOUR

__all__ = ["LookControls"]


class LookControls:
    """How masks, reference and crosshair are drawn, and whether a propagation is followed."""

    def __init__(self, model: AppModel, intents: Intents) -> None:
        self._model = model
        known = model.reference is not None
        tips = ("Outlines", "Filled areas", "Overlap, misses and false alarms (reference known)")
        styles = [(name.capitalize(), name, tip) for name, tip in zip(LOOKS, tips, strict=True)]
        self.style = toggles(styles if known else styles[:2], self._style(), "Masks as (l)")
        self.opacity = widgets.IntSlider(
            min=0,
            max=100,
            description="Opacity",
            readout=False,
            style={"description_width": "56px"},
            layout=widgets.Layout(width="auto", margin="0"),
        )
        self.reference = check("Reference", "Show the reference's outline, dashed")
        self.crosshair = check("Crosshair", "Show the crosshair (x)")
        self.follow = check("Follow", "Show each slice as a propagation does it")
        checks = [self.reference] if known else []
        shown = tool_row(*checks, self.crosshair, self.follow)
        self.legend = widgets.HTML()
        self.widget = widgets.VBox([tool_row(self.style, self.opacity), shown, self.legend])
        self.widget.add_class("bw-look")
        self._connect(intents)
        model.observe(lambda _change: self.render(), ["look", "reference", "follow"])
        self.render()

    def render(self) -> None:
        """Show the model as it is now."""
        look = self._model.look
        self.style.value = self._style()
        self.opacity.value = round(100 * look.opacity)
        self.opacity.disabled = self._style() == "contour"
        self.reference.value = look.reference
        self.crosshair.value = look.crosshair
        self.follow.value = self._model.follow
        self.legend.value = _legend(self._style(), look.reference and self._known)

    @property
    def _known(self) -> bool:
        return self._model.reference is not None

    def _style(self) -> str:
        """Agreement with nothing is drawn as contours."""
        style = self._model.look.style
        return style if self._known or style != "agreement" else "contour"

    def _connect(self, intents: Intents) -> None:
        def observe(control: Any, name: str) -> None:
            def changed(change: Any) -> None:
                shown = self._style() if name == "style" else getattr(self._model.look, name)
                if change.new != shown:
                    intents.set_look(**{name: change.new})

            control.observe(changed, "value")

        observe(self.style, "style")
        observe(self.reference, "reference")
        observe(self.crosshair, "crosshair")

        def followed(change: Any) -> None:
            if change.new != self._model.follow:
                intents.set_follow(change.new)

        def faded(change: Any) -> None:
            if change.new != round(100 * self._model.look.opacity):
                intents.set_look(opacity=change.new / 100)

        self.follow.observe(followed, "value")
        self.opacity.observe(faded, "value")


def _legend(style: str, reference: bool) -> str:
    if style == "agreement":
        patches = [
            f'<span><i class="bw-patch" style="background:{colour}"></i>{name}</span>'
            for name, colour in AGREEMENT_COLOURS.items()
        ]
        return f'<div class="bw-legend">{"".join(patches)}</div>'
    if not reference:
        return ""
    line = f'<i style="border-top: 3px dashed {REFERENCE_COLOUR}"></i>'
    return f'<div class="bw-legend"><span>{line}reference</span></div>'

"""`TumorSegmenter` in a real JupyterLab: themes, and narrow windows."""

from __future__ import annotations

import re

import pytest
from app_page import AppPage
from conftest import OpenApp
from playwright.sync_api import Locator, expect


def luminance(of: Locator, name: str) -> float:
    """Of a computed colour "rgb(r, g, b)": 0 is black, 1 is white."""
    colour = of.evaluate("(each, name) => getComputedStyle(each)[name]", name)
    red, green, blue = (float(part) for part in colour.partition("(")[2].strip(")").split(",")[:3])
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def propagated(app: AppPage) -> AppPage:
    app.prompt(app.truth.boxes[0])
    app.press("Propagate")
    app.expect_status("^Done")
    return app


def test_the_dark_theme_at_1024_pixels(open_app: OpenApp) -> None:
    app = propagated(open_app())
    app.page.set_viewport_size({"width": 1024, "height": 900})
    app.app.get_by_title("Theme: light, dark, or as the notebook is").select_option("Theme: dark")
    expect(app.app).to_have_class(re.compile(r"\bbw-dark\b"))
    assert luminance(app.app, "backgroundColor") < 0.15
    for part in (
        ".bw-status",
        ".bw-heading",
        ".bw-facts",
        ".bw-dice td",
        ".widget-label",
        "select",
    ):
        assert luminance(app.app.locator(part).first, "color") > 0.6, part
    for title in ("Export", "Code", "Keys and mouse"):
        app.press(title, ".bw-drawers")
    assert app.too_wide() == []
    app.screenshot("dark-1024")
    app.page.set_viewport_size({"width": 1400, "height": 900})
    assert app.too_wide() == []


def test_the_app_follows_jupyterlabs_theme(open_app: OpenApp) -> None:
    app = open_app()
    assert luminance(app.app, "color") < 0.4
    change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
    try:
        app.page.evaluate(change, "JupyterLab Dark")
        expect(app.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        app.wait_until(lambda: luminance(app.app, "color") > 0.6)
        assert luminance(app.app.locator(".bw-status"), "color") > 0.6
        assert luminance(app.app.locator(".bw-heading").first, "color") > 0.5
    finally:
        app.page.evaluate(change, "JupyterLab Light")
        expect(app.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
    app.wait_until(lambda: luminance(app.app, "color") == pytest.approx(0.15, abs=0.25))

"""`TumorSegmenter` in a real JupyterLab: files out and in again, and a kernel that dies."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import signal
from pathlib import Path

from app_page import AppPage, app_source, truth_of
from conftest import OpenApp
from jupyter_harness import Lab, open_and_run, run_instead, wait_until_idle
from playwright.sync_api import Page, expect

CHECKSUM = "__import__('zlib').crc32(app.segmentation.mask.tobytes())"


def test_what_is_exported_can_be_read_back(open_app: OpenApp, lab: Lab) -> None:
    app = open_app()
    app.prompt(app.truth.boxes[0])
    app.press("Propagate")
    app.expect_status("^Done")
    app.press("Export", ".bw-drawers")
    panel = app.page.locator(".bw-export")
    panel.get_by_label("Mask, NRRD").check()
    panel.get_by_label("Folder").fill("written")
    app.press("Export", ".bw-export")
    app.expect_status("^Wrote 5 files to written")
    folder = lab.folder / "written"
    names = ["mask.nii.gz", "mask.nrrd", "results.csv", "session.json", "surface.stl"]
    assert sorted(path.name for path in folder.iterdir()) == names
    equal = (
        "bool((bw.load_reference('written/{}', app.model.volume) == app.segmentation.mask).all())"
    )
    assert app.ask(equal.format("mask.nii.gz"))
    assert app.ask(equal.format("mask.nrrd"))
    assert app.ask("int(app.segmentation.mask.sum())") > 0
    links = panel.locator("a.bw-download")
    expect(links).to_have_count(5)
    for link in links.all():
        content = base64.b64decode((link.get_attribute("href") or "").partition("base64,")[2])
        assert content == (folder / (link.get_attribute("download") or "")).read_bytes()
    app.press("Code", ".bw-drawers")
    app.press("Show code")
    expect(app.page.locator(".bw-code textarea")).to_have_value(re.compile("import breastwidget"))


def test_what_was_drawn_comes_back_after_the_kernel_died(page: Page, lab: Lab) -> None:
    source = app_source(autosave="saved")
    lab.write_notebook("restored.ipynb", source)
    open_and_run(page, lab, "restored.ipynb")
    app = AppPage(page, truth_of()).wait()
    app.prompt(app.truth.boxes[0])
    app.press("Propagate")
    app.expect_status("^Done")
    app.wait_until(lambda: saved_results(lab.folder / "saved") == 1)
    before, drawn, process = (
        app.ask(CHECKSUM),
        app.kernel_box(),
        app.ask("__import__('os').getpid()"),
    )
    os.kill(process, signal.SIGKILL)
    page.locator(".jp-Dialog").wait_for(timeout=90_000)  # Jupyter says that the kernel died
    page.keyboard.press("Escape")
    wait_until_idle(page)
    run_instead(page, source)
    app.wait()
    assert app.ask("__import__('os').getpid()") != process
    assert app.ask("app.segmentation") is None
    app.expect_status("^Saved for this scan: 1 lesion with 1 result")
    app.press("Restore")
    expect(app.results()).to_have_count(1)
    assert app.ask(CHECKSUM) == before
    assert app.kernel_box() == drawn
    app.wheel_to(app.truth.boxes[0].slice)
    app.expect_mask()
    expect(app.button("Restore")).to_be_hidden()


def saved_results(folder: Path) -> int:
    """How many results of its one lesion the autosaved file in `folder` holds."""
    for file in folder.glob("*.json.gz"):
        (lesion,) = json.loads(gzip.decompress(file.read_bytes()))["document"]["lesions"]
        return len(lesion["runs"])
    return 0

"""`TumorSegmenter` in a real JupyterLab: what a slice costs, masks, suggestions, keys alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_page import PATIENCE_MS, AppPage, Truth, truth_of
from conftest import OpenApp
from jupyter_harness import Lab, open_and_run
from playwright.sync_api import Page, WebSocket, expect

from breastwidget.phantom import make_phantom
from breastwidget.prompts import box_from_reference, loosen
from breastwidget.readers import write_mask

TRUTH = truth_of()
(BOX,) = TRUTH.boxes
SLICES, ROWS, COLUMNS = TRUTH.shape
MOST_BYTES = 60_000  # of a slice change at 512 x 512, with everything
LARGEST: dict[str, Any] = {"shape": (512, 512, 12), "spacing_mm": (0.35, 0.35, 10.0)}

_WIDE = """\
import breastwidget as bw
from breastwidget.engines.base import FakeEngine
phantom = bw.make_phantom(**{size})
app = bw.TumorSegmenter(
    phantom.subtraction(1), reference=phantom.reference, engine=FakeEngine(), autosave=False
)
app
"""
# What is drawn on the slice's plane in the live scene, a value per pixel.
_PLANE = """() => {
  const renderers = window.global.renderWindow.getRenderers();
  const actor = renderers.find((each) => each.getActors().length).getActors().at(-1);
  const colours = actor.getTextures()[0].getInputData().getPointData().getScalars().getData();
  return [...colours].filter((_value, at) => at % 3 === 0);
}"""
_VIEW = """() => {
  const renderers = window.global.renderWindow.getRenderers();
  const renderer = renderers.find((each) => each.getActors().length);
  return renderer.getActiveCamera().getDirectionOfProjection();
}"""
_EXPECTED = """(lambda model, patch: patch.picture(
    model.stack, model.slice_index, model.window.lo, model.window.hi
).tobytes().hex())(app.model, app.model.scene.patch)"""
_FOCUSED = """() => {
  const at = document.activeElement;
  const { outlineStyle, boxShadow } = getComputedStyle(at);
  const labels = [...(at.labels ?? [])].map((each) => each.textContent).join(" ");
  return {
    inside: Boolean(at.closest(".bw-app")),
    frame: at.tagName === "IFRAME",
    seen: outlineStyle !== "none" || boxShadow.includes("inset"),
    name: at.getAttribute("aria-label") || at.textContent.trim() || labels || at.title,
  };
}"""


def wide_truth() -> Truth:
    phantom = make_phantom(**LARGEST)
    stack = phantom.subtraction(1).stack()
    seen = stack.from_voxels(phantom.reference)
    largest = int(seen.sum(axis=(1, 2)).argmax())
    box = loosen(box_from_reference(seen, largest), 0.15, stack.shape[1:])
    return Truth(stack.shape, (box,))


@pytest.fixture
def received(page: Page) -> list[int]:
    """The bytes of each message that came from a kernel; filled while the test runs."""
    sizes: list[int] = []

    def listen(socket: WebSocket) -> None:
        if "/channels" in socket.url:
            socket.on("framereceived", lambda payload: sizes.append(len(payload)))

    page.on("websocket", listen)
    return sizes


def test_a_slice_change_is_small_and_the_scene_follows_without_pixels(
    page: Page, lab: Lab, received: list[int], console_errors: list[str]
) -> None:
    """Outlines, strip, crosshairs, and the live scene's plane, which the page cuts out itself."""
    lab.write_notebook("wide.ipynb", _WIDE.format(size=LARGEST))
    open_and_run(page, lab, "wide.ipynb")
    app = AppPage(page, wide_truth()).wait()
    app.prompt(app.truth.boxes[0])
    app.press("Propagate")
    app.expect_status("^Done")
    app.expect_slice(app.truth.boxes[0].slice)
    scene = page.frame_locator("iframe.bw-scene:not(.bw-coming)")
    scene.locator("canvas").wait_for(timeout=PATIENCE_MS)
    frame = scene.locator("body")
    first = app.slice
    app.page.mouse.move(*app.at(256, 256))
    for index in (first + 1, first, first - 1):
        before = sum(received)
        app.page.mouse.wheel(0, 120 * (index - app.slice))
        app.expect_slice(index)

        def plane_follows() -> bool:
            shown = np.array(frame.evaluate(_PLANE))
            expected = np.frombuffer(bytes.fromhex(app.ask(_EXPECTED)), dtype=np.uint8)
            return bool(np.corrcoef(shown, expected)[0, 1] > 0.9)

        at_rest = sum(received)
        app.wait_until(plane_follows)
        assert 20_000 < at_rest - before <= MOST_BYTES
    assert console_errors == []


def test_a_still_scene_shows_the_slice_that_is_looked_at(open_app: OpenApp) -> None:
    app = open_app()
    app.prompt(BOX)
    app.page.get_by_title("How the scene is shown; automatic asks the environment").select_option(
        "Still"
    )
    app.press("Propagate")
    app.expect_status("^Done")
    app.expect_slice(BOX.slice)
    picture = app.app.locator("img.bw-scene")
    picture.wait_for(timeout=PATIENCE_MS)
    before = picture.get_attribute("src") or ""
    app.wheel_to(BOX.slice + 3)
    expect(picture).not_to_have_attribute("src", before, timeout=PATIENCE_MS)


def test_a_mask_file_by_path_and_by_upload(open_app: OpenApp, lab: Lab, tmp_path: Path) -> None:
    app = open_app()
    stack = make_phantom(shape=(96, 64, 40), spacing_mm=(1.8, 2.8, 3.0)).phases[0].stack()
    drawn = np.zeros(stack.shape, dtype=bool)
    drawn[7, 20:30, 20:30] = True
    drawn[9, 20:40, 20:40] = True
    write_mask(lab.folder / "mask.nii.gz", stack.to_voxels(drawn), stack.volume)
    write_mask(tmp_path / "elsewhere.nrrd", stack.to_voxels(drawn), stack.volume)
    (tmp_path / "notes.nrrd").write_text("no mask")
    app.press("Mask file")
    path = app.app.get_by_placeholder("Path of a .nii.gz or .nrrd file")
    path.fill("nowhere.nii.gz")
    path.press("Enter")
    app.expect_status("nowhere.nii.gz: there is no such file")
    assert app.ask("app.model.document.lesions") == ()
    path.fill("mask.nii.gz")
    app.press("Use", ".bw-mask-file")
    app.expect_slice(9)  # the one shown has nothing
    app.expect_mask()
    used = "[int(each.mask.sum()) for each in app.model.document.current.prompts]"
    assert app.ask(used) == [400]
    app.wheel_to(7)
    for name, status in (
        ("notes.nrrd", "^! notes.nrrd|notes.nrrd"),
        ("elsewhere.nrrd", "slice 7|Slice 7"),
    ):
        with app.page.expect_file_chooser() as chooser:
            app.press("Upload…", ".bw-mask-file")
        chooser.value.set_files(tmp_path / name)
        app.expect_status(status)
    app.expect_mask()
    assert app.ask(used) == [400, 100]


def test_suggestions_are_accepted_in_the_picture(open_app: OpenApp) -> None:
    app = open_app()
    app.keys("s")
    app.expect_status("suggestions: accept or dismiss")
    listed = app.app.locator(".bw-suggestion")
    count = app.ask("len(app.model.document.suggestions)")
    expect(listed).to_have_count(count)
    app.keys("s")  # to the first one
    first = app.ask("app.model.document.suggestions[0].box.slice")
    app.expect_slice(first)
    corners = (
        "(lambda b: ((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2))(app.model.document.suggestions[0].box)"
    )
    app.page.mouse.move(*app.at(*app.ask(corners)))
    expect(app.hand).to_have_attribute("data-grip", "offer")
    app.page.mouse.down()
    app.page.mouse.up()
    expect(listed).to_have_count(count - 1)
    app.expect_mask()
    app.keys("s")
    app.wait_until(lambda: app.slice == app.ask("app.model.document.suggestions[0].box.slice"))
    app.keys("a")
    expect(listed).to_have_count(count - 2)
    expect(app.app.locator(".bw-lesion")).to_have_count(2)


def test_a_box_without_area_says_how_to_draw_one(open_app: OpenApp) -> None:
    app = open_app()
    app.prompt(BOX)
    drawn = app.kernel_box()
    app.drag((5, 40), (30, 40))  # beside the box, level
    app.expect_status("^The box has no area: press where one corner shall be")
    assert app.kernel_box() == drawn
    assert app.drawn_box() == pytest.approx(drawn, abs=0.01)
    app.expect_mask()


def test_another_plane_leaves_the_extent_automatic(open_app: OpenApp) -> None:
    """The page used to send back a clamped range."""
    app = open_app()
    for plane in ("Axial", "Coronal", "Sagittal", "Axial", "Sagittal"):
        app.press(plane)
        expect(app.hand.locator(".bw-title")).to_have_text(re.compile(f"^{plane.lower()} "))
    before = app.slice
    app.keys("ArrowDown")  # whatever the page sent has arrived
    app.expect_slice(before + 1)
    assert app.ask("app.model.document.extent.source") == "automatic"
    assert app.ask("app.model.history.undo_label") == ""


class Keyboard:
    """Somebody without a mouse, who has to see where the focus is."""

    def __init__(self, app: AppPage) -> None:
        self.app = app
        self.page = app.page

    def focused(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(_FOCUSED)
        return found

    def tab_to(self, name: str, back: bool = False) -> None:
        """Press Tab until what has the focus is called so; every stop in the app is seen."""
        stops: list[str] = []
        for _ in range(120):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            at = self.focused()
            if at["frame"]:  # it says itself that it has the focus
                expect(self.page.locator("iframe.bw-focused")).to_have_count(1)
                at = self.focused()
            stops.append(at["name"])
            if at["inside"]:
                assert at["name"], f"a stop without a name, after {stops}"
                assert at["seen"], f"the focus on {at['name']!r} is not to be seen"
                if re.search(name, at["name"]):
                    return
        raise AssertionError(f"no way to {name!r}; there are {stops}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def keyboard(open_app: OpenApp) -> Keyboard:
    app = open_app()
    app.page.keyboard.press("Escape")  # to the notebook's cell, as after running it
    return Keyboard(app)


def test_all_of_it_by_keyboard_alone(keyboard: Keyboard, lab: Lab) -> None:
    app = keyboard.app
    keyboard.tab_to("^sagittal slice")
    keyboard.press(
        *["ArrowDown" if app.slice < BOX.slice else "ArrowUp"] * abs(BOX.slice - app.slice)
    )
    app.expect_slice(BOX.slice)
    # The crosshair from the middle to the lesion, a box about it, and its corners.
    left, up = round(COLUMNS / 2 - 28), round(ROWS / 2 - 32)
    keyboard.press(*["Shift+ArrowLeft"] * left, *["Shift+ArrowUp"] * up)
    keyboard.press("k", *["ArrowRight"] * 5, "ArrowDown", "ArrowDown", "k", *["ArrowLeft"] * 4)
    keyboard.press("Enter")
    app.expect_mask()
    keyboard.tab_to("Propagate$")
    keyboard.press("Space")
    app.expect_status("^Done: center-outward, ")
    expect(app.results()).to_have_count(1)
    # A correction on another slice.
    keyboard.tab_to("^sagittal slice", back=True)
    keyboard.press("ArrowDown")
    app.expect_slice(BOX.slice + 1)
    keyboard.press("e", "Space")
    app.expect_status(f"^Slice {BOX.slice + 1} is corrected")
    keyboard.tab_to(f"Re-propagate from slice {BOX.slice + 1}$")
    keyboard.press("Enter")
    app.expect_status(f"^Done: center-outward from slice {BOX.slice + 1}")
    expect(app.results()).to_have_count(2)
    # Another strategy, for doubts.
    keyboard.tab_to("^Bottom to top", back=True)
    keyboard.press("Space")
    keyboard.tab_to("Propagate$")
    keyboard.press("Space")
    app.expect_status("^Done: bottom-to-top")
    keyboard.tab_to("^sagittal slice", back=True)
    keyboard.press("d")
    app.expect_status("doubtful")
    # The scene turns.
    keyboard.tab_to("^The lesions' surfaces")
    scene = app.page.frame_locator("iframe.bw-scene:not(.bw-coming)").locator("body")
    before = scene.evaluate(_VIEW)
    keyboard.press("ArrowRight")
    app.wait_until(lambda: bool(scene.evaluate(_VIEW) != before))
    # Out with it.
    keyboard.tab_to("Export$")
    keyboard.press("Space")
    keyboard.tab_to("^Folder")
    keyboard.press("Control+a")
    keyboard.page.keyboard.type("by-keys")
    keyboard.tab_to("Export$")
    keyboard.press("Enter")
    app.expect_status("^Wrote 4 files to by-keys")
    assert (lab.folder / "by-keys" / "mask.nii.gz").stat().st_size > 0
    # And back.
    keyboard.tab_to("^Undo", back=True)
    keyboard.press("Space")
    expect(app.results()).to_have_count(2)
    keyboard.tab_to("^sagittal slice")
    keyboard.press("Control+z", "Control+z", "Control+z", "Control+z")
    expect(app.results()).to_have_count(0)

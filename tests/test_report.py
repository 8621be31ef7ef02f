"""The report: one page that holds everything, with drawings in the right places."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from breastwidget.errors import OutputError
from breastwidget.metrics import CONVENTIONS, score_masks, score_table
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt
from breastwidget.report import Report, ReportResult, render_report, write_report
from breastwidget.report_charts import Series, chart
from breastwidget.report_pictures import Outline, Region, find_region, slice_picture
from breastwidget.volume import SliceStack, Volume


@pytest.fixture
def stack() -> SliceStack:
    """12 axial slices of 40 x 50 pixels of 1 x 0.5 mm, with a bright block on slices 4 to 7."""
    data = np.zeros((50, 40, 12), dtype=np.int16)
    volume = Volume(data, np.diag([-0.5, -1.0, 3.0, 1.0]), "case <1>")
    seen = volume.stack("axial")
    seen.pixels[4:8, 10:20, 20:32] = 100
    return seen


@pytest.fixture
def mask(stack: SliceStack) -> np.ndarray:
    return stack.pixels > 50


@pytest.fixture
def box() -> BoxPrompt:
    return BoxPrompt(5, 20, 10, 32, 20)


@pytest.fixture
def report(stack: SliceStack, mask: np.ndarray, box: BoxPrompt) -> Report:
    shifted = np.roll(mask, 1, axis=2)
    scores = score_masks(mask, shifted, stack.spacing_mm, stack.volume.voxel_volume_ml)
    return Report(
        title="A title & more",
        stack=stack,
        prompts=(box,),
        results={"center-outward": ReportResult(mask, {4: 0.8, 5: 0.9, 6: 0.7}, 1.25)},
        reference=shifted,
        table=score_table({"center-outward": scores}),
        surface_html="<html><head></head><body>a 'scene' & \"quotes\"</body></html>",
        facts={"Engine": "nano"},
        provenance={"format": "session 1", "prompts": [1, 2]},
    )


def svgs(page: str, kind: str) -> list[ET.Element]:
    return [ET.fromstring(text) for text in re.findall(rf'<svg class="{kind}".*?</svg>', page)]


class TestPage:
    def test_says_what_it_is_for(self, report: Report) -> None:
        assert "Research and teaching, not for diagnosis" in render_report(report)

    def test_names_what_it_shows_and_escapes_it(self, report: Report) -> None:
        page = render_report(report)
        assert "A title &amp; more" in page
        assert "case &lt;1&gt;" in page
        assert "12 × 40 × 50" in page
        assert "3 × 1 × 0.5 mm" in page
        assert "nano" in page

    def test_scores_stand_over_their_conventions(self, report: Report) -> None:
        page = render_report(report)
        # Ten of eleven columns are shared each way: Dice 2 * 11 / 24.
        assert f"<td>{22 / 24:.3f}</td>" in page
        assert CONVENTIONS.replace("'", "&#39;") in page
        assert "<td>1.2</td>" in page  # seconds
        assert "<td>4</td>" in page  # slices

    def test_fetches_nothing(self, report: Report) -> None:
        page = render_report(report)
        assert re.search(r'(src|href)="(?!data:)', page) is None
        assert "url(" not in page
        assert "@import" not in page

    def test_the_scene_is_shut_in_its_frame(self, report: Report) -> None:
        page = render_report(report)
        assert 'sandbox="allow-scripts"' in page
        assert "a &#39;scene&#39; &amp; &#34;quotes&#34;" in page

    def test_every_slice_with_a_mask_or_prompt_is_there(self, report: Report) -> None:
        labels = [svg.get("aria-label") for svg in svgs(render_report(report), "slice")]
        assert labels == ["slice 5", "slice 4", "slice 5", "slice 6", "slice 7"]  # overview first

    def test_provenance_is_json(self, report: Report) -> None:
        assert "&#34;format&#34;: &#34;session 1&#34;" in render_report(report)

    def test_without_reference_table_surface_or_prompt(
        self, stack: SliceStack, mask: np.ndarray
    ) -> None:
        page = render_report(Report("t", stack, (), {"a": ReportResult(mask)}))
        assert "There is no surface" in page
        assert CONVENTIONS[:30] not in page
        assert "Volume (mL)" in page
        # 4 slices x 10 x 12 pixels of 1.5 mm3.
        assert "<td>0.72</td>" in page
        assert "reference" not in page.split("</style>")[1]

    def test_with_nothing_found(self, stack: SliceStack, box: BoxPrompt) -> None:
        nothing = ReportResult(np.zeros(stack.shape, dtype=bool), {5: 0.1})
        page = render_report(Report("t", stack, (box,), {"a": nothing}))
        assert [svg.get("aria-label") for svg in svgs(page, "slice")] == ["slice 5", "slice 5"]

    def test_many_slices_are_thinned_and_it_says_so(self) -> None:
        volume = Volume(np.zeros((8, 8, 90), dtype=np.int16), np.eye(4), slice_axis=2)
        seen = volume.stack()
        filled = ReportResult(np.ones(seen.shape, dtype=bool))
        page = render_report(Report("t", seen, (BoxPrompt(47, 1, 1, 4, 4),), {"a": filled}))
        shown = [svg.get("aria-label") for svg in svgs(page, "slice")][1:]
        assert 30 <= len(shown) <= 40
        assert {"slice 0", "slice 47", "slice 89"} <= set(shown)
        assert f"{90 - len(shown)} further slices" in page


class TestFile:
    def test_is_written_whole(self, report: Report, tmp_path: Path) -> None:
        path = write_report(tmp_path / "report.html", report)
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
        assert list(tmp_path.iterdir()) == [path]

    def test_a_missing_folder_is_said(self, report: Report, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="could not be written"):
            write_report(tmp_path / "there" / "report.html", report)


class TestPictures:
    def test_region_holds_masks_and_prompts_with_a_margin(self, mask: np.ndarray) -> None:
        shape, spacing = mask.shape, (3.0, 1.0, 0.5)
        assert find_region([mask], (), shape, spacing, margin_mm=2) == Region(8, 22, 16, 36)
        wide = (BoxPrompt(5, 2, 12, 8, 14), PointPrompt(5, 48, 15))
        assert find_region([mask], wide, shape, spacing, margin_mm=2) == Region(8, 22, 0, 50)
        painted = np.zeros(shape[1:], dtype=bool)
        painted[30, 25] = True
        found = find_region([mask], (MaskPrompt(5, painted),), shape, spacing, margin_mm=0)
        assert found == Region(10, 31, 20, 32)

    def test_region_of_nothing_is_everything(self) -> None:
        nothing = np.zeros((3, 20, 30), dtype=bool)
        assert find_region([nothing], (), nothing.shape, (1.0, 1.0, 1.0)) == Region(0, 20, 0, 30)

    def test_slice_has_true_proportions_and_outlines_in_place(
        self, stack: SliceStack, mask: np.ndarray, box: BoxPrompt
    ) -> None:
        text = slice_picture(
            stack, 5, Region(5, 30, 10, 40), (0, 100), [Outline(mask, "#e69f00", "r0")], (box,)
        )
        svg = ET.fromstring(text)
        assert svg.get("viewBox") == "0 0 15.00 25.00"  # 30 columns of 0.5 mm, 25 rows of 1 mm
        (path,) = svg.iter("path")
        numbers = np.array(re.findall(r"[\d.]+", path.get("d", "")), dtype=float).reshape(-1, 2)
        assert numbers.min(axis=0).tolist() == [10, 5]
        assert numbers.max(axis=0).tolist() == [22, 15]
        (rectangle,) = svg.iter("rect")
        corner = [float(rectangle.get(name, "")) for name in ("x", "y", "width", "height")]
        assert corner == [10, 5, 12, 10]

    def test_a_prompt_shows_on_its_own_slice_only(self, stack: SliceStack, box: BoxPrompt) -> None:
        text = slice_picture(stack, 6, Region(0, 40, 0, 50), (0, 100), [], (box,))
        assert "<rect" not in text

    def test_points_and_painted_prompts(self, stack: SliceStack, mask: np.ndarray) -> None:
        prompts = (PointPrompt(5, 25, 15), PointPrompt(5, 2, 3, False), MaskPrompt(5, mask[5]))
        svg = ET.fromstring(slice_picture(stack, 5, Region(0, 40, 0, 50), (0, 100), [], prompts))
        yes, no = svg.iter("circle")
        assert (yes.get("cx"), yes.get("cy"), yes.get("stroke-dasharray")) == (
            "25.00",
            "15.00",
            None,
        )
        assert no.get("stroke-dasharray") is not None
        assert len(list(svg.iter("path"))) == 1


class TestCharts:
    def test_values_stand_where_they_belong(self) -> None:
        svg = ET.fromstring(chart([Series("a", "#000000", {10: 0.0, 20: 1.0})], [15], "x", top=1.0))
        low, high = svg.iter("circle")
        assert (low.get("cx"), low.get("cy")) == ("44.0", "140.0")
        assert (high.get("cx"), high.get("cy")) == ("408.0", "10.0")
        marks = [line for line in svg.iter("line") if line.get("class") == "mark"]
        assert [mark.get("x1") for mark in marks] == ["226.0"]

    def test_a_gap_breaks_the_line(self) -> None:
        values = {1: 0.5, 2: 0.5, 4: 0.5, 5: float("nan"), 6: 0.5}
        svg = ET.fromstring(chart([Series("a", "#000000", values)], [], "x"))
        (path,) = svg.iter("path")
        assert re.findall("[ML]", path.get("d", "")) == ["M", "L", "M", "M"]

    @pytest.mark.parametrize(
        ("largest", "top"), [(0.0, "1"), (7.0, "10"), (430.0, "500"), (2, "2")]
    )
    def test_the_axis_ends_at_a_round_number(self, largest: float, top: str) -> None:
        svg = ET.fromstring(chart([Series("a", "#000000", {0: largest, 1: 0.0})], [], "x"))
        assert [text.text for text in svg.iter("text")][2] == top

    def test_one_slice_and_none(self) -> None:
        ET.fromstring(chart([Series("a", "#000000", {3: 0.5})], [3], "x"))
        assert chart([], [], "x") == ""

    def test_names_are_escaped(self) -> None:
        svg = ET.fromstring(chart([Series("<a>", "#000000", {3: 0.5})], [], "x"))
        assert "<a>, slice 3: 0.5" in [title.text for title in svg.iter("title")]

"""The overlay as SVG and HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from breastwidget.app.document import Document, LesionState, Masks, Suggestion
from breastwidget.app.measuring import Measures
from breastwidget.app.model import AppModel, Live, Look
from breastwidget.app.overlay import Measure, nearest_prompt, resolve_overlay
from breastwidget.app.sections import Sections
from breastwidget.app.vectors import AGREEMENT_COLOURS, Drawing, measures_svg
from breastwidget.diameters import Bidirectional, Line
from breastwidget.display import contours
from breastwidget.prompts import BoxPrompt, MaskPrompt, PointPrompt
from breastwidget.strategies import Extent
from breastwidget.volume import Plane

BOX = BoxPrompt(6, 8, 3, 22, 12)
INSIDE, OUTSIDE = PointPrompt(6, 12.5, 7.5), PointPrompt(6, 30.5, 20.5, positive=False)
SHAPE = (24, 32)


def rectangle(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[rows, columns] = True
    return mask


def lesion(key: int = 1, **changes: Any) -> LesionState:
    masks = Masks().with_slice(6, rectangle(slice(5, 10), slice(12, 22)))
    made = LesionState(key, f"lesion {key}", "#e69f00", Plane.AXIAL, masks=masks)
    return replace(made, **changes)


def drawn(model: AppModel, plane: Plane = Plane.AXIAL, index: int = 6) -> str:
    return Drawing().html(resolve_overlay(model, plane, index, Sections()))


def show(model: AppModel, *lesions: LesionState, active: int | None = 1, **changes: Any) -> None:
    model.update(document=Document(lesions, active, **changes))


def classes(html: str) -> list[str]:
    return re.findall(r'class="(bw-[a-z -]+)"', html)


def test_an_overlay_has_the_pictures_shape(model: AppModel) -> None:
    """mm outside, columns and rows inside: 32 of 2 mm by 24 of 1 mm."""
    html = drawn(model, index=0)
    assert 'viewBox="0 0 64 24"' in html
    assert 'transform="scale(2 1)"' in html
    assert classes(html) == ["bw-overlay", "bw-labels"]


def test_masks_reference_prompts_of_this_slice_only(model: AppModel) -> None:
    show(model, lesion(prompts=(BOX, INSIDE, OUTSIDE)), lesion(2, prompts=(BOX,), colour="#009e73"))
    html = drawn(model)
    assert classes(html) == [
        "bw-overlay",
        "bw-line bw-prediction bw-active",
        "bw-line bw-prediction",
        "bw-line bw-reference",
        "bw-line bw-box",  # the other lesion's: the active one's is the hand's
        "bw-labels",
        "bw-point bw-positive",
        "bw-point bw-negative",
    ]
    assert 'x="8" y="3" width="14" height="9" stroke="#009e73"' in html
    # Column 12.5 of 32, row 7.5 of 24; told apart by sign.
    assert 'left:39.062%;top:31.250%;--bw-colour:#e69f00">+<' in html
    assert ">−<" in html
    assert classes(drawn(model, index=0)) == ["bw-overlay", "bw-labels"]


def test_no_attribute_is_given_twice(model: AppModel) -> None:
    """A browser keeps the first and drops the second, silently."""
    show(model, lesion(prompts=(BOX, INSIDE)), suggestions=(Suggestion(BOX, Extent(6, 6), 1, 1),))
    for style in ("contour", "fill", "agreement"):
        model.update(look=Look(style))
        for tag in re.findall("<[a-z]+ ([^>]*)>", drawn(model)):
            names = re.findall(r'([\w-]+)="', tag)
            assert len(names) == len(set(names)), tag


def outline(model: AppModel, mask: np.ndarray) -> list[list[tuple[float, float]]]:
    """The corners of each closed line that is drawn for `mask`."""
    model.update(look=Look(reference=False))
    show(model, lesion(masks=Masks().with_slice(6, mask)))
    found = re.search(r' d="([^"]*)"', drawn(model))
    assert found is not None
    lines = []
    for start, moves in re.findall(r"M([^l]*)l([^Z]*)Z", found.group(1)):
        x, y = map(float, start.split(","))
        corners = [(x, y)]
        for move in moves.split(" "):
            dx, dy = map(float, move.split(","))
            x, y = x + dx, y + dy
            corners.append((x, y))
        lines.append(corners)
    return lines


def test_an_outline_runs_along_the_masks_edge(model: AppModel) -> None:
    one = np.zeros(SHAPE, dtype=bool)
    one[5, 10] = True
    (corners,) = outline(model, one)
    assert len(corners) == 4
    assert set(corners) == {(10, 5.5), (11, 5.5), (10.5, 5), (10.5, 6)}


def test_an_outline_has_a_corner_only_where_it_turns(model: AppModel) -> None:
    (corners,) = outline(model, rectangle(slice(5, 10), slice(12, 22)))
    turns = {(x, y) for x in (12.5, 21.5) for y in (5, 10)} | {
        (x, y) for x in (12, 22) for y in (5.5, 9.5)
    }
    assert set(corners) >= turns
    assert len(corners) <= len(turns) + 2  # where it was begun it may be on a side


def test_an_outline_passes_every_point_of_the_contours(model: AppModel) -> None:
    """Many parts, some with holes."""
    mask = np.random.default_rng(0).random(SHAPE) > 0.6
    lines = outline(model, mask)
    expected = contours(mask)
    assert len(lines) == len(expected)
    for corners, points in zip(lines, expected, strict=True):
        assert set(corners) <= {tuple(point) for point in points.tolist()}
        ends = [*corners[1:], corners[0]]
        length = sum(np.hypot(c - a, d - b) for (a, b), (c, d) in zip(corners, ends, strict=True))
        assert length == pytest.approx(np.hypot(*np.diff(points, axis=0).T).sum())


def test_a_fill_covers_each_pixel_of_the_mask(model: AppModel) -> None:
    model.update(look=Look("fill", opacity=0.4))
    show(model, lesion())
    html = drawn(model)
    area = re.search('class="bw-area" d="([^"]*)" fill="#e69f00" fill-opacity="0.4"', html)
    assert area is not None
    assert area.group(1) == "".join(f"M12,{row}h10v1H12Z" for row in range(5, 10))


def test_agreement_misses_and_false_alarms(model: AppModel) -> None:
    """The reference covers columns 10 to 19, the mask 12 to 21."""
    model.update(look=Look("agreement", opacity=0.5))
    show(model, lesion())
    areas = {
        colour: path
        for path, colour in re.findall('class="bw-area" d="([^"]*)" fill="([^"]*)"', drawn(model))
    }
    assert areas == {
        AGREEMENT_COLOURS["agreement"]: "".join(f"M12,{row}h8v1H12Z" for row in range(5, 10)),
        AGREEMENT_COLOURS["missed"]: "".join(f"M10,{row}h2v1H10Z" for row in range(5, 10)),
        AGREEMENT_COLOURS["false alarm"]: "".join(f"M20,{row}h2v1H20Z" for row in range(5, 10)),
    }
    show(model, lesion(visible=False))
    assert [colour for _, colour in re.findall('d="([^"]*)" fill="([^"]*)"', drawn(model))] == [
        AGREEMENT_COLOURS["missed"]
    ]


def test_agreement_without_a_reference_is_drawn_as_contours(model: AppModel) -> None:
    model.update(look=Look("agreement"), reference=None)
    show(model, lesion())
    assert "bw-line bw-prediction bw-active" in classes(drawn(model))


def test_what_is_hidden_is_not_drawn(model: AppModel) -> None:
    model.update(look=Look(reference=False))
    show(model, lesion(visible=False, prompts=(INSIDE,)))
    assert classes(drawn(model)) == ["bw-overlay", "bw-labels"]


def test_other_planes_cut_the_mask_and_show_no_prompts(model: AppModel) -> None:
    show(model, lesion(prompts=(BOX, INSIDE)))
    coronal = resolve_overlay(model, Plane.CORONAL, 7, Sections())
    stack = model.stack_of(Plane.CORONAL)
    assert coronal.layers[0].mask.sum() == 10  # one row of slice 6, columns 12 to 21
    assert coronal.shape == stack.shape[1:]
    assert coronal.points == ()


def test_a_running_propagation_is_drawn_in_place_of_the_document(model: AppModel) -> None:
    show(model, lesion())
    found = rectangle(slice(0, 2), slice(0, 2))
    model.update(live=Live(1, Masks().with_slice(6, found)))
    assert resolve_overlay(model, Plane.AXIAL, 6, Sections()).layers[0].mask is found


def test_suggestions_carry_their_number_and_fade_elsewhere(model: AppModel) -> None:
    show(model, suggestions=(Suggestion(BOX, Extent(5, 7), 1.0, 0.5),), active=None)
    here, elsewhere = drawn(model), drawn(model, index=5)
    assert 'class="bw-line bw-proposal"' in here
    assert 'class="bw-number" style="left:25.000%;top:12.500%">1<' in here
    assert 'class="bw-line bw-proposal bw-elsewhere"' in elsewhere
    assert "bw-proposal" not in drawn(model, index=8)
    assert "bw-proposal" not in drawn(model, Plane.CORONAL, 6)


def test_diameters_are_drawn_on_their_slice_from_voxel_centres(model: AppModel) -> None:
    lines = Bidirectional(
        6, Line((6, 7, 11.5), (6, 7, 21.5), 20.0), Line((6, 4.5, 16), (6, 9.5, 16), 5)
    )
    run: Any = type("Run", (), {"measures": Measures(1.0, 1.0, 1, lines)})()
    show(model, lesion(runs=(run,), shown=0))
    html = drawn(model)
    assert 'd="M12,7.5L22,7.5"' in html
    assert ">20.0 mm<" in html
    assert "bw-measure" not in drawn(model, index=5)
    model.update(live=Live(1, Masks()))  # they belong to the run before
    assert "bw-measure" not in drawn(model)


def test_a_measure_is_two_lines_for_any_background() -> None:
    svg = measures_svg((Measure((1.0, 2.0), (3.5, 4.0), "x"),))
    assert svg.count('d="M1,2L3.5,4"') == 2


def test_text_from_outside_is_escaped(model: AppModel) -> None:
    show(model, lesion(colour='"><script>'))
    assert "<script>" not in drawn(model)


@pytest.mark.parametrize(
    ("at", "expected"),
    [((13.0, 8.0), INSIDE), ((20.0, 10.0), BOX), ((23.0, 5.0), BOX), ((2.0, 20.0), None)],
)
def test_the_nearest_prompt(at: tuple[float, float], expected: object) -> None:
    found = nearest_prompt(lesion(prompts=(BOX, INSIDE, OUTSIDE)), Plane.AXIAL, 6, at, 2.0)
    assert found is expected


def test_a_mask_prompt_is_found_where_it_is_painted() -> None:
    painted = MaskPrompt(6, rectangle(slice(5, 10), slice(12, 22)))
    prompted = lesion(prompts=(painted,))
    assert nearest_prompt(prompted, Plane.AXIAL, 6, (13.0, 6.0), 1.0) is painted
    assert nearest_prompt(prompted, Plane.AXIAL, 6, (2.0, 6.0), 1.0) is None
    assert nearest_prompt(prompted, Plane.AXIAL, 5, (13.0, 6.0), 1.0) is None
    assert nearest_prompt(prompted, Plane.CORONAL, 6, (13.0, 6.0), 1.0) is None

"""The views with real ipywidgets and no browser: what they render, what they want."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock, create_autospec

import numpy as np
import pytest

from breastwidget.app.document import Document, LesionState, Masks, Suggestion
from breastwidget.app.intents import Intents
from breastwidget.app.model import AppModel, Cursor, Image, Live, Look, Window
from breastwidget.app.slice_view import plane_at
from breastwidget.app.viewer import Viewer
from breastwidget.app.viewer_tools import value_range
from breastwidget.prompts import BoxPrompt, PointPrompt
from breastwidget.strategies import Extent
from breastwidget.volume import Plane, Volume

BOX = BoxPrompt(6, 8, 3, 22, 12)


@pytest.fixture
def intents() -> Mock:
    made: Mock = create_autospec(Intents, instance=True)
    return made


@pytest.fixture
def viewer(model: AppModel, intents: Mock) -> Viewer:
    model.update(cursor=Cursor(15, 12, 6))
    return Viewer(model, intents, 480)


def lesion(**changes: Any) -> LesionState:
    return replace(LesionState(1, "lesion 1", "#e69f00", Plane.AXIAL), **changes)


def receive(viewer: Viewer, place: int, **message: Any) -> None:
    view = viewer.views[place]
    view.hand.receive(view.hand, {"plane": view.plane.value, "slice": 6, **message}, None)


def pictures(viewer: Viewer) -> list[bytes]:
    return [bytes(view.picture.value) for view in viewer.views]


def test_rendering_wants_nothing(viewer: Viewer, model: AppModel, intents: Mock) -> None:
    changed = Look("fill", 0.7, reference=False, crosshair=False)
    model.update(cursor=Cursor(1, 2, 3), window=Window(5.0, 50.0), follow=False, tool="paint")
    model.update(look=changed, brush_mm=100.0, plane=Plane.SAGITTAL, image="phase 2")
    viewer.render()
    assert intents.method_calls == []
    assert viewer.slider.value == 1
    assert viewer.slider.max == 31
    assert viewer.window.window.value == (5.0, 50.0)
    assert viewer.tools.tool.value == "paint"
    assert viewer.look.style.value == "fill"


def test_the_large_plane_and_the_other_two(model: AppModel) -> None:
    model.update(plane=Plane.CORONAL)
    assert [plane_at(model, place) for place in range(3)] == [
        Plane.CORONAL,
        Plane.AXIAL,
        Plane.SAGITTAL,
    ]


def test_each_view_shows_the_crosshairs_slice(viewer: Viewer, model: AppModel) -> None:
    # Coronal and sagittal slices keep storage order: voxel axes 1 and 0.
    assert [view.slice_index for view in viewer.views] == [6, 12, 15]
    model.update(cursor=Cursor(3, 4, 5))
    assert [view.hand.state["slice"] for view in viewer.views] == [5, 4, 3]
    assert [view.hand.state["large"] for view in viewer.views] == [True, False, False]
    # Axial columns run along voxel axis 0 and rows along axis 1.
    assert viewer.large.hand.state["cursor"] == [3.5, 4.5]


def test_pixels_are_sent_for_a_new_slice_image_or_window_only(
    viewer: Viewer, model: AppModel
) -> None:
    before = pictures(viewer)
    assert all(picture.startswith(b"\x89PNG") for picture in before)
    mask = np.ones((24, 32), dtype=bool)
    model.update(
        document=Document((lesion(prompts=(BOX,)),), 1),
        live=Live(1, Masks().with_slice(6, mask)),
        look=Look("fill"),
        tool="pan",
    )
    assert pictures(viewer) == before
    model.update(cursor=Cursor(15, 12, 0))  # another axial slice, out of the lesion
    assert [new != old for new, old in zip(pictures(viewer), before, strict=True)] == [
        *(True, False, False)
    ]
    model.update(window=Window(0.0, 60.0))
    assert all(new != old for new, old in zip(pictures(viewer), before, strict=True))


def test_a_cursor_move_within_a_slice_sends_no_pixels(viewer: Viewer, model: AppModel) -> None:
    seen: list[object] = []
    viewer.large.picture.observe(seen.append, ["value", "format"])
    viewer.large.overlay.observe(seen.append, "value")
    model.update(cursor=Cursor(2, 3, 6))
    assert seen == []
    assert viewer.large.hand.state["cursor"] == [2.5, 3.5]


def test_the_stage_keeps_the_pictures_longer_side(viewer: Viewer, model: AppModel) -> None:
    # Axial pictures are 64 by 24 mm, sagittal ones 24 by 36.
    assert viewer.large.widget.layout.width == "480px"
    model.update(plane=Plane.SAGITTAL)
    assert viewer.large.widget.layout.width == "320px"
    assert 'viewBox="0 0 24 36"' in viewer.large.overlay.value


def test_the_hand_holds_the_active_lesions_box(viewer: Viewer, model: AppModel) -> None:
    model.update(document=Document((lesion(prompts=(BOX,)),), 1))
    assert viewer.large.hand.state["box"] == [8, 3, 22, 12]
    assert viewer.large.hand.state["colour"] == "#e69f00"
    assert viewer.views[1].hand.state["box"] is None
    model.update(cursor=Cursor(15, 12, 5))
    assert viewer.large.hand.state["box"] is None
    model.update(document=Document((lesion(prompts=(BOX,), visible=False),), 1))
    model.update(cursor=Cursor(15, 12, 6))
    assert viewer.large.hand.state["box"] is None


def test_a_step_says_what_lies_under_the_pointer_on_the_slice_it_leads_to(
    viewer: Viewer, model: AppModel, intents: Mock
) -> None:
    last = model.stack.shape[0] - 1
    for view in viewer.views[:2]:
        hand, at = view.hand, (3.5, 2.5)
        expected = hand._gestures.probed(view.slice_index + 1, at)
        assert hand._gestures.stepped(1, at) == expected
        assert hand._gestures.stepped(1) is None
    beyond = viewer.large.hand._gestures.stepped(1000, (3.5, 2.5))
    assert beyond == viewer.large.hand._gestures.probed(last, (3.5, 2.5))


def test_a_compressed_picture_says_so_and_becomes_exact_when_zoomed(intents: Mock) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (512, 512, 2)).astype(np.int16)
    volume = Volume(noise, np.diag([-1.0, -1.0, 3.0, 1.0]), "noise", slice_axis=2)
    model = AppModel([Image("one", volume)], Plane.AXIAL, Window(0.0, 255.0))
    viewer = Viewer(model, intents)
    large = viewer.large
    assert large.picture.format == "jpeg"
    assert len(large.picture.value) <= 60_000
    assert large.hand.state["title"] == "axial 1 of 1 ≈"
    receive(viewer, 0, kind="zoomed", zoomed=True)
    assert large.picture.format == "png"
    assert large.hand.state["note"] == ""
    receive(viewer, 0, kind="zoomed", zoomed=False)
    assert large.picture.format == "jpeg"


# What the hand does


def test_prompts_are_given_on_the_large_view(viewer: Viewer, intents: Mock) -> None:
    receive(viewer, 0, kind="box", box=[8, 3, 22, 12])
    receive(viewer, 0, kind="point", at=[32.0, 24.0], positive=False)
    receive(viewer, 0, kind="stroke", path=[[1, 2], [3, 4]], erase=True)
    intents.set_box.assert_called_once_with(BOX)
    intents.add_point.assert_called_once_with(6, (31.5, 23.5), False)
    intents.stroke.assert_called_once_with(6, [(1.0, 2.0), (3.0, 4.0)], True)
    intents.reset_mock()
    for kind in (
        {"kind": "box", "box": [1, 1, 9, 9]},
        {"kind": "point", "at": [1, 1], "positive": True},
    ):
        receive(viewer, 1, **kind)
    assert intents.method_calls == []


def test_a_box_of_less_than_a_pixel_is_empty(viewer: Viewer, intents: Mock) -> None:
    """Whoever takes it refuses it in words."""
    receive(viewer, 0, kind="box", box=[8, 3, 22, 3.5])
    intents.set_box.assert_called_once_with(BoxPrompt(6, 8, 3, 8, 3))


def test_wheel_and_crosshair_act_on_their_own_plane(viewer: Viewer, intents: Mock) -> None:
    receive(viewer, 0, kind="step", by=-3)
    intents.step.assert_called_once_with(-3)
    receive(viewer, 2, kind="step", by=99)
    view = viewer.views[2].hand.state
    intents.move_cursor.assert_called_once_with(Plane.SAGITTAL, 31, tuple(view["cursor"]))
    receive(viewer, 1, kind="cursor", at=[4, 5])
    assert intents.move_cursor.call_args.args == (Plane.CORONAL, 6, (4.0, 5.0))


def test_delete_removes_the_prompt_under_the_pointer(
    viewer: Viewer, model: AppModel, intents: Mock
) -> None:
    point = PointPrompt(6, 12.5, 7.5)
    other = lesion(key=2, prompts=(point,))
    model.update(document=Document((other, lesion(prompts=(BOX,))), 1))
    receive(viewer, 0, kind="remove", at=[12, 7], reach=2)
    intents.remove_prompt.assert_called_once_with(BOX)  # the active lesion's comes first
    model.update(document=Document((other,), None))
    receive(viewer, 0, kind="remove", at=[12, 7], reach=2)
    assert intents.remove_prompt.call_args.args == (point,)
    receive(viewer, 0, kind="remove", at=[30, 7], reach=2)
    assert intents.remove_prompt.call_count == 2


@pytest.fixture
def suggested(model: AppModel) -> tuple[Suggestion, ...]:
    """The crosshair is on slice 6, at (15.5, 12.5): in none of them."""
    made = (
        Suggestion(BoxPrompt(6, 2, 2, 12, 12), Extent(5, 7), 1.0, 0.9, Plane.AXIAL),
        Suggestion(
            BoxPrompt(5, 4, 4, 8, 8), Extent(5, 6), 0.2, 0.5, Plane.AXIAL
        ),  # inside the first one
        Suggestion(BoxPrompt(9, 20, 2, 30, 20), Extent(8, 10), 3.0, 0.4, Plane.AXIAL),
        Suggestion(BoxPrompt(7, 2, 2, 6, 6), Extent(4, 8), 3.0, 0.3, Plane.CORONAL),
    )
    model.update(document=Document(suggestions=made))
    return made


def test_the_hand_offers_the_suggestions_of_its_slice(
    viewer: Viewer, model: AppModel, suggested: tuple[Suggestion, ...]
) -> None:
    assert viewer.large.hand.state["offers"] == [[2, 2, 12, 12], [4, 4, 8, 8]]
    assert viewer.views[1].hand.state["offers"] == []
    model.update(plane=Plane.CORONAL, cursor=Cursor(0, 7, 0))
    assert viewer.large.hand.state["offers"] == [[2, 2, 6, 6]]  # the others are of axial slices


def test_a_click_into_a_suggestion_accepts_it(
    viewer: Viewer, intents: Mock, suggested: tuple[Suggestion, ...]
) -> None:
    receive(viewer, 0, kind="accept", at=[10, 10])
    receive(viewer, 0, kind="accept", at=[6, 6])  # the smaller one lies in the larger
    assert [call.args for call in intents.accept.call_args_list] == [(0,), (1,)]
    receive(viewer, 0, kind="accept", at=[20, 20])  # a second click, when it is a lesion already
    receive(viewer, 1, kind="accept", at=[10, 10])
    assert len(intents.method_calls) == 2


def test_delete_dismisses_the_suggestion_where_there_is_no_prompt(
    viewer: Viewer, model: AppModel, intents: Mock, suggested: tuple[Suggestion, ...]
) -> None:
    receive(viewer, 0, kind="remove", at=[10, 10], reach=2)
    intents.dismiss.assert_called_once_with(0)
    document = model.document.with_lesion(lesion(prompts=(BOX,)), active=True)
    model.update(document=document)
    receive(viewer, 0, kind="remove", at=[10, 10], reach=2)
    intents.remove_prompt.assert_called_once_with(BOX)
    assert intents.dismiss.call_count == 1


def test_keys_go_from_suggestion_to_suggestion_and_accept(
    viewer: Viewer, model: AppModel, intents: Mock, suggested: tuple[Suggestion, ...]
) -> None:
    def go_there(plane: Plane, index: int, at: tuple[float, float]) -> None:
        stack = model.stack_of(plane)
        voxel = stack.to_voxel_index((index, int(at[1]), int(at[0])))
        model.update(cursor=Cursor(*voxel))

    intents.move_cursor.side_effect = go_there
    intents.show_plane.side_effect = lambda plane: model.update(plane=plane)
    view = viewer.large.hand

    def press(name: str) -> None:
        view.receive(view, {"kind": "command", "name": name}, None)

    press("accept suggestion")  # none is at the crosshair
    intents.move_cursor.assert_called_once_with(Plane.AXIAL, 6, (7.0, 7.0))
    press("accept suggestion")
    intents.accept.assert_called_once_with(1)  # the smaller one, which is drawn there as well
    model.update(cursor=Cursor(10, 10, 6))
    press("accept suggestion")
    assert intents.accept.call_args.args == (0,)
    model.update(cursor=Cursor(6, 6, 5))
    press("next suggestion")
    assert intents.move_cursor.call_args.args == (Plane.AXIAL, 9, (25.0, 11.0))
    press("next suggestion")
    assert model.plane is Plane.CORONAL
    assert intents.move_cursor.call_args.args == (Plane.CORONAL, 7, (4.0, 4.0))
    press("next suggestion")
    assert intents.move_cursor.call_args.args == (Plane.AXIAL, 6, (7.0, 7.0))
    intents.suggest.assert_not_called()
    model.update(document=Document())
    press("next suggestion")
    intents.suggest.assert_called_once_with()


@pytest.mark.parametrize(
    ("name", "intent", "arguments"),
    [
        ("propagate", "propagate", {}),
        ("next doubtful", "next_doubtful", {}),
        ("undo", "undo", {}),
        ("redo", "redo", {}),
        ("larger brush", "set_brush", {"mm": 7.5}),
        ("smaller brush", "set_brush", {"mm": 4.8}),
        ("crosshair", "set_look", {"crosshair": False}),
        ("look", "set_look", {"style": "fill"}),
        ("coronal", "show_plane", {"plane": Plane.CORONAL}),
    ],
)
def test_each_command_is_one_intent(
    viewer: Viewer, intents: Mock, name: str, intent: str, arguments: dict[str, Any]
) -> None:
    receive(viewer, 0, kind="command", name=name)
    called = [
        (call[0], {**dict(enumerate(call.args)), **call.kwargs}) for call in intents.method_calls
    ]
    expected = arguments if intent == "set_look" else dict(enumerate(arguments.values()))
    assert called == [(intent, pytest.approx(expected) if intent == "set_brush" else expected)]


def test_enlarge_makes_a_small_view_the_large_one(viewer: Viewer, intents: Mock) -> None:
    receive(viewer, 2, kind="command", name="enlarge")
    intents.show_plane.assert_called_once_with(Plane.SAGITTAL)


def test_a_probe_reads_the_data(viewer: Viewer) -> None:
    view = viewer.large
    view.hand.send = Mock()
    receive(viewer, 0, kind="probe", at=[11.9, 6.1])
    reply = view.hand.send.call_args.args[0]["reply"]
    assert reply == ["voxel (11, 6, 6) = 100", "(-22.0, -6.0, 18.0) mm RAS"]


# Slider and controls


def test_slider_and_controls_want_what_was_asked(viewer: Viewer, intents: Mock) -> None:
    viewer.slider.value = 9
    viewer.look.follow.value = False
    viewer.tools.tool.value = "paint"
    viewer.tools.brush.value = 10.0
    viewer.window.image.value = "phase 2"
    viewer.window.plane.value = Plane.CORONAL
    viewer.window.window.value = (20.0, 40.0)
    viewer.window.presets[2].click()
    viewer.look.style.value = "agreement"
    viewer.look.opacity.value = 90
    viewer.look.reference.value = False
    assert [(call[0], call.args, call.kwargs) for call in intents.method_calls] == [
        ("show_slice", (9,), {}),
        ("set_follow", (False,), {}),
        ("choose_tool", ("paint",), {}),
        ("set_brush", (10.0,), {}),
        ("choose_image", ("phase 2",), {}),
        ("show_plane", (Plane.CORONAL,), {}),
        ("set_window", (20.0, 40.0), {}),
        ("choose_window", ("lesion",), {}),
        ("set_look", (), {"style": "agreement"}),
        ("set_look", (), {"opacity": 0.9}),
        ("set_look", (), {"reference": False}),
    ]


def test_another_plane_does_not_move_the_crosshair(
    viewer: Viewer, model: AppModel, intents: Mock
) -> None:
    """The slider may never be beyond its end, not even for a moment: the page would clamp it."""
    seen: list[tuple[int, int]] = []
    viewer.slider.observe(lambda _: seen.append((viewer.slider.value, viewer.slider.max)))
    model.update(plane=Plane.SAGITTAL, cursor=Cursor(31, 2, 3))
    model.update(plane=Plane.AXIAL)
    assert (viewer.slider.value, viewer.slider.max) == (3, 11)
    assert seen == [(6, 31), (31, 31), (3, 31), (3, 11)]
    assert intents.method_calls == []


def test_without_a_reference_there_is_no_agreement(model: AppModel, intents: Mock) -> None:
    model.update(reference=None)
    viewer = Viewer(model, intents)
    assert [value for _, value in viewer.look.style.options] == ["contour", "fill"]
    receive(viewer, 0, kind="command", name="look")
    receive(viewer, 0, kind="command", name="look")
    assert {call.kwargs["style"] for call in intents.set_look.call_args_list} == {"fill"}


def test_the_brush_is_shown_with_its_tools_only(viewer: Viewer, model: AppModel) -> None:
    assert viewer.tools.brush.layout.display == "none"
    model.update(tool="erase")
    assert viewer.tools.brush.layout.display is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 5], (1.0, 5.0)), ([3, 3], (3.0, 4.0)), ([np.nan, 2.5], (2.5, 3.5)), ([np.nan], (0, 1))],
)
def test_the_range_of_gray_values(values: list[float], expected: tuple[float, float]) -> None:
    data = np.array(values)[:, None, None]
    assert value_range(Volume(data, np.eye(4))) == expected

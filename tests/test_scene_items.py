"""Slices, lines and coloured surfaces: where they lie, and what a scene makes of them."""

import numpy as np
import pytest

from breastwidget.distance_colours import (
    distance_colours,
    distance_range_mm,
    signed_distances_mm,
)
from breastwidget.scene_actors import make_actor
from breastwidget.scene_items import SceneLine, SceneMesh, ScenePlane, as_items, slice_plane
from breastwidget.surface import Surface, can_render, extract_surface, scene_html, scene_image
from breastwidget.volume import Volume

needs_opengl = pytest.mark.skipif(
    not can_render(), reason="no OpenGL without a display here: install libegl1, libgl1-mesa-dri"
)
OBLIQUE = np.array([[0, -0.6, 1.6, 10], [1, 0, 0, -20], [0, 0.8, 1.2, 30], [0, 0, 0, 1.0]])


def ball_surface(radius: float = 6, affine: np.ndarray | None = None) -> Surface:
    i, j, k = np.ogrid[:32, :40, :20]
    mask = (i - 16) ** 2 + (j - 20) ** 2 + (k - 10) ** 2 <= radius**2
    return extract_surface(mask, np.eye(4) if affine is None else affine)


class TestSlicePlane:
    @pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
    def test_every_pixel_lies_where_its_voxel_lies(self, plane):
        data = np.random.default_rng(0).integers(0, 200, (8, 9, 7)).astype(np.int16)
        stack = Volume(data, OBLIQUE).stack(plane)
        item = slice_plane(stack, 2, (0, 200))
        _, rows, columns = stack.shape
        assert item.picture.shape == (rows, columns)
        corner, right, down = item.corners_mm
        for row, column in ((0, 0), (rows - 1, 0), (3, columns - 2)):
            place = (
                corner
                + (column + 0.5) / columns * (right - corner)
                + (row + 0.5) / rows * (down - corner)
            )
            assert place == pytest.approx((stack.affine @ (2, row, column, 1))[:3])
            assert item.picture[row, column] == pytest.approx(
                float(stack.pixels[2, row, column]) * 255 / 200, abs=1
            )

    def test_around_a_lesion_only_its_surroundings_are_shown(self):
        stack = Volume(np.zeros((100, 120, 9), np.int16), np.diag([1, 0.5, 2, 1.0])).stack("axial")
        mask = np.zeros(stack.shape, bool)
        mask[4, 60:65, 50:52] = True
        item = slice_plane(stack, 4, (0, 1), around=mask)
        # 25 mm are 50 rows of 0.5 mm and 25 columns of 1 mm.
        assert item.picture.shape == (65 + 50 - 10, 2 + 25 + 25)
        corner, right, _ = item.corners_mm
        assert np.linalg.norm(right - corner) == pytest.approx(52)

    def test_large_pictures_are_thinned_and_keep_their_place(self):
        stack = Volume(np.zeros((600, 300, 3), np.int16), np.eye(4)).stack("axial")
        item = slice_plane(stack, 0, (0, 1))
        assert item.picture.shape == (100, 200)
        assert np.linalg.norm(item.corners_mm[1] - item.corners_mm[0]) == 600

    def test_without_a_picture_it_is_a_translucent_sheet(self):
        stack = Volume(np.zeros((6, 5, 3), np.int16), np.eye(4)).stack("axial")
        item = slice_plane(stack, 0, picture=False)
        assert item.picture is None
        assert item.opacity == 0.5


class TestItems:
    def test_bare_surfaces_get_the_usual_look(self):
        ball = ball_surface()
        line = SceneLine(np.zeros((2, 3)))
        first, shell, tuple_, same = as_items([ball, ball, (ball, "#123456", 0.2), line])
        assert (first.colour, first.opacity) == ("#e69f00", 1.0)
        assert (shell.colour, shell.opacity) == ("#56b4e9", 0.35)
        assert (tuple_.colour, tuple_.opacity) == ("#123456", 0.2)
        assert same is line

    def test_vertex_colours_survive_thinning(self):
        ball = ball_surface(9)
        left = ball.points[:, 0] < 16
        colours = np.where(left[:, None], (255, 0, 0), (0, 0, 255)).astype(np.uint8)
        mesh = make_actor(SceneMesh(ball, vertex_colours=colours), 400).GetMapper().GetInput()
        assert mesh.n_cells <= 400
        seen = np.asarray(mesh.point_data["colours"])
        clear = np.abs(np.asarray(mesh.points)[:, 0] - 16) > 2
        expected = np.asarray(mesh.points)[:, 0] < 16
        assert np.array_equal(seen[clear, 0] == 255, expected[clear])

    def test_one_colour_for_each_vertex_is_needed(self):
        item = SceneMesh(ball_surface(), vertex_colours=np.zeros((3, 3), np.uint8))
        with pytest.raises(ValueError, match="one colour of three for each"):
            make_actor(item)

    def test_a_page_holds_all_of_them(self):
        ball = ball_surface()
        stack = Volume(np.zeros((32, 40, 20), np.int16), np.eye(4)).stack("axial")
        colours = np.full((len(ball.points), 3), 200, np.uint8)
        items = [
            SceneMesh(ball, vertex_colours=colours),
            SceneLine(np.array([[10.0, 20, 10], [22, 20, 10]])),
            slice_plane(stack, 10, (0, 1)),
        ]
        assert len(scene_html(items)) > len(scene_html(items[:1]))

    @needs_opengl
    def test_several_lesions_are_all_in_the_picture(self):
        left, right = np.eye(4), np.eye(4)
        right[0, 3] = 90.0
        items = [
            SceneMesh(ball_surface(6, left), "#d55e00"),
            SceneMesh(ball_surface(6, right), "#009e73"),
        ]
        picture = scene_image(items, (300, 200)).astype(int)
        drawn = np.abs(picture - picture[0, 0]).sum(axis=2) > 40
        border = np.ones((200, 300), bool)
        border[1:-1, 1:-1] = False
        assert not drawn[border].any()  # nothing is cut off
        red, green = picture[..., 0], picture[..., 1]
        # Seen from the front, the patient's right (+x) is on the left.
        columns = np.arange(300) * np.ones((200, 1))
        assert columns[drawn & (green > red)].mean() < columns[drawn & (red > green)].mean() - 60

    @needs_opengl
    def test_a_slice_looks_as_in_the_viewer(self):
        data = np.zeros((40, 3, 40), np.int16)
        data[25:, :, 25:] = 100  # to the right and superior
        stack = Volume(data, np.eye(4)).stack("coronal")
        assert stack.pixels[1, 2, 2] == 100  # top left
        picture = scene_image([slice_plane(stack, 1, (0, 100))], (200, 200)).astype(int)
        rows, columns = np.nonzero(picture.min(axis=2) > 252)
        dark_rows, dark_columns = np.nonzero(picture.max(axis=2) < 40)
        assert rows.mean() < dark_rows.mean() - 10
        assert columns.mean() < dark_columns.mean() - 10

    @needs_opengl
    def test_a_line_is_drawn_in_its_colour(self):
        points = np.array([[0.0, 0, 0], [40, 0, 0]])
        plane = ScenePlane(np.array([[40.0, -5, 20], [0, -5, 20], [40, -5, -20]]), opacity=0.1)
        picture = scene_image([SceneLine(points, "#ff0000", 4), plane], (200, 200)).astype(int)
        assert ((picture[..., 0] > 200) & (picture[..., 1] < 90)).sum() > 100


class TestDistances:
    @pytest.fixture(scope="class")
    @classmethod
    def balls(cls):
        fine = np.diag([0.5, 0.5, 0.5, 1.0])
        grid = np.indices((60, 60, 60)) - 30
        radius = np.sqrt((grid**2).sum(axis=0)) * 0.5
        return extract_surface(radius <= 12, fine), extract_surface(radius <= 9, fine)

    def test_positive_outside_and_negative_inside(self, balls):
        large, small = balls
        assert signed_distances_mm(large, small) == pytest.approx(3, abs=0.4)
        assert signed_distances_mm(small, large) == pytest.approx(-3, abs=0.4)
        assert np.abs(signed_distances_mm(large, large)).max() < 1e-3

    def test_in_mm_where_the_patient_lies(self):
        mask = np.zeros((20, 20, 20), bool)
        mask[5:10, 5:15, 5:15] = True
        wider = mask.copy()
        wider[10:12] = mask[9]
        affine = np.diag([-2.0, 1.0, 1.0, 1.0])
        distances = signed_distances_mm(
            extract_surface(wider, affine), extract_surface(mask, affine)
        )
        assert distances.max() == pytest.approx(4, abs=0.4)

    def test_the_measured_surface_is_left_as_it_was(self, balls):
        names = list(balls[0].mesh.point_data)
        signed_distances_mm(*balls)
        assert list(balls[0].mesh.point_data) == names

    @pytest.mark.parametrize(
        ("reach", "expected"), [(0.2, 1), (1.0, 1), (1.4, 2), (2.6, 3), (4.4, 5), (7, 10), (12, 20)]
    )
    def test_ranges_are_round(self, reach, expected):
        assert distance_range_mm(np.array([-reach, reach])) == pytest.approx(expected)

    def test_a_few_far_points_do_not_stretch_the_range(self):
        assert distance_range_mm(np.array([0.5] * 99 + [80])) == 1.0
        assert distance_range_mm(np.array([])) == 1.0

    def test_blue_inside_white_between_red_outside(self):
        colours = distance_colours(np.array([-9.0, -3, 0, 3, 9]), 3.0)
        assert colours.dtype == np.uint8
        assert colours[0].tolist() == colours[1].tolist() == [0x21, 0x66, 0xAC]
        assert colours[2].tolist() == [0xF7] * 3
        assert colours[3].tolist() == colours[4].tolist() == [0xB2, 0x18, 0x2B]

    def test_a_range_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="above 0 mm"):
            distance_colours(np.zeros(3), 0.0)

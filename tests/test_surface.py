"""Surfaces: closed, smooth, outward, where the patient lies, and of the mask's own volume."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from breastwidget import opengl, scene_actors
from breastwidget.errors import DependencyError, OutputError
from breastwidget.surface import Surface, can_render, extract_surface, scene_html, scene_image

SPACING = (0.7, 0.7, 2.0)
LPS = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0, 60], [0, 0, 2.0, -30], [0, 0, 0, 1.0]])

needs_opengl = pytest.mark.skipif(
    not can_render(), reason="no OpenGL without a display here: install libegl1, libgl1-mesa-dri"
)


def make_ball(radius_mm: float = 12, spacing: tuple[float, float, float] = SPACING) -> np.ndarray:
    counts = [int(np.ceil(radius_mm / step)) + 3 for step in spacing]
    axes = [np.arange(-n, n + 1) * step for n, step in zip(counts, spacing, strict=True)]
    i, j, k = np.meshgrid(*axes, indexing="ij")
    return i**2 + j**2 + k**2 <= radius_mm**2


def facing(surface: Surface) -> np.ndarray:
    """Cosines between each vertex normal and the direction from the middle."""
    outward = surface.points - surface.points.mean(axis=0)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    return (outward * np.asarray(surface.mesh.point_data["Normals"])).sum(axis=1)


@pytest.fixture(scope="module")
def ball_surface() -> Surface:
    return extract_surface(make_ball(), LPS)


class TestExtraction:
    def test_encloses_the_mask_s_volume(self, ball_surface: Surface) -> None:
        expected = make_ball().sum() * 0.7 * 0.7 * 2.0 / 1000
        assert ball_surface.enclosed_volume_ml == pytest.approx(expected, rel=1e-3)

    def test_is_nearly_a_ball(self, ball_surface: Surface) -> None:
        assert ball_surface.area_mm2 == pytest.approx(4 * np.pi * 12**2, rel=0.03)
        radii = np.linalg.norm(ball_surface.points - ball_surface.points.mean(axis=0), axis=1)
        assert radii.mean() == pytest.approx(12, abs=0.15)
        assert radii.std() < 0.3  # Slices are 2 mm thick: unsmoothed, it would be twice that.

    def test_is_closed(self, ball_surface: Surface) -> None:
        assert ball_surface.mesh.n_open_edges == 0

    def test_lies_where_the_voxels_lie(self, ball_surface: Surface) -> None:
        middle = LPS[:3, :3] @ ((np.array(make_ball().shape) - 1) / 2) + LPS[:3, 3]
        low, high = ball_surface.points.min(axis=0), ball_surface.points.max(axis=0)
        assert (low + high) / 2 == pytest.approx(middle, abs=0.05)

    @pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (-1, -1, -1)])
    def test_normals_point_outward_whatever_the_orientation(
        self, flips: tuple[int, int, int]
    ) -> None:
        affine = np.diag([*np.multiply(flips, SPACING), 1.0])
        surface = extract_surface(make_ball(), affine)
        assert facing(surface).min() > 0  # The poles end in a single pixel, a little cone.
        assert facing(surface).mean() > 0.98
        assert surface.enclosed_volume_ml > 0

    def test_oblique_and_permuted_axes(self) -> None:
        turn = np.array([[0, -0.6, 0.8], [1, 0, 0], [0, 0.8, 0.6]])
        affine = np.eye(4)
        affine[:3, :3] = turn @ np.diag(SPACING)
        surface = extract_surface(make_ball(), affine)
        assert surface.enclosed_volume_ml == pytest.approx(
            make_ball().sum() * 0.98 / 1000, rel=1e-3
        )
        assert facing(surface).min() > 0  # The poles end in a single pixel, a little cone.
        assert facing(surface).mean() > 0.98

    def test_one_voxel(self) -> None:
        mask = np.zeros((5, 5, 5), dtype=bool)
        mask[2, 3, 4] = True
        surface = extract_surface(mask, np.diag([*SPACING, 1.0]))
        low, high = surface.points.min(axis=0), surface.points.max(axis=0)
        assert (low + high) / 2 == pytest.approx((1.4, 2.1, 8.0), abs=1e-6)
        assert surface.mesh.n_open_edges == 0
        assert 0 < surface.enclosed_volume_ml < 0.003

    def test_a_mask_that_fills_the_volume_is_closed(self) -> None:
        surface = extract_surface(np.ones((10, 12, 8), dtype=bool), np.eye(4))
        assert surface.mesh.n_open_edges == 0
        assert surface.enclosed_volume_ml == pytest.approx(0.96, rel=0.01)

    def test_noise_is_closed(self) -> None:
        mask = np.random.default_rng(0).random((14, 14, 14)) > 0.7
        assert extract_surface(mask, np.eye(4)).mesh.n_open_edges == 0

    def test_a_cavity_counts_as_outside(self) -> None:
        mask = np.ones((20, 20, 20), dtype=bool)
        mask[6:14, 6:14, 6:14] = False
        surface = extract_surface(mask, np.eye(4))
        assert surface.enclosed_volume_ml == pytest.approx((8000 - 512) / 1000, rel=0.01)

    def test_nothing_segmented_is_said(self) -> None:
        with pytest.raises(OutputError, match="Nothing was segmented"):
            extract_surface(np.zeros((4, 4, 4), dtype=bool), np.eye(4))


class TestFiles:
    @pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj"])
    def test_another_reader_reads_them(
        self, ball_surface: Surface, tmp_path: Path, suffix: str
    ) -> None:
        import pyvista as pv

        path = ball_surface.save(tmp_path / f"ball{suffix}")
        read = pv.read(path)
        assert read.n_cells == len(ball_surface.triangles)
        assert read.volume / 1000 == pytest.approx(ball_surface.enclosed_volume_ml, rel=1e-4)
        assert np.allclose(read.bounds, ball_surface.mesh.bounds, atol=1e-3)
        assert list(tmp_path.iterdir()) == [path]

    def test_the_space_is_named(self, ball_surface: Surface, tmp_path: Path) -> None:
        assert b"SPACE=RAS" in ball_surface.save(tmp_path / "ball.stl").read_bytes()[:80]

    def test_an_unknown_suffix_is_refused(self, ball_surface: Surface, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"\.stl, \.ply, \.obj, \.glb, got ball\.step"):
            ball_surface.save(tmp_path / "ball.step")

    def test_a_failed_write_leaves_nothing(
        self, ball_surface: Surface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(self: Path, content: bytes) -> int:
            self.touch()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="No space left"):
            ball_surface.save(tmp_path / "ball.stl")
        assert list(tmp_path.iterdir()) == []


class TestScene:
    def test_holds_everything_and_fetches_nothing(self, ball_surface: Surface) -> None:
        page = ball_surface.to_html()
        assert "Content-Security-Policy" in page[:2000]
        assert "default-src 'none'" in page
        assert "favicon" not in page
        assert re.search(r'<(script|link|img)[^>]+(src|href)="http', page) is None
        assert 1_000_000 < len(page) < 2_000_000

    def test_is_thinned(self, monkeypatch: pytest.MonkeyPatch) -> None:
        surface = extract_surface(make_ball(20, (0.5, 0.5, 0.5)), np.diag([0.5, 0.5, 0.5, 1.0]))
        assert len(surface.triangles) > 30_000
        seen: list[int] = []
        thinned = scene_actors._thinned

        def count(surface: Surface, triangles: int) -> object:
            mesh = thinned(surface, triangles)
            seen.append(mesh.n_cells)
            return mesh

        monkeypatch.setattr(scene_actors, "_thinned", count)
        scene_html([surface, surface])
        assert all(3500 < cells <= 4100 for cells in seen)
        assert len(seen) == 2

    def test_needs_neither_opengl_nor_a_network_nor_a_server(self) -> None:
        code = (
            "import sys\n"
            "def refuse(event, _):\n"
            "    if event in ('socket.connect', 'socket.bind', 'socket.getaddrinfo'):\n"
            "        raise SystemExit(event)\n"
            "sys.addaudithook(refuse)\n"
            "import numpy as np\n"
            "from breastwidget.surface import extract_surface\n"
            "page = extract_surface(np.ones((6, 6, 6), bool), np.eye(4)).to_html()\n"
            "maps = open('/proc/self/maps').read() if sys.platform == 'linux' else ''\n"
            "assert 'libEGL_' not in maps and 'swrast' not in maps\n"
            "assert 'aiohttp' not in sys.modules and 'wslink' not in sys.modules\n"
            "assert len(page) > 1_000_000\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

    @needs_opengl
    def test_picture_shows_the_ball_in_the_middle(self, ball_surface: Surface) -> None:
        picture = ball_surface.screenshot((200, 160))
        assert picture.shape == (160, 200, 3)
        assert picture.dtype == np.uint8
        background = picture[2, 2].astype(int)
        assert background.min() > 230
        red, _, blue = picture[80, 100].astype(int)
        assert red > blue + 60  # orange
        covered = (np.abs(picture.astype(int) - background).sum(axis=-1) > 40).mean()
        assert 0.2 < covered < 0.7

    @needs_opengl
    def test_the_reference_is_translucent_blue(self, ball_surface: Surface) -> None:
        shell = extract_surface(make_ball(20), LPS)
        alone = scene_image([(shell, "#56b4e9", 0.35)], (120, 120))
        red, _, blue = alone[60, 60].astype(int)
        assert blue > red + 15
        assert not np.array_equal(scene_image([ball_surface, shell], (120, 120)), alone)

    @needs_opengl
    def test_plot_gives_a_picture(self, ball_surface: Surface) -> None:
        assert ball_surface.plot((64, 48)).size == (64, 48)


class TestOpenGl:
    @pytest.fixture
    def linux_without_opengl(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.delenv("VTK_DEFAULT_OPENGL_WINDOW", raising=False)
        monkeypatch.setattr(opengl, "_egl_devices", lambda: 0)
        monkeypatch.setattr(opengl, "_loads", lambda _: False)

    @pytest.mark.usefixtures("linux_without_opengl")
    def test_without_it_a_picture_says_what_to_install(self, ball_surface: Surface) -> None:
        assert not opengl.can_render()
        with pytest.raises(DependencyError, match="apt-get install libegl1 libgl1-mesa-dri"):
            ball_surface.screenshot()

    @pytest.mark.usefixtures("linux_without_opengl")
    def test_without_egl_osmesa_will_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opengl, "_loads", lambda name: name == "libOSMesa.so.8")
        assert opengl._linux_backend() == "vtkOSOpenGLRenderWindow"

    @pytest.mark.usefixtures("linux_without_opengl")
    def test_a_choice_of_one_s_own_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkXOpenGLRenderWindow")
        assert opengl._linux_backend() == "vtkXOpenGLRenderWindow"

    def test_a_missing_library_does_not_load(self) -> None:
        assert not opengl._loads("libthere-is-no-such-thing.so.9")


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, breastwidget.surface, breastwidget.report, breastwidget.metrics\n"
        "heavy = {'vtkmodules', 'pyvista', 'torch', 'monai', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

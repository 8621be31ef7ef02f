"""The Python that makes a result again is run, and makes the same result again."""

import subprocess
import sys

import numpy as np
import pytest

import breastwidget as bw
from breastwidget.code import python_code
from breastwidget.engines.base import EngineInfo, FakeEngine
from breastwidget.prompts import box_from_reference
from breastwidget.provenance import Provenance
from breastwidget.readers import write_volume
from breastwidget.volume import Source


@pytest.fixture
def scan(ball_volume, tmp_path, monkeypatch):
    """The ball in a file of the current folder, read back."""
    monkeypatch.chdir(tmp_path)
    write_volume("it's a scan.nii.gz", ball_volume)
    return bw.load("it's a scan.nii.gz")


@pytest.fixture
def fake_by_name(monkeypatch):
    """`bw.Segmenter(volume, engine="fake")` opens the fake engine."""

    def create(name, **settings):
        assert name == "fake"
        return FakeEngine()

    monkeypatch.setattr("breastwidget.api.create_engine", create)


def box(index):
    return bw.BoxPrompt(index, 8, 12, 24, 27)


def run(code):
    names = {}
    exec(compile(code, "shown code", "exec"), names)  # it is ours
    return names


@pytest.mark.usefixtures("fake_by_name")
class TestRunning:
    def test_one_result_with_its_extent_is_made_again_and_saved(self, scan, tmp_path):
        segmenter = bw.Segmenter(scan, FakeEngine(), "axial")
        result = segmenter.segment(box(10), "top-to-bottom", (6, 12))
        names = run(python_code(result))
        assert np.array_equal(names["result"].mask, result.mask)
        assert names["result"].provenance.extent == bw.Extent(6, 12)
        assert names["result"].provenance.strategy == "top-to-bottom"
        assert (tmp_path / "result" / "mask.nii.gz").exists()

    def test_every_kind_of_prompt_and_a_name_with_quotes(self, scan):
        mask = np.zeros((40, 32), bool)
        mask[14:24, 10:20] = True
        prompts = (box(np.int64(10)), bw.PointPrompt(10, 3.5, 4.25, False), bw.MaskPrompt(12, mask))
        lesion = bw.Lesion(prompts, 'left "upper"\nquadrant')
        result = bw.Segmenter(scan, FakeEngine(), "axial").segment(lesion)
        again = run(python_code(result, save=False))["result"]
        assert np.array_equal(again.mask, result.mask)
        assert again.provenance.lesion.name == lesion.name
        first, second, third = again.provenance.lesion.prompts
        assert (first, second) == prompts[:2]
        assert np.array_equal(third.mask, mask)

    def test_corrections_are_made_again_in_their_order(self, scan):
        segmenter = bw.Segmenter(scan, FakeEngine(), "axial")
        result = segmenter.segment(box(10))
        result = segmenter.correct(result, box(13))
        smaller = bw.BoxPrompt(7, 12, 16, 20, 23)
        result = segmenter.correct(result, smaller)
        again = run(python_code(result, save=False))["result"]
        assert np.array_equal(again.mask, result.mask)
        assert [each.corrected for each in again.provenance.corrections] == [13, 7]
        assert again.provenance.last_lesion.prompts == (box(10), box(13), smaller)

    def test_several_results_share_one_segmenter(self, scan, tmp_path):
        segmenter = bw.Segmenter(scan, FakeEngine(), "axial")
        results = {name: segmenter.segment(box(10), name) for name in bw.STRATEGIES}
        code = python_code(results)
        assert code.count("bw.Segmenter(") == code.count("bw.load(") == 1
        again = run(code)["results"]
        assert list(again) == list(results)
        for name, result in results.items():
            assert np.array_equal(again[name].mask, result.mask)
            assert (tmp_path / name / "session.json").exists()

    def test_a_reference_is_scored(self, scan, capsys):
        result = bw.Segmenter(scan, FakeEngine(), "axial").segment(box(10))
        bw.readers.write_mask("truth.nii.gz", result.mask, scan)
        run(python_code(result, reference="truth.nii.gz", save=False))
        assert "dice" in capsys.readouterr().out


def test_a_phantom_s_subtraction_by_a_real_engine_in_a_process_of_its_own(tmp_path):
    phantom = bw.make_phantom("single", seed=0, shape=(96, 96, 24), spacing_mm=(1.8, 1.8, 5.0))
    paths = [str(tmp_path / f"phase_{number}.nii.gz") for number in (0, 1)]
    for path, phase in zip(paths, phantom.phases, strict=False):
        write_volume(path, phase)
    volume = bw.load(paths, subtraction=1)
    seen = volume.stack().from_voxels(phantom.reference)
    widest = int(seen.sum(axis=(1, 2)).argmax())
    result = bw.segment(volume, box_from_reference(seen, widest), engine="otsu")
    assert result.mask.any()
    subprocess.run(
        [sys.executable, "-c", python_code(result)], cwd=tmp_path, check=True, timeout=120
    )
    again = bw.load_reference(tmp_path / "result" / "mask.nii.gz", volume)
    assert np.array_equal(again, result.mask)


class TestText:
    def provenance(self, source, engine=None):
        lesion = bw.Lesion((bw.BoxPrompt(3, 1, 2, 5, 6),))
        engine = engine or EngineInfo("nano")
        return Provenance(source, "axial", lesion, "center-outward", None, engine)

    def test_reads_like_the_readme(self):
        source = Source(("NACT_06",), "ab", subtraction=1)
        assert python_code(self.provenance(source)) == (
            "import breastwidget as bw\n"
            "\n"
            "volume = bw.load('NACT_06', subtraction=1)\n"
            "segmenter = bw.Segmenter(volume, engine='nano', plane='axial')\n"
            "\n"
            "lesion = bw.Lesion(\n"
            "    (\n"
            "        bw.BoxPrompt(slice=3, x0=1.0, y0=2.0, x1=5.0, y1=6.0),\n"
            "    ),\n"
            "    name='lesion 1',\n"
            ")\n"
            "result = segmenter.segment(lesion, strategy='center-outward')\n"
            "\n"
            "result.save('result')  # a new folder\n"
        )

    def test_usual_settings_are_left_out_and_others_said(self):
        usual = EngineInfo("nano", "", (("precision", "float32"), ("attention", "exact")))
        code = python_code(self.provenance(Source(("a.nii",)), usual))
        assert "engine='nano'" in code
        other = EngineInfo("tiny", "", (("precision", "bfloat16"), ("attention", "exact")))
        code = python_code(self.provenance(Source(("a.nii",)), other))
        assert "engine=create_engine('tiny', precision='bfloat16')" in code
        assert "from breastwidget.engines.factory import create_engine" in code

    def test_phases_in_files_of_their_own(self):
        code = python_code(self.provenance(Source(("a.nii", "b.nii"), phase=1)))
        assert "bw.load(['a.nii', 'b.nii'], phase=1)" in code

    def test_a_volume_from_memory_is_left_to_the_reader(self):
        code = python_code(self.provenance(Source()))
        assert "volume = ...  # it was made in memory" in code
        compile(code, "shown code", "exec")

    def test_another_scan_is_opened_again(self):
        results = {
            "a": self.provenance(Source(("a.nii",))),
            "b": self.provenance(Source(("b.nii",))),
        }
        assert python_code(results).count("bw.Segmenter(") == 2

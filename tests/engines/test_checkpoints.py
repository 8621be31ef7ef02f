from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from fake_hub import FakeHub
from safetensors.torch import save_file

from benchmarks.reference_predictor import build_predictor
from breastwidget.engines import create_engine, find_checkpoint, list_engines
from breastwidget.engines.building import build_model
from breastwidget.engines.catalogue import CATALOGUE
from breastwidget.engines.checkpoints import Checkpoint
from breastwidget.engines.sam2 import Sam2Engine
from breastwidget.errors import CheckpointError, EngineError

CONFIG = Path(__file__).with_name("small_sam2.yaml")
TINY = "facebook/sam2.1-hiera-tiny/resolve/main/sam2.1_hiera_tiny.pt"


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    """Random weights of the small test architecture."""
    torch.manual_seed(0)
    return build_predictor(CONFIG).state_dict()


@pytest.fixture
def small(tmp_path, weights) -> Path:
    """A .pt file with its config beside it."""
    file = tmp_path / "small.pt"
    torch.save({"model": weights}, file)
    shutil.copy(CONFIG, tmp_path / "small.yaml")
    return file


class Bomb:
    """Unpickling this would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_the_embedded_checkpoint_loads_without_a_network():
    checkpoint = find_checkpoint("nano")
    digest = hashlib.sha256(checkpoint.weights.read_bytes()).hexdigest()
    engine = create_engine(checkpoint)
    assert (engine.info.name, engine.info.sha256) == ("nano", digest)
    assert dict(engine.info.settings)["precision"] == "float32"


def test_names_and_sizes_are_listed_without_a_network(tmp_path):
    rows = list_engines(tmp_path)
    assert [(row.name, row.cached) for row in rows] == [
        ("nano", True),
        ("sam2.1-tiny", False),
        ("sam2.1-small", False),
        ("sam2.1-base-plus", False),
        ("sam2.1-large", False),
        ("medsam2", False),
        ("otsu", True),
        ("random-walker", True),
    ]
    assert all(row.licence and row.summary for row in rows)
    assert all(row.megabytes > 0 for row in rows[:6])


def test_a_name_is_fetched_once_and_then_found(tmp_path):
    content = b"weights" * 1000
    with FakeHub({TINY: content}).running() as hub:
        checkpoint = find_checkpoint("sam2.1-tiny", cache_dir=tmp_path, endpoint=hub.url)
        asked = len(hub.requests)
        again = find_checkpoint("sam2.1-tiny", cache_dir=tmp_path, endpoint=hub.url)
        assert len(hub.requests) == asked
    assert checkpoint == again
    assert checkpoint.weights.read_bytes() == content
    assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
    assert checkpoint.config == Path("configs/sam2.1/sam2.1_hiera_t.yaml")
    cached = {row.name for row in list_engines(tmp_path) if row.cached and row.megabytes}
    assert cached == {"nano", "sam2.1-tiny"}


def test_a_download_that_breaks_off_is_resumed(tmp_path):
    # huggingface_hub writes in steps of 10 MiB; what it has written it does not ask for again.
    step = 10 * 2**20
    content = bytes(range(256)) * (step * 12 // 10 // 256)
    hub = FakeHub({TINY: content}, hang_up_after=step * 11 // 10)
    with hub.running():
        checkpoint = find_checkpoint("sam2.1-tiny", cache_dir=tmp_path, endpoint=hub.url)
    assert ("GET", f"bytes={step}-") in hub.requests
    assert checkpoint.weights.read_bytes() == content


def test_a_damaged_download_is_noticed(tmp_path):
    with (
        FakeHub({TINY: b"not those weights"}, digest="ab" * 32).running() as hub,
        pytest.raises(CheckpointError, match=r"damaged.*SHA-256"),
    ):
        find_checkpoint("sam2.1-tiny", cache_dir=tmp_path, endpoint=hub.url)


def test_a_mirror_is_read_from_the_environment(tmp_path):
    script = (
        "from breastwidget.engines import find_checkpoint;"
        "print(find_checkpoint('sam2.1-tiny').sha256)"
    )
    content = b"from the mirror"
    with FakeHub({TINY: content}).running() as hub:
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}
        environment.pop("HF_HUB_OFFLINE", None)
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert done.stdout.strip() == hashlib.sha256(content).hexdigest()


def test_offline_one_sentence_says_what_to_do(tmp_path):
    script = (
        "from breastwidget.engines import find_checkpoint\n"
        "from breastwidget.errors import CheckpointError\n"
        "try: find_checkpoint('sam2.1-large')\n"
        "except CheckpointError as error: print(error)"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    for part in ("sam2.1_hiera_large.pt", "facebook/sam2.1-hiera-large", "--engine PATH", "nano"):
        assert part in done.stdout


def test_a_file_that_the_hub_lacks_is_said(tmp_path):
    with (
        FakeHub({}).running() as hub,
        pytest.raises(CheckpointError, match="could not be fetched"),
    ):
        find_checkpoint("medsam2", cache_dir=tmp_path, endpoint=hub.url)


def test_an_unknown_name_lists_the_valid_ones():
    with pytest.raises(CheckpointError, match=r"'sam3'.*nano, sam2\.1-tiny.*medsam2"):
        find_checkpoint("sam3")


def test_a_local_file_with_its_config(small):
    engine = create_engine(small)
    assert engine.info.name == str(small)
    assert len(engine.info.sha256) == 64


def test_safetensors_give_the_same_weights(small, weights, tmp_path):
    file = tmp_path / "again.safetensors"
    save_file(weights, file)
    shutil.copy(CONFIG, tmp_path / "again.yaml")
    one, _ = build_model(find_checkpoint(small))
    other, _ = build_model(find_checkpoint(file))
    for (name, tensor), twin in zip(one.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(tensor, twin), name


def test_a_file_without_config_is_recognised_by_its_trunk(tmp_path):
    channels, blocks = next(e.trunk for e in CATALOGUE if e.name == "sam2.1-base-plus")
    tensors = {
        "image_encoder.trunk.patch_embed.proj.weight": torch.zeros(channels, 3, 7, 7),
        **{f"image_encoder.trunk.blocks.{i}.norm1.weight": torch.zeros(1) for i in range(blocks)},
    }
    file = tmp_path / "mine.pth"
    torch.save({"model": tensors}, file)
    assert find_checkpoint(file).config.name == "sam2.1_hiera_b+.yaml"
    with pytest.raises(CheckpointError, match=r"does not fit sam2\.1_hiera_b\+\.yaml: \d+ missing"):
        create_engine(file)


def test_medsam2_is_known_by_its_file_name(tmp_path):
    tensors = {
        "image_encoder.trunk.patch_embed.proj.weight": torch.zeros(96, 3, 7, 7),
        **{f"image_encoder.trunk.blocks.{i}.norm1.weight": torch.zeros(1) for i in range(12)},
    }
    for name, size in (("MedSAM2_mine.pt", "512"), ("tiny_mine.pt", None)):
        torch.save(tensors, tmp_path / name)
        overrides = find_checkpoint(tmp_path / name).overrides
        assert any(size in o for o in overrides) if size else overrides == ()


def test_a_file_of_an_unknown_architecture_asks_for_its_config(tmp_path):
    file = tmp_path / "other.pt"
    torch.save({"layer.weight": torch.zeros(3)}, file)
    with pytest.raises(CheckpointError, match=r"layer\.weight.*other\.yaml"):
        find_checkpoint(file)


def test_other_shapes_are_named(small, weights, tmp_path):
    wrong = dict(weights)
    del wrong["no_mem_embed"]
    wrong["extra"] = torch.zeros(1)
    wrong["no_obj_ptr"] = torch.zeros(1, 3)
    torch.save({"model": wrong}, small)
    message = r"1 missing \(no_mem_embed\); 1 unexpected \(extra\); 1 misshapen \(no_obj_ptr is"
    with pytest.raises(CheckpointError, match=message):
        create_engine(small)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_would_run_code_is_refused(small, tmp_path, legacy):
    trace = tmp_path / "ran"
    if legacy:
        small.write_bytes(pickle.dumps({"model": Bomb(trace)}))
    else:
        torch.save({"model": Bomb(trace)}, small)
    with pytest.raises(CheckpointError, match="refused"):
        create_engine(small)
    assert not trace.exists()


@pytest.mark.parametrize("kind", ["text", "empty", "cut", "zip"])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_that_is_no_checkpoint_is_said_to_be_corrupt(small, weights, kind, suffix):
    file = small.with_suffix(suffix)
    if suffix == ".safetensors":
        save_file(weights, file)
    whole = file.read_bytes()
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("readme.txt", "hello")
    else:
        content = {"text": b"hello, I am text\n", "empty": b"", "cut": whole[: len(whole) // 2]}
        file.write_bytes(content[kind])
    with pytest.raises(CheckpointError, match=r"not a readable checkpoint .*fetch it again"):
        create_engine(file)


def test_a_dictionary_without_tensors_is_no_checkpoint(small):
    torch.save({"epoch": 3}, small)
    with pytest.raises(CheckpointError, match="holds no weights"):
        create_engine(small)


@pytest.mark.parametrize(
    "text", ["model: 3\n", "nothing: here\n", "[: no yaml", "model:\n  a: 1\n"]
)
def test_a_config_that_is_none_is_said(small, text):
    small.with_suffix(".yaml").write_text(text)
    with pytest.raises(CheckpointError, match="not a SAM 2 config"):
        create_engine(small)


def test_missing_files_and_other_suffixes(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        find_checkpoint(tmp_path / "absent.pt")
    (tmp_path / "scan.nii").write_text("x")
    with pytest.raises(CheckpointError, match=r"suffix \.pt"):
        find_checkpoint(tmp_path / "scan.nii")


def test_an_unknown_precision_lists_the_valid_ones(small):
    with pytest.raises(EngineError, match="float32, bfloat16"):
        Sam2Engine(find_checkpoint(small), precision="float8")


def test_the_official_configs_build(tmp_path):
    """The names in the catalogue are files of the sam2 package, and MedSAM2's overrides fit."""
    from sam2.build_sam import HF_MODEL_ID_TO_FILENAMES

    for entry in CATALOGUE:
        if entry.repository in HF_MODEL_ID_TO_FILENAMES:
            assert HF_MODEL_ID_TO_FILENAMES[entry.repository] == (entry.config, entry.file)
    medical = next(entry for entry in CATALOGUE if entry.name == "medsam2")
    empty = tmp_path / "none.pt"
    torch.save({"model": {"x": torch.zeros(1)}}, empty)
    checkpoint = Checkpoint("medsam2", empty, Path(medical.config), medical.overrides)
    with pytest.raises(CheckpointError, match=r"does not fit sam2\.1_hiera_t\.yaml"):
        build_model(checkpoint)


def test_importing_the_catalogue_loads_no_torch():
    script = (
        "import sys, breastwidget.engines as e; e.list_engines();"
        "print([m for m in ('torch', 'sam2', 'hydra') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

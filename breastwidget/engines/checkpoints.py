"""From the name of an engine, or a path, to a checkpoint on this machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breastwidget.engines.catalogue import BASELINES, CATALOGUE, EMBEDDED_FOLDER, CatalogueEntry
from breastwidget.errors import CheckpointError, DependencyError

__all__ = ["Checkpoint", "EngineRow", "find_checkpoint", "list_engines"]

_SUFFIXES = (".pt", ".pth", ".safetensors")
_NANO = CATALOGUE[0]


@dataclass(frozen=True)
class Checkpoint:
    """Weights on this machine and the config that they belong to.

    `config` is a YAML file with SAM 2's `model:` section and, where pictures are not to be shown
    the way the official checkpoints want them, a `run:` section (`fields.RunSettings`); a
    relative path is inside the sam2 package. `overrides` change it, as `key=value`.
    """

    name: str
    weights: Path
    config: Path
    overrides: tuple[str, ...] = ()
    licence: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class EngineRow:
    """One line of the table of engines; `cached` means: usable without a network."""

    name: str
    cached: bool
    megabytes: int
    input_size: int
    licence: str
    summary: str


def list_engines(cache_dir: Path | None = None) -> tuple[EngineRow, ...]:
    """Every checkpoint known by name, and whether it is on this machine; asks no network."""
    return tuple(
        EngineRow(
            entry.name,
            _local_file(entry, cache_dir) is not None,
            entry.megabytes,
            entry.input_size,
            entry.licence,
            entry.summary,
        )
        for entry in CATALOGUE
    )


def find_checkpoint(
    name_or_path: str | Path = "nano",
    *,
    cache_dir: Path | None = None,
    endpoint: str | None = None,
) -> Checkpoint:
    """The checkpoint called `name_or_path`, fetched from its hub if need be.

    A name is one of `list_engines()`; a path is a .pt, .pth or .safetensors file, with a config
    of the same stem (.yaml) beside it, or of an architecture in the catalogue. `cache_dir` and
    `endpoint` default to huggingface_hub's own (HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE apply).
    Raises `CheckpointError` with what to do where there is none.
    """
    entry = next((entry for entry in CATALOGUE if entry.name == str(name_or_path)), None)
    if entry is not None:
        weights = _local_file(entry, cache_dir) or _fetch(entry, cache_dir, endpoint)
        return _known(entry, weights)
    path = Path(name_or_path).expanduser()
    if path.suffix in _SUFFIXES or path.exists():
        return _from_file(path)
    names = ", ".join(entry.name for entry in (*CATALOGUE, *BASELINES))
    raise CheckpointError(
        f"Unknown engine {str(name_or_path)!r}; choose one of {names}, or give the path of a "
        f"{', '.join(_SUFFIXES)} file."
    )


def _known(entry: CatalogueEntry, weights: Path) -> Checkpoint:
    digest = _sha256(weights)
    # The hub's cache names a large file by its SHA-256.
    promised = weights.resolve().name
    if entry.repository and re.fullmatch("[0-9a-f]{64}", promised) and promised != digest:
        raise CheckpointError(
            f"{weights} is damaged: its SHA-256 is {digest[:12]}… and its hub says "
            f"{promised[:12]}…. Delete {weights.resolve()} and fetch {entry.name} again."
        )
    config = EMBEDDED_FOLDER / entry.config if entry.repository is None else Path(entry.config)
    return Checkpoint(entry.name, weights, config, entry.overrides, entry.licence, digest)


def _local_file(entry: CatalogueEntry, cache_dir: Path | None) -> Path | None:
    if entry.repository is None:
        embedded = EMBEDDED_FOLDER / entry.file
        return embedded if embedded.is_file() else None
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(entry.repository, entry.file, cache_dir=cache_dir)
    return Path(found) if isinstance(found, str) else None


def _fetch(entry: CatalogueEntry, cache_dir: Path | None, endpoint: str | None) -> Path:
    if entry.repository is None:
        raise CheckpointError(
            f"The embedded checkpoint is missing: expected {EMBEDDED_FOLDER / entry.file}; install "
            "breastwidget again."
        )
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise DependencyError(
            f"Fetching {entry.name} needs huggingface_hub: pip install huggingface_hub."
        ) from error
    try:
        return Path(
            hf_hub_download(entry.repository, entry.file, cache_dir=cache_dir, endpoint=endpoint)
        )
    except Exception as error:  # the hub's own, and whatever its HTTP library raises
        raise _not_fetched(entry, error) from error


def _not_fetched(entry: CatalogueEntry, error: Exception) -> CheckpointError:
    reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else "no answer"
    return CheckpointError(
        f"{entry.name} is not on this machine and could not be fetched ({reason.rstrip('.')}). "
        f"Connect to the network once, or copy {entry.file} from the hub repository "
        f"{entry.repository} ({entry.megabytes} MB) to this machine and give its path as the "
        "engine (--engine PATH); 'nano' needs no network."
    )


def _from_file(path: Path) -> Checkpoint:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint {path}; expected a file of weights.")
    if path.suffix not in _SUFFIXES:
        raise CheckpointError(
            f"Expected a checkpoint with the suffix {', '.join(_SUFFIXES)}, got {path}."
        )
    for sidecar in (path.with_suffix(".yaml"), path.with_suffix(".yml")):
        if sidecar.is_file():
            return Checkpoint(str(path), path, sidecar.resolve(), sha256=_sha256(path))
    entry = _recognise(path)
    config = EMBEDDED_FOLDER / entry.config if entry.repository is None else Path(entry.config)
    return Checkpoint(str(path), path, config, entry.overrides, sha256=_sha256(path))


def _recognise(path: Path) -> CatalogueEntry:
    """The catalogue entry whose architecture a file of weights has, by its trunk."""
    from breastwidget.engines.state_dict import read_weights

    weights = read_weights(path)
    if "image_encoder.trunk.stem.0.0.weight" in weights:
        return _NANO
    trunk = _trunk(weights)
    fitting = [entry for entry in CATALOGUE if entry.trunk is not None and entry.trunk == trunk]
    if not fitting:
        names = ", ".join(entry.name for entry in CATALOGUE)
        raise CheckpointError(
            f"{path} has an architecture that is none of {names} (its first tensors: "
            f"{', '.join(list(weights)[:3])}); put its SAM 2 config beside it as "
            f"{path.with_suffix('.yaml').name}."
        )
    # MedSAM2 has SAM 2.1 tiny's tensors; only its name tells that it wants 512 pixels.
    medical = [e for e in fitting if e.name == "medsam2" and "medsam" in path.name.lower()]
    return (medical or fitting)[0]


def _trunk(weights: dict[str, Any]) -> tuple[int, int] | None:
    """Channels and number of blocks of a Hiera trunk."""
    first = weights.get("image_encoder.trunk.patch_embed.proj.weight")
    return None if first is None else (int(first.shape[0]), _count_blocks(weights))


def _count_blocks(names: Iterable[str]) -> int:
    matches = (re.match(r"image_encoder\.trunk\.blocks\.(\d+)\.", name) for name in names)
    return len({match.group(1) for match in matches if match})


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()

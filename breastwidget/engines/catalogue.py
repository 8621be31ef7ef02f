"""The checkpoints and the baselines that this package knows by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["BASELINES", "CATALOGUE", "EMBEDDED_FOLDER", "BaselineEntry", "CatalogueEntry"]

EMBEDDED_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class CatalogueEntry:
    """One known checkpoint.

    `config` is a YAML file: of this package for an embedded checkpoint (`repository` None), else
    of the sam2 package. `overrides` change it, as `key=value`. `trunk` is (channels, blocks) of
    the Hiera trunk, by which a local file of this architecture is recognised.
    """

    name: str
    summary: str
    licence: str
    megabytes: int
    input_size: int
    config: str
    file: str
    repository: str | None = None
    overrides: tuple[str, ...] = ()
    trunk: tuple[int, int] | None = None


@dataclass(frozen=True)
class BaselineEntry:
    """An engine without a network (`baselines`): nothing to fetch, no torch needed."""

    name: str
    summary: str
    licence: str = "Apache-2.0"


def _official(
    name: str, stem: str, config: str, size: int, trunk: tuple[int, int]
) -> CatalogueEntry:
    return CatalogueEntry(
        name=f"sam2.1-{name}",
        summary=f"SAM 2.1 {name}, trained by Meta on natural video",
        licence="Apache-2.0",
        megabytes=size,
        input_size=1024,
        config=f"configs/sam2.1/sam2.1_hiera_{config}.yaml",
        file=f"sam2.1_hiera_{stem}.pt",
        repository=f"facebook/sam2.1-hiera-{name}",
        trunk=trunk,
    )


CATALOGUE = (
    CatalogueEntry(
        name="nano",
        summary="embedded; a small SAM 2 trained on synthetic lesions only",
        licence="Apache-2.0",
        megabytes=19,
        input_size=192,
        config="configs/nano.yaml",
        file="weights/nano.safetensors",
    ),
    _official("tiny", "tiny", "t", 156, (96, 12)),
    _official("small", "small", "s", 184, (96, 16)),
    _official("base-plus", "base_plus", "b+", 324, (112, 24)),
    _official("large", "large", "l", 898, (144, 48)),
    CatalogueEntry(
        name="medsam2",
        summary="MedSAM2, SAM 2.1 tiny fine-tuned on medical images at 512 pixels",
        licence="see huggingface.co/wanglab/MedSAM2",
        megabytes=156,
        input_size=512,
        config="configs/sam2.1/sam2.1_hiera_t.yaml",
        file="MedSAM2_latest.pt",
        repository="wanglab/MedSAM2",
        overrides=(
            "model.image_size=512",
            "model.memory_attention.layer.self_attention.feat_sizes=[32,32]",
            "model.memory_attention.layer.cross_attention.feat_sizes=[32,32]",
        ),
        trunk=(96, 12),
    ),
)

BASELINES = (
    BaselineEntry("otsu", "baseline without a network: threshold in the box, region growing"),
    BaselineEntry("random-walker", "baseline without a network: Grady's random walker"),
)

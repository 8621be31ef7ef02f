"""The sam2 package's own video predictor on the pictures that an engine of ours sees."""

from __future__ import annotations

import warnings
from importlib import resources
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import OmegaConf

from breastwidget.engines.checkpoints import Checkpoint
from breastwidget.engines.fields import RunSettings, lesion_field, see
from breastwidget.engines.state_dict import read_weights
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt, prompted_slices
from breastwidget.volume import SliceStack

__all__ = [
    "build_predictor",
    "load_predictor",
    "open_reference",
    "prompt_reference",
    "reference_pass",
]

_PREDICTOR = "model._target_=sam2.sam2_video_predictor.SAM2VideoPredictor"

# As in sam2.build_sam.build_sam2_video_predictor, apply_postprocessing=True; a checkpoint whose
# config says otherwise (nano's does) was trained for that, here and in our engine.
_DEFAULTS = (
    "model.sam_mask_decoder_extra_args.dynamic_multimask_via_stability=true",
    "model.sam_mask_decoder_extra_args.dynamic_multimask_stability_delta=0.05",
    "model.sam_mask_decoder_extra_args.dynamic_multimask_stability_thresh=0.98",
    "model.binarize_mask_from_pts_for_mem_enc=true",
    "model.fill_hole_area=8",
)


def build_predictor(config: Path, overrides: tuple[str, ...] = ()) -> Any:
    """The package's `SAM2VideoPredictor` with the weights that its constructors draw.

    `config` is a YAML file; a relative one is inside the sam2 package.
    """
    path = config if config.is_absolute() else resources.files("sam2").joinpath(*config.parts)
    merged = OmegaConf.merge(
        OmegaConf.from_dotlist(list(_DEFAULTS)),
        OmegaConf.load(str(path)),
        OmegaConf.from_dotlist([*overrides, _PREDICTOR]),
    )
    predictor = instantiate(merged.model, _recursive_=True).eval()
    predictor.memory_attention.register_forward_pre_hook(_float_memory, with_kwargs=True)
    return predictor


def load_predictor(checkpoint: Checkpoint) -> Any:
    """The package's predictor with a checkpoint's weights."""
    predictor = build_predictor(checkpoint.config, checkpoint.overrides)
    predictor.load_state_dict(read_weights(checkpoint.weights))
    return predictor


def open_reference(
    predictor: Any, stack: SliceStack, lesion: Lesion, settings: RunSettings
) -> dict[str, Any]:
    """The predictor's state with all slices of `stack`, in `lesion`'s field, as its video."""
    slices, rows, columns = stack.shape
    size = predictor.image_size
    field = lesion_field(stack, lesion, settings, size)
    seen = torch.stack([see(stack, i, field, size) for i in range(slices)])
    mean = torch.tensor(settings.mean).view(1, 3, 1, 1)
    std = torch.tensor(settings.std).view(1, 3, 1, 1)
    frames = ((seen - mean) / std, rows, columns)
    with patch("sam2.sam2_video_predictor.load_video_frames", return_value=frames):
        state: dict[str, Any] = predictor.init_state("")
    return state


def prompt_reference(predictor: Any, state: dict[str, Any], lesion: Lesion) -> None:
    """Forget what `state` knows of objects, and give it `lesion`'s prompts."""
    predictor.reset_state(state)
    with warnings.catch_warnings():
        _ignore_holes()
        for index in prompted_slices(lesion):
            _prompt(predictor, state, lesion, index)


def reference_pass(
    predictor: Any, state: dict[str, Any], first: int, reverse: bool, slices: int | None = None
) -> dict[int, NDArray[np.bool_]]:
    """Masks (rows, columns) by slice, of one pass from `first` over `slices`, or to the end."""
    most = None if slices is None else slices - 1  # it tracks one more than it is told
    silent = patch("sam2.sam2_video_predictor.tqdm", lambda frames, **_: frames)
    with warnings.catch_warnings(), silent:
        _ignore_holes()
        video = predictor.propagate_in_video(state, first, most, reverse)
        return {index: (logits[0, 0] > 0).numpy() for index, _, logits in video}


def _float_memory(_: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Keep the predictor going in float32 where no object pointer lies in the past.

    It stores memories in bfloat16, and without a float32 pointer beside them its linear layers
    raise. The values stay as they are.
    """
    return args, {**kwargs, "memory": kwargs["memory"].float()}


def _ignore_holes() -> None:
    # No hole filling without CUDA code; the predictor says so and goes on.
    warnings.simplefilter("ignore", UserWarning)


def _prompt(predictor: Any, state: dict[str, Any], lesion: Lesion, index: int) -> None:
    prompts = lesion.on(index)
    for prompt in prompts:
        if isinstance(prompt, MaskPrompt):
            predictor.add_new_mask(state, index, 1, torch.from_numpy(prompt.mask))
    box = [(p.x0, p.y0, p.x1, p.y1) for p in prompts if isinstance(p, BoxPrompt)]
    points = [p for p in prompts if isinstance(p, PointPrompt)]
    if box or points:
        predictor.add_new_points_or_box(
            state,
            index,
            1,
            points=[(p.x, p.y) for p in points] or None,
            labels=[int(p.positive) for p in points] or None,
            box=box[0] if box else None,
        )

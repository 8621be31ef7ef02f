"""SAM 2, on the sam2 package's own classes: the only file that imports it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import torch
from torch.nn import functional

from breastwidget.engines.attention import average_memories, rotate
from breastwidget.engines.base import EngineInfo, EngineSession
from breastwidget.engines.building import build_model
from breastwidget.engines.checkpoints import Checkpoint
from breastwidget.engines.feature_cache import Features
from breastwidget.engines.fields import FieldOfView, RunSettings
from breastwidget.engines.memory import MemoryBank, Outcome
from breastwidget.engines.prompt_inputs import PromptInputs
from breastwidget.engines.session import Sam2Session
from breastwidget.engines.token_merging import find_merging
from breastwidget.errors import DependencyError, EngineError
from breastwidget.volume import SliceStack

try:
    from sam2.modeling.sam.transformer import RoPEAttention
except ImportError as _error:
    raise DependencyError(
        "SAM 2 engines need the sam2 package: install torch, then "
        "SAM2_BUILD_CUDA=0 pip install --no-build-isolation sam2."
    ) from _error

__all__ = ["LeanCrossAttention", "Sam2Engine", "Sam2Network"]

P = ParamSpec("P")
T = TypeVar("T")

PRECISIONS = ("float32", "bfloat16")
ATTENTIONS = ("exact", "merged")

# The fraction of 2 x 2 blocks whose tokens stay apart. With half of them, nano keeps its masks
# (Dice above 0.99, `benchmarks/engine_speed.py`); with a quarter it can lose an object.
_KEEP = 0.5
_LAYER = "model.memory_attention.layer"
_HERE = "breastwidget.engines.sam2"
# What takes the place of the package's `RoPEAttention` in the memory attention.
_CLASSES = {
    "exact": (f"{_LAYER}.cross_attention._target_={_HERE}.LeanCrossAttention",),
    "merged": (
        f"{_LAYER}.cross_attention._target_={_HERE}.MergedCrossAttention",
        f"{_LAYER}.self_attention._target_={_HERE}.MergedSelfAttention",
    ),
}


class LeanCrossAttention(RoPEAttention):  # type: ignore[misc]  # sam2 has no type stubs
    """SAM 2's attention to memories, with the values projected after averaging.

    Equal to `RoPEAttention` up to rounding (`attention.average_memories`); for one head and one
    picture at a time, which is what SAM 2's memory attention has.
    """

    def forward(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, num_k_exclude_rope: int = 0
    ) -> torch.Tensor:
        """Attend from `q` (1, n, channels) to `k` and `v` (1, m, memory channels).

        The last `num_k_exclude_rope` keys are object pointers, which have no place to rotate by.
        """
        turns = _turns(self, q)
        spatial = k.shape[1] - num_k_exclude_rope
        keys = self.k_proj(k[0])
        keys = torch.cat([rotate(keys[:spatial], turns), keys[spatial:]])
        queries = rotate(self.q_proj(q[0]), turns)
        means = average_memories(queries, keys, v[0].to(keys.dtype))
        return cast(torch.Tensor, self.out_proj(self.v_proj(means))[None])


class MergedCrossAttention(LeanCrossAttention):
    """Attention to memories on merged tokens (`token_merging`): faster, and an approximation."""

    def forward(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, num_k_exclude_rope: int = 0
    ) -> torch.Tensor:
        """As `LeanCrossAttention`; each slice in memory, and the one asked, is merged by itself."""
        turns = _turns(self, q)
        tokens, spatial = len(turns), k.shape[1] - num_k_exclude_rope
        asked = find_merging(q[0], _KEEP)
        keys, values, weights = [], [], []
        for start in range(0, spatial, tokens):
            here = slice(start, start + tokens)
            merging = find_merging(v[0, here], _KEEP)
            keys.append(rotate(self.k_proj(merging.merge(k[0, here])), merging.merge(turns)))
            values.append(merging.merge(v[0, here]))
            weights.append(merging.log_weights())
        keys.append(self.k_proj(k[0, spatial:]))
        values.append(v[0, spatial:])
        weights.append(torch.zeros(num_k_exclude_rope, device=k.device))
        queries = rotate(self.q_proj(asked.merge(q[0])), asked.merge(turns))
        found = torch.cat(keys)
        means = average_memories(
            queries, found, torch.cat(values).to(found.dtype), torch.cat(weights)
        )
        return asked.unmerge(self.out_proj(self.v_proj(means)))[None]


class MergedSelfAttention(RoPEAttention):  # type: ignore[misc]  # sam2 has no type stubs
    """Self-attention on merged tokens (`token_merging`): faster, and an approximation."""

    def forward(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, num_k_exclude_rope: int = 0
    ) -> torch.Tensor:
        """Attend among tokens (1, n, channels) of one picture."""
        if num_k_exclude_rope:
            return cast(torch.Tensor, super().forward(q, k, v, num_k_exclude_rope))
        merging = find_merging(q[0], _KEEP)
        turns = merging.merge(_turns(self, q))
        keys = rotate(self.k_proj(merging.merge(k[0])), turns)
        queries = rotate(self.q_proj(merging.merge(q[0])), turns)
        values = self.v_proj(merging.merge(v[0]))
        means = average_memories(queries, keys, values, merging.log_weights())
        return merging.unmerge(self.out_proj(means))[None]


def _turns(attention: Any, queries: torch.Tensor) -> torch.Tensor:
    """Complex turns (tokens, channels / 2) for the square of tokens that asks."""
    if attention.freqs_cis.shape[0] != queries.shape[1]:
        side = math.isqrt(queries.shape[1])
        attention.freqs_cis = attention.compute_cis(end_x=side, end_y=side)
    attention.freqs_cis = attention.freqs_cis.to(queries.device)
    return cast(torch.Tensor, attention.freqs_cis)


def _inference(step: Callable[P, T]) -> Callable[P, T]:
    """Run a network's step without gradients and in the network's precision."""

    @wraps(step)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        network = cast(Sam2Network, args[0])
        with torch.inference_mode(), network.autocast():
            return step(*args, **kwargs)

    return inner


class Sam2Network:
    """The steps of a SAM 2 model that a session takes, one object at a time.

    What goes in and comes out, and the order of the steps, follow the package's own
    `SAM2VideoPredictor` with its default post-processing.
    """

    def __init__(self, model: Any, settings: RunSettings, precision: str = "float32") -> None:
        self._model = model
        self._mean = torch.tensor(settings.mean, device=model.device).view(1, 3, 1, 1)
        self._std = torch.tensor(settings.std, device=model.device).view(1, 3, 1, 1)
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        # On a small region, a quarter of the resolution (what the predictor keeps of a mask
        # prompt) would lose the tip of a lesion; training gives the memory encoder all of it.
        self._sharp_masks = settings.region_scale is not None
        self._places: list[torch.Tensor] = []
        self._sizes: list[tuple[int, int]] = []
        self._memory_places: torch.Tensor | None = None
        self.image_size = int(model.image_size)
        # As `SAM2Base._prepare_memory_conditioned_features` picks them.
        stride = model.memory_temporal_stride_for_eval
        self.look_back = max((model.num_maskmem - 2) * stride + 1, 0)
        self.pointer_look_back = int(model.max_obj_ptrs_in_encoder) - 1

    def autocast(self) -> torch.autocast:
        """The context in which the network computes."""
        enabled = self._dtype is not torch.float32
        return torch.autocast(self._model.device.type, dtype=torch.bfloat16, enabled=enabled)

    @_inference
    def encode(self, pictures: torch.Tensor) -> list[Features]:
        """Features of float32 pictures (n, 3, size, size) as `see` gives them, one for each."""
        images = (pictures.to(self._model.device) - self._mean) / self._std
        encoded = self._model.forward_image(images)
        _, maps, places, sizes = self._model._prepare_backbone_features(encoded)
        if not self._places:
            self._places = [place[:, :1].clone() for place in places]
            self._sizes = sizes
        return [
            Features(tuple(level[:, i : i + 1].to(self._dtype).clone() for level in maps))
            for i in range(len(pictures))
        ]

    @_inference
    def prompt(self, features: Features, inputs: PromptInputs, field: FieldOfView) -> Outcome:
        """The object that prompts show on a slice, without memory of others."""
        points = None
        if inputs.coords is not None and inputs.labels is not None:
            points = {
                "point_coords": inputs.coords.to(self._model.device),
                "point_labels": inputs.labels.to(self._model.device),
            }
        if inputs.mask is None:
            return self._step(features, field, points, None, None)
        mask = inputs.mask.to(self._model.device)
        drawn = self._step(features, field, None, mask, None)
        low_res = drawn.logits
        if self._sharp_masks:
            drawn = replace(drawn, logits=mask * 20.0 - 10.0)
        if points is None:
            return drawn
        # A mask and points together: as the predictor does when points follow a mask.
        return self._step(features, field, points, None, low_res.clamp(-32.0, 32.0))

    @_inference
    def track(
        self,
        features: Features,
        field: FieldOfView,
        bank: MemoryBank,
        index: int,
        slices: int,
        reverse: bool,
    ) -> Outcome:
        """The object on slice `index` of so many, from what `bank` remembers of the others."""
        known = {
            "cond_frame_outputs": self._as_memories(bank.prompted),
            "non_cond_frame_outputs": self._as_memories(bank.tracked),
        }
        _, heads, _, _ = self._model._track_step(
            index, False, list(features.maps), self._places, self._sizes, None, None, known,
            slices, reverse, None,
        )  # fmt: skip
        return self._encode_memory(features, _outcome(heads, field, prompted=False), heads[4])

    @_inference
    def remember(self, features: Features, outcome: Outcome) -> Outcome:
        """`outcome` with its spatial memory."""
        size = (self.image_size, self.image_size)
        masks = functional.interpolate(outcome.logits, size, mode="bilinear", align_corners=False)
        return self._encode_memory(features, outcome, masks)

    def _step(
        self,
        features: Features,
        field: FieldOfView,
        points: dict[str, torch.Tensor] | None,
        mask: torch.Tensor | None,
        previous: torch.Tensor | None,
    ) -> Outcome:
        """A prompted slice, seen by itself."""
        nothing: dict[str, Any] = {"cond_frame_outputs": {}, "non_cond_frame_outputs": {}}
        _, heads, _, _ = self._model._track_step(
            0, True, list(features.maps), self._places, self._sizes, points, mask, nothing,
            1, False, previous,
        )  # fmt: skip
        return _outcome(heads, field, prompted=True)

    def _encode_memory(self, features: Features, outcome: Outcome, masks: torch.Tensor) -> Outcome:
        memory, places = self._model._encode_new_memory(
            current_vision_feats=list(features.maps),
            feat_sizes=self._sizes,
            pred_masks_high_res=masks,
            object_score_logits=outcome.score,
            is_mask_from_pts=outcome.prompted,
        )
        if self._memory_places is None:
            self._memory_places = places[-1].clone()
        # The package keeps memories in bfloat16 whatever the precision; equal masks need that.
        return replace(outcome, memory=memory.to(torch.bfloat16))

    def _as_memories(self, outcomes: dict[int, Outcome]) -> dict[int, dict[str, Any]]:
        return {
            index: {
                "maskmem_features": outcome.memory,
                "maskmem_pos_enc": [self._memory_places],
                "obj_ptr": outcome.pointer,
            }
            for index, outcome in outcomes.items()
        }


def _outcome(heads: tuple[Any, ...], field: FieldOfView, prompted: bool) -> Outcome:
    _, _, ious, low_res, _, pointer, score = heads
    return Outcome(field, low_res.float(), pointer, score, float(ious.max()), prompted)


class Sam2Engine:
    """A SAM 2 checkpoint as an engine.

    `precision` is "float32", or "bfloat16" for speed on processors with AMX and on GPUs.
    `cache_bytes` limits the image features kept for each open stack. `device` is torch's name of
    one; by default a GPU where there is one.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        precision: str = "float32",
        attention: str = "exact",
        cache_bytes: int = 2 * 2**30,
        device: str | None = None,
    ) -> None:
        if precision not in PRECISIONS:
            raise EngineError(
                f"Unknown precision {precision!r}; choose one of {', '.join(PRECISIONS)}."
            )
        if attention not in ATTENTIONS:
            raise EngineError(
                f"Unknown attention {attention!r}; choose one of {', '.join(ATTENTIONS)}."
            )
        self._checkpoint = checkpoint
        self._attention = attention
        self._precision = precision
        self._cache_bytes = cache_bytes
        model, self._settings = build_model(checkpoint, _CLASSES[attention])
        model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._network = Sam2Network(model, self._settings, precision)

    @property
    def info(self) -> EngineInfo:
        """Name, checkpoint digest and settings, for provenance."""
        settings = (("precision", self._precision), ("attention", self._attention))
        return EngineInfo(self._checkpoint.name, self._checkpoint.sha256, settings)

    def open(self, stack: SliceStack) -> EngineSession:
        """Open `stack` (slices, rows, columns) for any number of predictions and passes."""
        return Sam2Session(self._network, stack, self._settings, self._cache_bytes)

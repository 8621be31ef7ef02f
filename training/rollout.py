"""Running the model over batches, as the engine runs it over slices."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from breastwidget.engines.appearance import channels
from training.generator import Batch
from training.looks import clip_looks
from training.losses import Candidates, Score, score

MANY_FRAMES = 64
"""Length of stack that the model is told, longer than its reach for object pointers."""


class DecoderTap:
    """Keeps the mask decoder's last output, before masks of absent objects are blanked.

    SAM 2 replaces those masks by -1024 before anyone sees them, which stops the
    gradient of a wrongly missed object.
    """

    def __init__(self, model: nn.Module) -> None:
        self._last: Candidates | None = None
        model.sam_mask_decoder.register_forward_hook(self._keep)  # type: ignore[union-attr]

    def _keep(self, _module: nn.Module, _inputs: Any, output: tuple[torch.Tensor, ...]) -> None:
        logits, ious, _, object_scores = output
        self._last = Candidates(logits.float(), ious.float(), object_scores.float())

    @property
    def last(self) -> Candidates:
        """The candidates of the decoder's last call."""
        if self._last is None:
            raise RuntimeError("the mask decoder has not run yet")
        return self._last


def model_inputs(
    batch: Batch, kind: str, mean: list[float], std: list[float], draw: torch.Generator
) -> torch.Tensor:
    """Model input (clips · frames, 3, size, size): what is learnt of the grays, as channels.

    Args:
        batch: clips.
        kind: ``"box"`` or ``"mask"``: what the appearance is first learnt from.
        mean, std: of each channel, as in the checkpoint's config.
        draw: chooses how well the appearance is learnt; see `looks.clip_looks`.
    """
    shown = []
    for clip, pictures in enumerate(batch.pictures):
        looks = clip_looks(batch, clip, kind, draw)
        shown += [channels(picture, look) for picture, look in zip(pictures, looks, strict=True)]
    stacked = torch.stack(shown)
    centre, spread = (
        torch.tensor(values, device=stacked.device).view(1, 3, 1, 1) for values in (mean, std)
    )
    scaled = (stacked - centre) / spread
    return scaled.contiguous(memory_format=torch.channels_last)


def sample_pixels(where: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A pixel of each mask, deep inside rather than at its edge.

    Args:
        where: bool (clips, size, size); an empty mask gives any pixel.
        generator: where the choice comes from.

    Returns:
        float32 (clips, 1, 2), x and y.
    """
    inside = where[:, None].float()
    weights = (functional.avg_pool2d(inside, 9, 1, 4) ** 3 * inside).flatten(1) + 1e-9
    index = torch.multinomial(weights.cpu(), 1, generator=generator)
    size = where.shape[-1]
    place = torch.stack([index % size, index // size], -1).float() + 0.5
    return place.to(where.device)


def box_points(boxes: torch.Tensor) -> dict[str, torch.Tensor]:
    """Boxes (clips, 4) as SAM 2's two corner points."""
    labels = torch.tensor([[2, 3]], dtype=torch.int32, device=boxes.device).expand(len(boxes), 2)
    return {"point_coords": boxes.view(-1, 2, 2), "point_labels": labels}


def click_points(coords: torch.Tensor, positive: torch.Tensor) -> dict[str, torch.Tensor]:
    """Clicks (clips, 1, 2), positive or not (clips,), as SAM 2's points."""
    return {"point_coords": coords, "point_labels": positive.int()[:, None]}


def hits(coords: torch.Tensor) -> dict[str, torch.Tensor]:
    """Positive clicks (clips, 1, 2) as SAM 2's points."""
    return click_points(coords, torch.ones(len(coords), device=coords.device))


def run_slices(
    model: Any, tap: DecoderTap, batch: Batch, inputs: torch.Tensor, draw: torch.Generator
) -> list[Score]:
    """Single slices: a prompt, and at times a correcting click on what came out.

    Args:
        model: SAM2Base.
        tap: its decoder's tap.
        batch: clips of one frame.
        inputs: float32 (clips, 3, size, size), normalised.
        draw: chooses kinds of prompts, clicks and the number of candidates.
    """
    features = model.forward_image(inputs)["backbone_fpn"]
    pixels, high = features[-1] + model.no_mem_embed.view(1, -1, 1, 1), features[:2]
    masks = batch.masks[:, 0]
    kind = torch.rand((), generator=draw).item()
    if kind < 0.8:
        points = box_points(batch.boxes)
    else:
        here = sample_pixels(masks, draw)
        points = hits(here)
    # A box yields one mask in SAM 2; teaching three as well keeps dynamic selection usable.
    several = kind >= 0.8 or kind < 0.2
    model._forward_sam_heads(pixels, points, None, high, several)
    scores = [score(tap.last, masks)]
    if torch.rand((), generator=draw).item() < 0.25:
        best = tap.last.ious.argmax(1)
        logits = tap.last.logits[torch.arange(len(best)), best].detach()[:, None]
        finer = functional.interpolate(logits, size=masks.shape[-2:], mode="bilinear")
        where = sample_pixels((finer[:, 0] > 0) ^ masks, draw)
        column, row = where[:, 0].long().unbind(1)
        hit = click_points(where, masks[torch.arange(len(masks)), row, column])
        both = {key: torch.cat([points[key], hit[key]], 1) for key in points}
        model._forward_sam_heads(pixels, both, logits.clamp(-32, 32), high, False)
        scores.append(score(tap.last, masks))
    return scores


def _prompt(batch: Batch, kind: str, draw: torch.Generator) -> dict[str, Any]:
    """The prompted frame's prompt as arguments of ``SAM2Base.track_step``."""
    masks = batch.masks[:, batch.prompted]
    if kind == "mask":
        return {"point_inputs": None, "mask_inputs": masks[:, None].float()}
    if kind == "click":
        where = sample_pixels(masks, draw)
        return {
            "point_inputs": hits(where),
            "mask_inputs": None,
        }
    return {"point_inputs": box_points(batch.boxes), "mask_inputs": None}


def run_clip(
    model: Any,
    tap: DecoderTap,
    batch: Batch,
    inputs: torch.Tensor,
    kind: str,
    draw: torch.Generator,
) -> dict[int, Score]:
    """Carry a prompt through clips: the prompted frame first, then the others in order.

    Args:
        model: SAM2Base.
        tap: its decoder's tap.
        batch: clips.
        inputs: float32 (clips · frames, 3, size, size), normalised.
        kind: ``"box"``, ``"mask"`` or ``"click"``.
        draw: chooses clicks.

    Returns:
        scores by frame; a frame prompted by its mask has none.
    """
    shape = (len(batch.pictures), batch.frames)
    encoded = model.forward_image(inputs)
    levels = {key: encoded[key] for key in ("backbone_fpn", "vision_pos_enc")}
    memory: dict[str, dict[int, Any]] = {"cond_frame_outputs": {}, "non_cond_frame_outputs": {}}
    scores: dict[int, Score] = {}
    unprompted = {"point_inputs": None, "mask_inputs": None}
    for frame in [batch.prompted, *(t for t in range(batch.frames) if t != batch.prompted)]:
        first = frame == batch.prompted
        one = {k: [x.unflatten(0, shape)[:, frame] for x in v] for k, v in levels.items()}
        _, visible, places, sizes = model._prepare_backbone_features(one)
        output = model.track_step(
            frame_idx=frame,
            is_init_cond_frame=first,
            current_vision_feats=visible,
            current_vision_pos_embeds=places,
            feat_sizes=sizes,
            output_dict=memory,
            num_frames=MANY_FRAMES,
            **(_prompt(batch, kind, draw) if first else unprompted),
        )
        memory["cond_frame_outputs" if first else "non_cond_frame_outputs"][frame] = output
        if not (first and kind == "mask"):
            scores[frame] = score(tap.last, batch.masks[:, frame])
    return scores

"""What the model is taught: masks, their expected IoU, and whether the object is there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

FOCAL_WEIGHT = 10.0
FOCAL_POWER = 1.5
LOSING_WEIGHT = 2.0
"""How much worse it is to miss an object than to see one that is not there.

A lost object is not found again, for the memory of its absence outlives it.
"""


@dataclass(frozen=True)
class Candidates:
    """The mask decoder's output before absent objects' masks are blanked.

    Attributes:
        logits: float (clips, candidates, rows, columns), low resolution.
        ious: float (clips, candidates), the IoU that the decoder expects.
        object_scores: float (clips, 1), positive where it sees the object.
    """

    logits: torch.Tensor
    ious: torch.Tensor
    object_scores: torch.Tensor


@dataclass(frozen=True)
class Score:
    """One frame's loss and how well it went.

    Attributes:
        loss: scalar.
        dice: float (clips,), of the candidate that the decoder would choose.
        present: bool (clips,), whether the object is on this frame.
        found: bool (clips,), whether the object score is positive.
    """

    loss: torch.Tensor
    dice: torch.Tensor
    present: torch.Tensor
    found: torch.Tensor


def _mask_losses(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Focal plus Dice loss of each candidate; (clips, candidates)."""
    chance = logits.sigmoid()
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    missed = (chance - target).abs()
    focal = (entropy * missed**FOCAL_POWER).mean((2, 3))
    overlap = (chance * target).sum((2, 3))
    dice = 1 - (2 * overlap + 1) / (chance.sum((2, 3)) + target.sum((2, 3)) + 1)
    return FOCAL_WEIGHT * focal + dice


def score(candidates: Candidates, masks: torch.Tensor) -> Score:
    """Compare one frame's candidates with its masks.

    Args:
        candidates: the decoder's output.
        masks: bool (clips, size, size).

    Returns:
        the best candidate's mask loss, IoU and object losses, mean over clips.
    """
    count = candidates.ious.shape[1]
    half = masks.shape[-1] // 2
    logits = functional.interpolate(
        candidates.logits.clamp(-30, 30), size=(half, half), mode="bilinear", align_corners=False
    )
    target = functional.avg_pool2d(masks[:, None].float(), 2).expand(-1, count, -1, -1)
    present = masks.flatten(1).any(1)
    here = present.float()
    losses = _mask_losses(logits, target)
    with torch.no_grad():
        hard, true = logits > 0, target > 0.5
        both = (hard & true).sum((2, 3)).float()
        sizes = hard.sum((2, 3)).float() + true.sum((2, 3)).float()
        iou = (both + 1e-3) / (sizes - both + 1e-3)
        chosen = candidates.ious.argmax(1, keepdim=True)
        dice = ((2 * both + 1e-3) / (sizes + 1e-3)).gather(1, chosen)[:, 0]
    mask_loss = (losses.min(1).values * here).mean()
    iou_loss = ((candidates.ious - iou).abs().mean(1) * here).mean()
    object_loss = functional.binary_cross_entropy_with_logits(
        candidates.object_scores[:, 0], here, pos_weight=here.new_tensor(LOSING_WEIGHT)
    )
    found = candidates.object_scores[:, 0] > 0
    return Score(mask_loss + iou_loss + object_loss, dice, present, found)

"""Clips of synthetic lesions, cut out around their prompt as the engine does it.

``python -m training.generator sheet.png`` draws a sheet of samples.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import torch
from torch.nn import functional

from training import acquisition
from training.draw import Draw
from training.scenes import Scene, draw_scene

REGION_SCALES = (1.5, 2.4)
"""Side of the region over the longer side of the prompts' box: about that of the checkpoint's
config. A model that always sees the same fraction takes the lesion's size from the region."""

LEAST_PIXELS = 10
"""Fewest lesion pixels of a prompted slice in the region."""


@dataclass(frozen=True)
class Clip:
    """One region over successive slices.

    Attributes:
        pictures: float32 (frames, size, size) in [0, 1].
        masks: bool (frames, size, size).
        seen: bool (size, size), where the region lies inside the picture.
        box: float32 (4,), x0, y0, x1, y1 in pixels of the region, on the prompted frame.
        prompted: the frame that carries the prompt.
    """

    pictures: torch.Tensor
    masks: torch.Tensor
    seen: torch.Tensor
    box: torch.Tensor
    prompted: int


@dataclass(frozen=True)
class Batch:
    """Clips of one length: as in ``Clip``, with a first axis over clips."""

    pictures: torch.Tensor
    masks: torch.Tensor
    seen: torch.Tensor
    boxes: torch.Tensor
    prompted: int

    @property
    def frames(self) -> int:
        """Slices per clip."""
        return self.pictures.shape[1]

    def to(self, device: torch.device) -> Batch:
        """The same on ``device``."""
        return Batch(
            self.pictures.to(device),
            self.masks.to(device),
            self.seen.to(device),
            self.boxes.to(device),
            self.prompted,
        )


def draw_box(mask: torch.Tensor, draw: Draw) -> torch.Tensor:
    """A box as a person draws it: tight, a little off, or loose.

    Args:
        mask: bool (rows, columns), not empty.
        draw: where the jitter comes from.

    Returns:
        float32 (4,): x0, y0, x1, y1 in samples, half-open.
    """
    rows, columns = torch.where(mask)
    box = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()
    width, height = (box[2] - box[0]).item(), (box[3] - box[1]).item()
    sides = torch.tensor([width, height, width, height])
    kind = draw.uniform(0.0, 1.0)
    if kind < 0.45:
        return box
    if kind < 0.6:
        return box + sides * torch.tensor([draw.uniform(-0.07, 0.07) for _ in range(4)])
    grow = torch.tensor([-1.0, -1.0, 1.0, 1.0]) * draw.uniform(0.02, 0.28)
    return box + sides * (grow + torch.tensor([draw.uniform(-0.03, 0.03) for _ in range(4)]))


def _reach(masks: torch.Tensor, box: torch.Tensor) -> float:
    """The side of a square around the box's centre that holds all of the masks, in samples."""
    rows, columns = torch.where(masks.any(0))
    x, y = (box[0] + box[2]).item() / 2, (box[1] + box[3]).item() / 2
    far = max(
        x - int(columns.min()), int(columns.max()) + 1 - x, y - int(rows.min()),
        int(rows.max()) + 1 - y,
    )  # fmt: skip
    return 2.0 * far


def _region(
    box: torch.Tensor, masks: torch.Tensor, field: int, draw: Draw
) -> tuple[float, float, float]:
    """Centre column, centre row and side of the region for a box, in samples."""
    longer = max((box[2] - box[0]).item(), (box[3] - box[1]).item())
    # A least side in millimetres means: now and then the box is small in its region.
    least = field * (draw.uniform(0.5, 0.9) if draw.chance(0.5) else draw.uniform(0.2, 0.4))
    side = max(draw.uniform(*REGION_SCALES) * longer, least)
    if draw.chance(0.85):  # the engine enlarges the region before a lesion outgrows it
        side = max(side, _reach(masks, box) * draw.uniform(1.02, 1.5))
    if draw.chance(0.1):  # the union of several prompts
        side *= draw.uniform(1.0, 1.3)
        box = box + side * 0.1 * torch.tensor([draw.uniform(-1, 1), draw.uniform(-1, 1)]).repeat(2)
    return (box[0] + box[2]).item() / 2, (box[1] + box[3]).item() / 2, side


def cut_region(scene: Scene, frames: list[int], prompted: int, size: int, draw: Draw) -> Clip:
    """Prompt a scene on one frame and resample the region around the prompt.

    Args:
        scene: what to cut from.
        frames: the scene's frames that the clip shall have.
        prompted: the prompted one, as an index into ``frames``.
        size: rows and columns of the clip.
        draw: jitters the box and the gray window.
    """
    field = scene.pictures.shape[-1]
    box = draw_box(scene.masks[frames[prompted]], draw)
    x, y, side = _region(box, scene.masks[frames], field, draw)
    axis = (torch.arange(size) + 0.5) / size - 0.5
    to_unit = 2.0 / field  # grid_sample: -1 and 1 are the outer edges of the field
    rows, columns = torch.meshgrid(
        (y + axis * side) * to_unit - 1.0, (x + axis * side) * to_unit - 1.0, indexing="ij"
    )
    where = torch.stack([columns, rows], -1)[None]
    pictures = acquisition.window(
        scene.pictures[frames], _near(scene, frames[prompted], x, y, side), draw
    )
    # Beyond the picture the engine sees black.
    whole = torch.ones_like(pictures[:1])
    planes = torch.cat([pictures, scene.masks[frames].float(), whole])[None]
    cut = functional.grid_sample(planes, where, padding_mode="zeros", align_corners=False)[0]
    offset = torch.tensor([x, y, x, y]) - side / 2
    box = (box - offset) * size / side
    count = len(frames)
    return Clip(cut[:count], cut[count : 2 * count] > 0.5, cut[-1] > 0.5, box, prompted)


def _near(scene: Scene, prompted: int, x: float, y: float, side: float) -> torch.Tensor:
    """The scene's gray values in the region, on the prompted frame and three on either side."""
    field = scene.pictures.shape[-1]
    left, right = max(0, int(x - side / 2)), min(field, int(x + side / 2) + 1)
    top, bottom = max(0, int(y - side / 2)), min(field, int(y + side / 2) + 1)
    return scene.pictures[max(0, prompted - 3) : prompted + 4, top:bottom, left:right]


def draw_clip(draw: Draw, frames: int, prompted: int, size: int) -> Clip:
    """One clip whose prompted frame lies anywhere along the lesion."""
    while True:
        scene = draw_scene(draw, frames, prompted)
        clip = cut_region(scene, list(range(frames)), prompted, size, draw)
        if int(clip.masks[prompted].sum()) >= LEAST_PIXELS:
            return clip


def draw_slices(draw: Draw, count: int, size: int) -> list[Clip]:
    """``count`` clips of one frame, three to a scene, each with its own box and region."""
    clips: list[Clip] = []
    while len(clips) < count:
        scene = draw_scene(draw, frames=5, prompted=2)
        for frame in (0, 2, 4):
            if int(scene.masks[frame].sum()) < 5:
                continue
            clip = cut_region(scene, [frame], 0, size, draw)
            if int(clip.masks[0].sum()) >= LEAST_PIXELS:
                clips.append(clip)
    return clips[:count]


def draw_batch(seed: int, clips: int, frames: int, size: int) -> Batch:
    """A batch that depends on its seed alone.

    One frame: single slices. More: four batches of five start at the prompted frame;
    in the fifth the prompted frame lies further along, as when a one-way strategy runs
    through a lesion whose box was drawn on a middle slice.
    """
    draw = Draw(seed)
    if frames == 1:
        drawn = draw_slices(draw, clips, size)
    else:
        prompted = draw.integer(1, frames - 2) if draw.chance(0.2) else 0
        drawn = [draw_clip(draw, frames, prompted, size) for _ in range(clips)]
    return Batch(
        torch.stack([clip.pictures for clip in drawn]),
        torch.stack([clip.masks for clip in drawn]),
        torch.stack([clip.seen for clip in drawn]),
        torch.stack([clip.box for clip in drawn]),
        drawn[0].prompted,
    )


def sheet(batch: Batch) -> torch.Tensor:
    """Clips as rows, the lesion's outline tinted; uint8 (rows, columns, 3)."""
    masks = batch.masks.float()
    inner = -functional.max_pool2d(-masks, 3, 1, 1)
    outline = (masks - inner).unsqueeze(-1)
    tint = torch.tensor([1.0, 0.2, 0.1])
    colour = batch.pictures.unsqueeze(-1) * (1 - outline) + outline * tint
    clips, frames, rows, columns, _ = colour.shape
    flat = colour.permute(0, 2, 1, 3, 4).reshape(clips * rows, frames * columns, 3)
    return (flat * 255).byte()


def main() -> None:
    """Draw a sheet of sample clips to a picture file."""
    from PIL import Image

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", help="where the picture goes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--frames", type=int, default=10)
    options = parser.parse_args()
    batch = draw_batch(options.seed, options.clips, options.frames, size=160)
    Image.fromarray(sheet(batch).numpy()).save(options.path)


if __name__ == "__main__":
    main()

"""The images that one scan is shown and segmented in: phases and subtractions on one grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from breastwidget.app.model import Image
from breastwidget.errors import VolumeError
from breastwidget.readers import check_image
from breastwidget.volume import Volume, same_grid

__all__ = ["as_images"]

Images = Volume | Mapping[str, Volume] | Sequence[Volume]


def as_images(volume: Images, phases: Images | None = None) -> tuple[Image, ...]:
    """The images of `volume`, then those of `phases`, each with a label of its own.

    Raises `VolumeError` where one is no image or lies on another grid than the first.
    """
    given = [*_labelled(volume), *(_labelled(phases) if phases is not None else ())]
    if not given:
        raise VolumeError("Expected at least one image, got none; load one with breastwidget.load.")
    images: list[Image] = []
    for label, each in given:
        check_image(each)
        first = images[0].volume if images else each
        if not same_grid(each, first):
            raise VolumeError(
                f"{label}: expected the grid of {images[0].label}, shape {first.shape}, got shape "
                f"{each.shape} or another place; give images of one series, or register them."
            )
        images.append(Image(_unlike(label, [image.label for image in images]), each))
    return tuple(images)


def _labelled(images: Images) -> list[tuple[str, Volume]]:
    if isinstance(images, Volume):
        return [(_label(images), images)]
    if isinstance(images, Mapping):
        return [(str(label), volume) for label, volume in images.items()]
    return [(_label(volume), volume) for volume in images]


def _label(volume: Volume) -> str:
    if volume.source.subtraction is not None:
        return f"phase {volume.source.subtraction} − phase 0"
    if volume.source.phase is not None:
        return f"phase {volume.source.phase}"
    return volume.name


def _unlike(label: str, others: Sequence[str]) -> str:
    number = 2
    found = label
    while found in others:
        found = f"{label} ({number})"
        number += 1
    return found

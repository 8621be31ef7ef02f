"""Frames at each slice position → the phases of one DICOM series, in the order of time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from breastwidget.errors import VolumeError
from breastwidget.readers.dicom_frames import TIME_KEYS, DicomFrame

__all__ = ["order_phases"]


def order_phases(
    positions: list[list[DicomFrame]], name: str
) -> tuple[tuple[DicomFrame, ...], ...]:
    """Frames by phase, then by slice; `positions` has the frames at each slice position.

    Phases are told apart by the first of `TIME_KEYS` that orders the images at every position
    without two phases overlapping. Raises `VolumeError` where nothing does.
    """
    if len(positions[0]) == 1:
        return (tuple(group[0] for group in positions),)
    for key in TIME_KEYS:
        if key == "InstanceNumber":
            _check_same_contrast(positions, name)
        phases = _ordered_by(positions, key)
        if phases is not None:
            return phases
    raise VolumeError(
        f"{name}: there are {len(positions[0])} images at each position, but nothing in the files "
        f"says in which order (looked at {', '.join(TIME_KEYS)}); take the extra files out, or "
        "give a list of folders, one per phase, in order."
    )


def _ordered_by(
    positions: list[list[DicomFrame]], key: str
) -> tuple[tuple[DicomFrame, ...], ...] | None:
    """Frames by phase as `key` orders them; None where it cannot."""
    if any(key not in frame.times for frame in _all_frames(positions)):
        return None
    columns: list[list[DicomFrame]] = []
    for group in positions:
        ordered = sorted(group, key=lambda frame: frame.times[key])
        values = [frame.times[key] for frame in ordered]
        if len(set(values)) < len(values):
            return None
        columns.append(ordered)
    phases = tuple(zip(*columns, strict=True))
    # Instance numbers may run through the phases position by position; times may not overlap.
    if key != "InstanceNumber":
        for earlier, later in pairwise(phases):
            if max(f.times[key] for f in earlier) >= min(f.times[key] for f in later):
                return None
    return phases


def _check_same_contrast(positions: list[list[DicomFrame]], name: str) -> None:
    """Images that differ in echo time, b value or image type are not the phases of one scan."""
    kinds = Counter(frame.contrast for frame in _all_frames(positions))
    if len(kinds) > 1:
        listed = "; ".join(
            f"{count} with echo time {echo}, b value {b}, image type {kind}"
            for (echo, b, kind), count in sorted(kinds.items())
        )
        raise VolumeError(
            f"{name}: expected the phases of one scan, got images of several kinds at the same "
            f"positions: {listed}. Put one kind into a folder of its own."
        )


def _all_frames(positions: list[list[DicomFrame]]) -> list[DicomFrame]:
    return [frame for group in positions for frame in group]

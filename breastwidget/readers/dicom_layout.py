"""Frames of one DICOM series → slices by position, or a word on what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError
from breastwidget.readers.dicom_frames import DicomFrame
from breastwidget.readers.dicom_phases import order_phases
from breastwidget.volume import Affine

__all__ = ["DicomLayout", "arrange"]

# Positions closer than this are one position: headers round to about 0.01 mm.
_SAME_POSITION_MM = 0.02
# Steps may differ by this share of the spacing (rounding again) before they count as uneven.
_EVEN_SHARE = 0.02
# How far an image may lie from where the affine puts it: mm, and share of the spacing.
_OFF_LINE_MM = 0.1
_OFF_LINE_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class DicomLayout:
    """`phases[p][k]` is the frame of phase p at slice k; `affine` is 4x4, (i, j, k) → mm, RAS+.

    i runs along columns, j along rows, k along the slice normal (columns x rows).
    """

    phases: tuple[tuple[DicomFrame, ...], ...]
    affine: Affine


def arrange(frames: Sequence[DicomFrame], name: str) -> DicomLayout:
    """Sort the frames of a folder; raise `VolumeError` unless they are one evenly spaced series.

    Slices are sorted by position along the slice normal, whatever their file names and instance
    numbers say.
    """
    _check_one_series(frames, name)
    _check_one_geometry(frames, name)
    _check_no_copies(frames, name)
    directions = frames[0].directions
    normal = np.cross(directions[0], directions[1])
    positions = _group_by_position(frames, normal)
    where = _PositionNames(normal)
    _check_counts(positions, where, name)
    _check_spacing(positions, normal, where, name)
    return DicomLayout(order_phases(positions, name), _affine(positions, directions))


@dataclass(frozen=True, eq=False)
class _PositionNames:
    """How a position is told to a person: mm along the slice normal, signed as in the headers."""

    normal: NDArray[np.float64]

    def mm(self, origin_mm: NDArray[np.float64]) -> float:
        sign = np.sign(self.normal[np.argmax(np.abs(self.normal))])
        return float(sign * self.normal @ origin_mm)

    def __call__(self, frame: DicomFrame) -> str:
        return f"{self.mm(frame.origin_mm):.2f} mm"


def _check_one_series(frames: Sequence[DicomFrame], name: str) -> None:
    counts = Counter((frame.series_uid, frame.series_description) for frame in frames)
    if len({uid for uid, _ in counts}) < 2:
        return
    listed = "; ".join(
        f"...{uid[-8:]} {description!r} ({count} images)"
        for (uid, description), count in sorted(counts.items())
    )
    raise VolumeError(
        f"{name}: expected one DICOM series in the folder, got {len(counts)}: {listed}. Put each "
        "series into its own folder and point at one of them (or give a list of folders, in "
        "order, if they are the phases of one scan)."
    )


def _check_one_geometry(frames: Sequence[DicomFrame], name: str) -> None:
    first = frames[0]
    for frame in frames:
        same = (
            frame.shape == first.shape
            and np.allclose(frame.spacing_mm, first.spacing_mm, rtol=1e-4)
            and np.allclose(frame.directions, first.directions, atol=1e-4)
        )
        if not same:
            raise VolumeError(
                f"{name}: expected images of one size, spacing and orientation, but "
                f"{first.path.name} and {frame.path.name} differ in these; take out the images "
                "that do not belong (a localiser, say)."
            )


def _check_no_copies(frames: Sequence[DicomFrame], name: str) -> None:
    seen: dict[tuple[str, int], DicomFrame] = {}
    for frame in frames:
        other = seen.setdefault((frame.uid, frame.index), frame)
        if other is not frame:
            raise VolumeError(
                f"{name}: a slice is there twice: {other.path.name} and {frame.path.name} are "
                "copies of one image; take one of them out of the folder."
            )


def _group_by_position(
    frames: Sequence[DicomFrame], normal: NDArray[np.float64]
) -> list[list[DicomFrame]]:
    """Frames at each position, positions ascending along the normal."""
    ordered = sorted(frames, key=lambda frame: float(normal @ frame.origin_mm))
    groups: list[list[DicomFrame]] = []
    for frame in ordered:
        start = groups[-1][0].origin_mm if groups else None
        if start is not None and normal @ (frame.origin_mm - start) < _SAME_POSITION_MM:
            groups[-1].append(frame)
        else:
            groups.append([frame])
    return groups


def _check_counts(positions: list[list[DicomFrame]], where: _PositionNames, name: str) -> None:
    """Every position must have one image per phase."""
    counts = Counter(len(group) for group in positions)
    # The commonest number of images; the larger one where two are equally common.
    usual = max(counts, key=lambda number: (counts[number], number))
    odd = [group for group in positions if len(group) != usual]
    if len(positions) < 2:
        raise VolumeError(
            f"{name}: expected a series of slices, got {usual} image(s) at one "
            f"position ({where(positions[0][0])}); give the folder of the whole series."
        )
    if not odd:
        return
    listed = ", ".join(f"{len(group)} at {where(group[0])}" for group in odd[:5])
    more = f" and {len(odd) - 5} more positions" if len(odd) > 5 else ""
    extra = [group for group in odd if len(group) > usual]
    problem = "a slice is there more than once" if extra else "a slice is missing"
    files = f" ({', '.join(f.path.name for f in extra[0])})" if extra else ""
    raise VolumeError(
        f"{name}: {problem}: expected {usual} image(s) at each of {len(positions)} positions, got "
        f"{listed}{more}{files}; {'take the extra files out' if extra else 'add what is missing'}, "
        "or export the series again."
    )


def _check_spacing(
    positions: list[list[DicomFrame]],
    normal: NDArray[np.float64],
    where: _PositionNames,
    name: str,
) -> None:
    """Positions must lie on one line, in equal steps."""
    along = np.array([float(normal @ group[0].origin_mm) for group in positions])
    steps = np.diff(along)
    # The lower median: a few gaps must not decide what the usual step is.
    usual = float(np.sort(steps)[(len(steps) - 1) // 2])
    tolerance = max(_SAME_POSITION_MM, _EVEN_SHARE * usual)
    for index in np.flatnonzero(np.abs(steps - usual) > tolerance):
        step = float(steps[index])
        before, after = positions[index][0], positions[index + 1][0]
        missing = round(step / usual) - 1
        if missing >= 1 and abs(step - (missing + 1) * usual) <= (missing + 1) * tolerance:
            begin, end = where.mm(before.origin_mm), where.mm(after.origin_mm)
            lost = ", ".join(
                f"{begin + (end - begin) * (n + 1) / (missing + 1):.2f} mm"
                for n in range(min(missing, 5))
            )
            raise VolumeError(
                f"{name}: {'a slice is' if missing == 1 else f'{missing} slices are'} missing at "
                f"{lost}: the neighbours at {where(before)} and {where(after)} lie {step:.2f} mm "
                f"apart, the others {usual:.2f} mm; add the missing file, or export the series "
                "again."
            )
        raise VolumeError(
            f"{name}: expected evenly spaced slices, but from {where(before)} to {where(after)} "
            f"the step is {step:.2f} mm, elsewhere {usual:.2f} mm; export the series with even "
            "spacing."
        )
    _check_straight(positions, where, name, usual)


def _check_straight(
    positions: list[list[DicomFrame]], where: _PositionNames, name: str, step_mm: float
) -> None:
    """Every image, of every phase, must lie where the affine will say."""
    first, last = positions[0][0].origin_mm, positions[-1][0].origin_mm
    step = (last - first) / (len(positions) - 1)
    for index, group in enumerate(positions):
        for frame in group:
            off = float(np.abs(frame.origin_mm - (first + index * step)).max())
            if off > max(_OFF_LINE_MM, _OFF_LINE_SHARE * step_mm):
                raise VolumeError(
                    f"{name}: expected slices on one straight line, but {frame.path.name} at "
                    f"{where(frame)} lies {off:.2f} mm beside it; export the series again."
                )


def _affine(positions: list[list[DicomFrame]], directions: NDArray[np.float64]) -> Affine:
    """From the first and last position, so that no rounding of a single step adds up."""
    first, last = positions[0][0], positions[-1][0]
    affine = np.eye(4)
    affine[:3, 0] = directions[0] * first.spacing_mm[0]
    affine[:3, 1] = directions[1] * first.spacing_mm[1]
    affine[:3, 2] = (last.origin_mm - first.origin_mm) / (len(positions) - 1)
    affine[:3, 3] = first.origin_mm
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine  # LPS → RAS

"""Time points behind one path: which of them to read, and their difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError
from breastwidget.readers.paths import digest
from breastwidget.volume import Source, Volume, same_grid

__all__ = ["Phases", "default_phase", "read_phase", "single"]

_OPTIONS = "phase=N (--phase N) for one, subtraction=N (--subtraction N) for phase N minus phase 0"


@dataclass(frozen=True, eq=False)
class Phases:
    """The time points of one scan, read one at a time.

    `numbers` are the phase indices there are, ascending; `read` turns one into a volume, `files`
    into the files that it is read from. `default` is the phase to take when none is asked for;
    None means that the caller must choose.
    """

    name: str
    numbers: tuple[int, ...]
    read: Callable[[int], Volume]
    files: Callable[[int], tuple[Path, ...]]
    default: int | None = 0
    description: str = ""


def default_phase(numbers: tuple[int, ...]) -> int:
    """Phase 1, the first post-contrast one, on which MAMA-MIA's experts drew; else the first."""
    return 1 if 1 in numbers else numbers[0]


def single(name: str, read: Callable[[], Volume], files: tuple[Path, ...]) -> Phases:
    """A 3-D image: one time point."""
    return Phases(name, (0,), lambda _: read(), lambda _: files)


def read_phase(
    phases: Phases, given: tuple[str, ...], phase: int | None, subtraction: int | None
) -> Volume:
    """Read one phase, or phase `subtraction` minus phase 0; fill the volume's name and source."""
    if phase is not None and subtraction is not None:
        raise VolumeError(
            f"expected either a phase or a subtraction, got phase={phase} and "
            f"subtraction={subtraction}; leave one out."
        )
    if subtraction is not None:
        _check_subtraction(phases, subtraction)
        volume = _subtract(phases.read(subtraction), phases.read(0), phases.name, subtraction)
        wanted: tuple[int, ...] = (0, subtraction)
    else:
        wanted = (_choose(phases, phase),)
        volume = phases.read(wanted[0])
    # A file that holds several phases is read, and counts, once.
    files = tuple(dict.fromkeys(path for number in wanted for path in phases.files(number)))
    chosen = wanted[0] if subtraction is None and len(phases.numbers) > 1 else None
    source = Source(given, digest(files), chosen if phase is None else phase, subtraction)
    return replace(volume, name=phases.name, source=source)


def _choose(phases: Phases, phase: int | None) -> int:
    """The phase to read: the one asked for, else the default."""
    if phase is None and phases.default is not None:
        return phases.default
    if phase is None:
        raise VolumeError(
            f"{phases.name}: expected a 3-D image, got {phases.description} with "
            f"{len(phases.numbers)} phases (0 to {phases.numbers[-1]}); choose with {_OPTIONS}."
        )
    if phase not in phases.numbers:
        raise VolumeError(f"{phases.name}: there is no phase {phase}; {_what_there_is(phases)}.")
    return phase


def _what_there_is(phases: Phases) -> str:
    count = len(phases.numbers)
    if count == 1:
        return (
            f"it has one phase ({phases.numbers[0]}); for several phases give the case folder, the "
            "DICOM folder, or a list of files in order"
        )
    listed = ", ".join(str(number) for number in phases.numbers)
    return f"it has {count} phases ({listed}); choose one of these"


def _check_subtraction(phases: Phases, number: int) -> None:
    if len(phases.numbers) < 2:
        raise VolumeError(
            f"{phases.name}: subtraction={number} needs at least two phases, but "
            f"{_what_there_is(phases)}."
        )
    if number == 0:
        raise VolumeError(
            f"{phases.name}: subtraction=0 would be phase 0 minus itself; choose one of "
            f"{', '.join(str(n) for n in phases.numbers if n != 0)}."
        )
    for needed in (number, 0):
        if needed not in phases.numbers:
            raise VolumeError(
                f"{phases.name}: subtraction={number} needs phases {number} and 0, but there is no "
                f"phase {needed}; {_what_there_is(phases)}."
            )


def _subtract(later: Volume, baseline: Volume, name: str, number: int) -> Volume:
    if not same_grid(later, baseline):
        raise VolumeError(
            f"{name}: phases {number} and 0 must share one grid to be subtracted, got shapes "
            f"{later.shape} and {baseline.shape}, or affines that differ; register them first."
        )
    dtype = _difference_dtype(later.data, baseline.data)
    # The subtraction is done in the wide type: uint16 3 - 5 must be -2, not 65534.
    return later.with_data(np.subtract(later.data, baseline.data, dtype=dtype))


def _difference_dtype(a: NDArray[Any], b: NDArray[Any]) -> np.dtype[Any]:
    """A signed type that holds every difference: int32 for up to 16 bits, else a float."""
    common = np.result_type(a, b)
    if common.kind == "f":
        return np.dtype(np.float64 if common.itemsize > 4 else np.float32)
    if max(a.dtype.itemsize, b.dtype.itemsize) <= 2:
        return np.dtype(np.int32)
    return np.dtype(np.float64)

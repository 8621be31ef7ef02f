"""Files → volumes and masks, and back: NIfTI, NRRD, DICOM folders, MAMA-MIA case folders.

pydicom and pynrrd are imported when a file of theirs is read, not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from breastwidget.errors import VolumeError
from breastwidget.readers.checks import check_image
from breastwidget.readers.files import open_file
from breastwidget.readers.mama_mia import CaseFiles, case_name, find_case, phase_files
from breastwidget.readers.masks import load_mask, onto_grid
from breastwidget.readers.paths import NIFTI_SUFFIXES, NRRD_SUFFIXES, READABLE, suffix
from breastwidget.readers.phases import Phases, default_phase, read_phase
from breastwidget.readers.writers import write_mask, write_volume
from breastwidget.volume import Volume

__all__ = [
    "CaseFiles",
    "check_image",
    "find_case",
    "load",
    "load_mask",
    "onto_grid",
    "write_mask",
    "write_volume",
]

ImagePath = str | Path


def load(
    path: ImagePath | Sequence[ImagePath],
    *,
    phase: int | None = None,
    subtraction: int | None = None,
) -> Volume:
    """Read an image as a volume, in its own voxel order and dtype.

    `path` is a NIfTI or NRRD file, a folder with one DICOM series, a case folder with phases
    `<id>_0000.nii.gz ...`, or a sequence of these, each one phase, in order. `phase` chooses a
    phase; `subtraction` = n gives phase n minus phase 0, in a signed type that holds it. With
    neither, a scan of several phases gives phase 1 (the first post-contrast one); only a 4-D file
    must be told which. Raises `VolumeError` for what cannot be read or is no usable image.
    """
    if isinstance(path, str | Path):
        given: tuple[str, ...] = (str(path),)
        phases = _open(Path(path))
    else:
        given = tuple(str(item) for item in path)
        phases = _open_in_order([Path(item) for item in path])
    volume = read_phase(phases, given, phase, subtraction)
    check_image(volume)
    return volume


def _open(path: Path) -> Phases:
    """The phases behind one path."""
    return _open_folder(path) if path.is_dir() else open_file(path)


def _open_folder(folder: Path) -> Phases:
    """A case folder, or one with a DICOM series."""
    from breastwidget.readers.dicom import open_dicom_folder

    try:
        if phase_files(folder):
            return _open_case(find_case(folder))
        series = open_dicom_folder(folder)
    except OSError as error:
        raise VolumeError(
            f"Could not read {folder}: {error.strerror or error}; check its permissions."
        ) from error
    if series is None:
        raise VolumeError(_nothing_usable(folder))
    return series


def _open_case(case: CaseFiles) -> Phases:
    numbers = tuple(case.phases)

    def read(number: int) -> Volume:
        return _only_phase(open_file(case.phases[number]), str(case.phases[number]))

    return Phases(case.case_id, numbers, read, lambda n: (case.phases[n],), default_phase(numbers))


def _open_in_order(paths: Sequence[Path]) -> Phases:
    """Several paths as the phases 0, 1, ... of one scan."""
    if not paths:
        raise VolumeError("expected at least one image in the list of phases, got none.")
    opened: dict[int, Phases] = {}

    def at(number: int) -> Phases:
        if number not in opened:
            opened[number] = _open(paths[number])
        return opened[number]

    def read(number: int) -> Volume:
        return _only_phase(at(number), str(paths[number]))

    numbers = tuple(range(len(paths)))
    return Phases(
        case_name(paths[0]), numbers, read, lambda n: at(n).files(0), default_phase(numbers)
    )


def _only_phase(phases: Phases, path: str) -> Volume:
    if len(phases.numbers) != 1:
        raise VolumeError(
            f"{path}: expected one phase here, got {len(phases.numbers)}; give this path alone and "
            "choose the phase."
        )
    return phases.read(phases.numbers[0])


def _nothing_usable(folder: Path) -> str:
    """What was looked for in a folder, and where it may be instead."""
    entries = sorted(folder.iterdir())
    images = [p.name for p in entries if suffix(p) in NIFTI_SUFFIXES + NRRD_SUFFIXES]
    folders = [p.name for p in entries if p.is_dir() and not p.name.startswith(".")]
    if images:
        advice = f"point at an image file itself ({', '.join(images[:3])})"
    elif folders:
        advice = f"point at one of its subfolders ({', '.join(folders[:3])})"
    else:
        advice = "check the path"
    return (
        f"{folder}: expected phases named <id>_0000.nii.gz or DICOM files, found neither among "
        f"{len(entries)} entries; {advice}. What is read: {READABLE}."
    )

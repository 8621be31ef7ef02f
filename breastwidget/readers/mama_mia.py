"""The MAMA-MIA layout: a case folder with its phases, reference segmentations and patient file.

`images/<ID>/<id>_0000.nii.gz ...`, `segmentations/{expert,automatic}/<id>.nii.gz`,
`patient_info_files/<id>.json`. In the release the case of letters varies (folders mostly upper,
files lower), so names are matched without regard to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from breastwidget.errors import VolumeError
from breastwidget.readers.paths import NIFTI_SUFFIXES, stem, suffix

__all__ = ["CaseFiles", "case_name", "find_case", "phase_files"]

_PHASE_NAME = re.compile(r"(?P<case>.+)_(?P<phase>\d{4})")


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case.

    `case_id` is written as in the image files; `phases` maps a phase index to its file, ascending.
    `segmentations` maps a folder's name in lower case ("expert", "automatic", ...) to its mask.
    """

    case_id: str
    phases: Mapping[int, Path]
    segmentations: Mapping[str, Path] = field(default_factory=dict)
    patient_info: Path | None = None

    @property
    def expert(self) -> Path | None:
        """The expert segmentation, drawn on phase 1."""
        return self.segmentations.get("expert")

    @property
    def automatic(self) -> Path | None:
        """The automatic segmentation."""
        return self.segmentations.get("automatic")


def find_case(folder: str | Path) -> CaseFiles:
    """The phases in a case folder, and its segmentations in the data set's root.

    The root is the folder above `images/`. Raises `VolumeError` where the folder has no phases,
    those of several cases, or one phase twice.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise VolumeError(f"{folder}: expected a case folder, found none; check the path.")
    cases = phase_files(folder)
    if len(cases) != 1:
        found = f"cases {', '.join(sorted(cases))}" if cases else "none"
        raise VolumeError(
            f"{folder}: expected the phases of one case (<id>_0000.nii.gz, <id>_0001.nii.gz, ...), "
            f"found {found}; point at the folder of one case."
        )
    case_id, phases = next(iter(cases.items()))
    root = folder.resolve().parent
    root = root.parent if root.name.lower() == "images" else root
    return CaseFiles(case_id, phases, _segmentations(root, case_id), _patient_info(root, case_id))


def case_name(path: Path) -> str:
    """The name of an image without its suffix and phase: "nact_06" for "nact_06_0001.nii.gz"."""
    named = _PHASE_NAME.fullmatch(stem(path))
    return named["case"] if named else stem(path)


def phase_files(folder: Path) -> dict[str, dict[int, Path]]:
    """Files named `<id>_NNNN.nii.gz` (or .nii) in `folder`: by case, then by phase."""
    cases: dict[str, dict[int, Path]] = {}
    spelling: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        named = _PHASE_NAME.fullmatch(stem(path)) if suffix(path) in NIFTI_SUFFIXES else None
        if named is None or path.name.startswith(".") or not path.is_file():
            continue
        case_id = spelling.setdefault(named["case"].lower(), named["case"])
        phases = cases.setdefault(case_id, {})
        number = int(named["phase"])
        if number in phases:
            raise VolumeError(
                f"{folder}: expected one file for phase {number}, got {phases[number].name} and "
                f"{path.name}; take one of them out."
            )
        phases[number] = path
    return {case_id: dict(sorted(phases.items())) for case_id, phases in cases.items()}


def _segmentations(root: Path, case_id: str) -> dict[str, Path]:
    folder = _child(root, "segmentations")
    if folder is None or not folder.is_dir():
        return {}
    found = {
        kind.name.lower(): next(
            (p for p in (_child(kind, case_id + end) for end in NIFTI_SUFFIXES) if p), None
        )
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
    }
    return {kind: path for kind, path in found.items() if path is not None}


def _patient_info(root: Path, case_id: str) -> Path | None:
    folder = _child(root, "patient_info_files")
    return None if folder is None else _child(folder, f"{case_id}.json")


def _child(folder: Path, name: str) -> Path | None:
    """What `folder` holds under `name`, whatever the case of its letters."""
    exact = folder / name
    if exact.exists():  # Spares listing a folder of 1,500 masks for every case.
        return exact
    if not folder.is_dir():
        return None
    return next((p for p in folder.iterdir() if p.name.lower() == name.lower()), None)

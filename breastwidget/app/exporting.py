"""Results as files: what is shown of each lesion, in the kinds that were asked for."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from breastwidget.app.document import Document, LesionState
from breastwidget.app.export_kinds import EXPORT_KINDS
from breastwidget.app.export_report import write_html_report
from breastwidget.app.model import AppModel
from breastwidget.app.results import segmentation_of
from breastwidget.app.results_table import results_csv
from breastwidget.code import python_code
from breastwidget.errors import BreastWidgetError, OutputError
from breastwidget.output import new_folder
from breastwidget.readers import write_mask
from breastwidget.segmentation import Segmentation

__all__ = ["Exported", "check_kinds", "code_of", "export", "shown_segmentation"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """The files that were `written`, and a sentence for each kind that `failed`."""

    written: tuple[Path, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Job:
    """What the writers write; `lesions` are those with a result, `shown` as they are shown."""

    model: AppModel
    lesions: tuple[LesionState, ...]
    shown: tuple[Segmentation, ...]

    def paths(self, folder: Path, stem: str, ending: str) -> list[Path]:
        """A file for each lesion: "mask.nii.gz", or "mask-2-left-breast.nii.gz" where several."""
        if len(self.lesions) == 1:
            return [folder / f"{stem}{ending}"]
        return [folder / f"{stem}-{each.key}-{_plain(each.name)}{ending}" for each in self.lesions]


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise `OutputError` unless `kinds` are some of `EXPORT_KINDS`."""
    unknown = [kind for kind in kinds if kind not in EXPORT_KINDS]
    if unknown or not kinds or isinstance(kinds, str):
        came = ", ".join(map(repr, unknown)) or repr(kinds)
        raise OutputError(f"Expected a list out of {', '.join(EXPORT_KINDS)}, got {came}.")


def export(
    model: AppModel, document: Document, kinds: Sequence[str], folder: str | Path
) -> Exported:
    """Write the results of `document` into a new `folder`, which appears when all is done.

    A kind that cannot be written costs that kind. Raises `OutputError` where there is no result,
    where the folder exists or cannot be made, or where no kind could be written.
    """
    lesions = tuple(lesion for lesion in document.lesions if lesion.run is not None)
    if not lesions:
        raise OutputError("There is no result to export yet; draw a box and press Propagate.")
    job = _Job(model, lesions, tuple(map(shown_segmentation, lesions)))
    target = Path(folder).expanduser()
    failed: list[str] = []
    with new_folder(target) as beside:
        for kind in dict.fromkeys(kinds):
            failed += _tried(kind, job, beside)
        written = sorted(beside.iterdir())
        if not written:
            raise OutputError(" ".join(failed))
    return Exported(tuple(target / path.name for path in written), tuple(failed))


def shown_segmentation(lesion: LesionState) -> Segmentation:
    """The run shown of a lesion that has one, with the corrections that are shown over it."""
    run = lesion.run
    if run is None:
        raise OutputError(f"{lesion.name} has no result yet; press Propagate.")
    if lesion.masks is run.masks:
        return run.segmentation
    own = run.segmentation
    return segmentation_of(lesion.masks, own.volume.stack(own.plane), own.provenance, own.slices)


def code_of(document: Document) -> str:
    """The Python that makes the lesions' shown results again, without the widget."""
    lesions = [lesion for lesion in document.lesions if lesion.run is not None]
    results = {
        name: lesion.run.segmentation
        for name, lesion in zip(_unlike(lesions), lesions, strict=True)
        if lesion.run is not None
    }
    if not results:
        raise OutputError("There is no result to write code for yet; press Propagate.")
    return python_code(results if len(results) > 1 else next(iter(results.values())))


def _tried(kind: str, job: _Job, folder: Path) -> list[str]:
    try:
        _WRITERS[kind](job, folder)
    except BreastWidgetError as error:
        return [f"{EXPORT_KINDS[kind]}: {error}"]
    except Exception as error:
        _log.exception("%s could not be exported", kind)
        return [f"{EXPORT_KINDS[kind]} could not be written ({error})."]
    return []


def _write_masks(ending: str) -> Callable[[_Job, Path], None]:
    def write(job: _Job, folder: Path) -> None:
        for path, each in zip(job.paths(folder, "mask", ending), job.shown, strict=True):
            write_mask(path, each.mask, each.volume)

    return write


def _write_surfaces(ending: str) -> Callable[[_Job, Path], None]:
    def write(job: _Job, folder: Path) -> None:
        for path, each in zip(job.paths(folder, "surface", ending), job.shown, strict=True):
            if not each.mask.any():
                raise OutputError("nothing was found, so there is no surface.")
            each.surface().save(path)

    return write


def _write_glb(job: _Job, folder: Path) -> None:
    from breastwidget.glb import write_glb
    from breastwidget.scene_items import SceneMesh

    items = [
        SceneMesh(each.surface(), lesion.colour, name=lesion.name)
        for lesion, each in zip(job.lesions, job.shown, strict=True)
        if each.mask.any()
    ]
    write_glb(folder / "surfaces.glb", items)


def _write_dicom_seg(job: _Job, folder: Path) -> None:
    from breastwidget.dicom_seg import write_dicom_seg

    names = _unlike(job.lesions)
    named = dict(zip(names, job.shown, strict=True))
    write_dicom_seg(folder / "segmentation.dcm", named, [each.colour for each in job.lesions])


def _write_table(job: _Job, folder: Path) -> None:
    text = results_csv(job.lesions)
    (folder / "results.csv").write_text(text, encoding="utf-8", newline="")


def _write_report(job: _Job, folder: Path) -> None:
    write_html_report(folder / "report.html", job.model, job.lesions, job.shown)


def _write_sessions(job: _Job, folder: Path) -> None:
    """What `breastwidget replay` takes: the run as it was propagated."""
    for path, lesion in zip(job.paths(folder, "session", ".json"), job.lesions, strict=True):
        if lesion.run is not None:
            text = json.dumps(lesion.run.segmentation.session(), indent=1)
            path.write_text(text + "\n", encoding="utf-8")


_WRITERS: Mapping[str, Callable[[_Job, Path], None]] = {
    "nifti": _write_masks(".nii.gz"),
    "nrrd": _write_masks(".nrrd"),
    "dicom-seg": _write_dicom_seg,
    "stl": _write_surfaces(".stl"),
    "ply": _write_surfaces(".ply"),
    "glb": _write_glb,
    "csv": _write_table,
    "html": _write_report,
    "session": _write_sessions,
}


def _plain(name: str) -> str:
    """A lesion's name as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "lesion"


def _unlike(lesions: Sequence[LesionState]) -> list[str]:
    """The lesions' names, told apart where two are the same."""
    names = [lesion.name for lesion in lesions]
    return [
        f"{each.name} ({each.key})" if names.count(each.name) > 1 else each.name for each in lesions
    ]

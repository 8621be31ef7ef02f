"""Segmentations → one DICOM Segmentation object (SEG) that references its source images.

Archives and viewers show it over the series that it was made from. highdicom writes it; it is
imported only inside functions.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from breastwidget._version import __version__
from breastwidget.display import result_colour
from breastwidget.errors import DependencyError, OutputError, VolumeError
from breastwidget.output import write_file
from breastwidget.readers.dicom import source_frames
from breastwidget.segmentation import Segmentation
from breastwidget.volume import Volume, same_grid

if TYPE_CHECKING:
    from breastwidget.readers.dicom_frames import DicomFrame

__all__ = ["encode_dicom_seg", "write_dicom_seg"]

_SERIES_NUMBER = 9001  # beyond what scanners give; the series is told by its UID anyway
_LONGEST_LABEL = 64  # of DICOM's value representation LO


def write_dicom_seg(
    path: str | Path,
    lesions: Segmentation | Mapping[str, Segmentation],
    colours: Sequence[str] | None = None,
) -> Path:
    """Write one lesion, or several by name, as a DICOM SEG; whole or not at all.

    Every lesion becomes a segment with its name and its colour (#rrggbb; by default those of the
    viewer). Frames reference the images they lie on: of a subtraction, those of the later phase.
    Raises `OutputError` where the volume did not come from a DICOM folder, where nothing was
    segmented or where the file cannot be written, `DependencyError` without highdicom.
    """
    path = Path(path)
    if path.suffix.lower() != ".dcm":
        raise OutputError(f"Expected a file name ending in .dcm, got {path.name}; rename it.")
    return write_file(path, encode_dicom_seg(lesions, colours))


def encode_dicom_seg(
    lesions: Segmentation | Mapping[str, Segmentation], colours: Sequence[str] | None = None
) -> bytes:
    """The content of the file that `write_dicom_seg` writes; raises as it does."""
    if isinstance(lesions, Segmentation):
        lesions = {lesions.provenance.lesion.name: lesions}
    _check_lesions(lesions)
    volume = next(iter(lesions.values())).volume
    frames = _frames(volume)
    try:
        import highdicom
    except ImportError as error:
        raise DependencyError(
            f"Writing DICOM SEG needs the package highdicom ({error}); "
            "install it with: pip install highdicom"
        ) from error
    masks = np.stack([each.mask for each in lesions.values()], axis=-1)
    # Voxels are (i = column, j = row, k = slice); frames are (slice, row, column).
    pixels = masks.transpose(2, 1, 0, 3).astype(np.uint8)
    names = [_label(name) or f"lesion {n}" for n, name in enumerate(lesions, start=1)]
    shades = colours or [result_colour(number) for number in range(len(names))]
    sources = _source_images(frames)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about oddities of the source that are copied over
            segmentation = highdicom.seg.Segmentation(
                sources, pixels, "BINARY", _segments(names, shades), **_identity()
            )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            f"The source images of {volume.name} do not serve for a DICOM SEG "
            f"({_first_line(error)}); write the mask as NIfTI or NRRD instead."
        ) from error
    if len(sources) < len(frames):
        _number_frames(segmentation, frames)
    buffer = io.BytesIO()
    segmentation.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _identity() -> dict[str, Any]:
    """Who made the object, and as which."""
    import highdicom

    return {
        "series_instance_uid": highdicom.UID(),
        "series_number": _SERIES_NUMBER,
        "sop_instance_uid": highdicom.UID(),
        "instance_number": 1,
        "manufacturer": "breastwidget",
        "manufacturer_model_name": "breastwidget",
        "software_versions": __version__,
        "device_serial_number": "0",
        "series_description": "breastwidget segmentation, not for diagnosis",
        "content_description": "tumour segmentation",
    }


def _check_lesions(lesions: Mapping[str, Segmentation]) -> None:
    if not any(each.mask.any() for each in lesions.values()):
        raise OutputError("Nothing was segmented, so there is no DICOM SEG to write.")
    first, *others = lesions.values()
    for other in others:
        if other.volume.source.files != first.volume.source.files or not same_grid(
            first.volume, other.volume
        ):
            raise OutputError(
                f"Expected lesions of one scan in one DICOM SEG, got {first.volume.name} and "
                f"{other.volume.name}; write one file for each scan."
            )


def _frames(volume: Volume) -> tuple[DicomFrame, ...]:
    """The source's frames, one for each slice k; raise where there are none or other ones."""
    try:
        frames = source_frames(volume.source)
    except (OSError, VolumeError) as error:
        raise OutputError(f"The source series cannot be read any more. {error}") from error
    if frames is None:
        raise OutputError(
            f"A DICOM SEG must reference a DICOM series, and {volume.name} was not read from one; "
            "load the scan from its DICOM folder, or write the mask as NIfTI or NRRD."
        )
    columns, rows = frames[0].shape
    if (columns, rows, len(frames)) != volume.shape:
        raise OutputError(
            f"The series in {frames[0].path.parent} has changed since it was loaded: expected "
            f"{volume.shape} voxels, got {(columns, rows, len(frames))}; load it again."
        )
    return frames


def _source_images(frames: Sequence[DicomFrame]) -> list[Any]:
    """The source images without pixels, one for each frame; or one file with just these frames.

    highdicom refuses a multi-frame file with several frames at one place, the phases of a scan.
    """
    from pydicom import dcmread

    paths = list(dict.fromkeys(frame.path for frame in frames))
    datasets = [dcmread(path, stop_before_pixels=True) for path in paths]
    if len(paths) == len(frames):
        return datasets
    if len(paths) > 1:
        raise OutputError(
            f"The slices lie in {len(paths)} multi-frame files, which one DICOM SEG cannot "
            "reference; write the mask as NIfTI or NRRD instead."
        )
    (dataset,) = datasets
    groups = dataset.PerFrameFunctionalGroupsSequence
    dataset.PerFrameFunctionalGroupsSequence = [groups[frame.index] for frame in frames]
    dataset.NumberOfFrames = len(frames)
    return datasets


def _number_frames(segmentation: Any, frames: Sequence[DicomFrame]) -> None:
    """Let references count all frames of the source file, from 1, as they must."""
    for group in segmentation.PerFrameFunctionalGroupsSequence:
        for derivation in group.DerivationImageSequence:
            for source in derivation.SourceImageSequence:
                number = int(source.ReferencedFrameNumber)
                source.ReferencedFrameNumber = frames[number - 1].index + 1


def _segments(names: Sequence[str], colours: Sequence[str]) -> list[Any]:
    import highdicom
    from highdicom.sr.coding import CodedConcept
    from pydicom.sr.codedict import codes

    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="breastwidget",
        version=__version__,
        family=codes.cid7162.ArtificialIntelligence,
    )
    return [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=CodedConcept(
                "49755003", "SCT", "Morphologically Altered Structure"
            ),
            segmented_property_type=CodedConcept("52988006", "SCT", "Lesion"),
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
            algorithm_identification=algorithm,
            tracking_id=name,
            tracking_uid=highdicom.UID(),
            display_color=highdicom.color.CIELabColor.from_rgb(
                *(int(colour[start : start + 2], 16) for start in (1, 3, 5))
            ),
        )
        for number, (name, colour) in enumerate(zip(names, colours, strict=True), start=1)
    ]


def _label(name: str) -> str:
    """`name` as DICOM can keep it: a backslash there parts values, a line end ends them."""
    return " ".join(name.replace("\\", "/").split())[:_LONGEST_LABEL].strip()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

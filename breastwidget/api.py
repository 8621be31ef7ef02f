"""The public functions: load a scan, segment a lesion, score it, replay a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from breastwidget import metrics, readers
from breastwidget.corrections import correct
from breastwidget.engines.base import Engine, SliceResult
from breastwidget.engines.factory import create_engine
from breastwidget.errors import PromptError, ReferenceMaskError, StrategyError, VolumeError
from breastwidget.prompts import Lesion, Prompt, check_prompt
from breastwidget.propagation import propagate
from breastwidget.provenance import FORMAT, Provenance, lesion_from_json, mask_digest
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import Extent, parse_strategy
from breastwidget.volume import Plane, Volume

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Segmenter", "load", "load_reference", "replay", "score", "segment"]

Reference: TypeAlias = "NDArray[Any] | Volume | str | Path"
Progress: TypeAlias = Callable[[SliceResult], None]


def load(
    path: str | Path | Sequence[str | Path],
    *,
    phase: int | None = None,
    subtraction: int | None = None,
) -> Volume:
    """Load a NIfTI or NRRD file, a DICOM folder, a MAMA-MIA case folder, or a list of phases.

    `phase` picks a time point of a DCE series (0 is pre-contrast); `subtraction=n` gives phase n
    minus phase 0. Raises `VolumeError` saying what was expected, what came and what to do.
    """
    return readers.load(path, phase=phase, subtraction=subtraction)


def load_reference(reference: Reference, volume: Volume) -> NDArray[np.bool_]:
    """The reference segmentation as an (i, j, k) bool mask on `volume`'s grid.

    `reference` is an array of the volume's shape, a volume, or a NIfTI or NRRD file. Raises
    `ReferenceMaskError` if it has another grid or is empty.
    """
    if isinstance(reference, (str, Path)):
        return readers.load_mask(reference, volume)
    if isinstance(reference, Volume):
        return readers.onto_grid(reference, volume, reference.name)
    data = np.asarray(reference)
    if data.shape != volume.shape:
        raise ReferenceMaskError(
            f"Expected a reference of the volume's shape {volume.shape}, got {data.shape}."
        )
    return readers.onto_grid(volume.with_data(data), volume, "reference")


class Segmenter:
    """A volume opened by an engine, for any number of prompts, lesions and strategies.

    Image features are computed once per slice and reused by everything that is asked afterwards.
    """

    def __init__(
        self, volume: Volume, engine: str | Engine = "nano", plane: str | Plane = Plane.NATIVE
    ) -> None:
        readers.check_image(volume)
        self.volume = volume
        self.stack = volume.stack(plane)
        self.engine = create_engine(engine) if isinstance(engine, str) else engine
        self.session = self.engine.open(self.stack)

    @property
    def encoded_slices(self) -> int:
        """How many slice encodings were computed so far."""
        return self.session.encoded_slices

    def predict(self, prompt: Prompt | Iterable[Prompt] | Lesion) -> SliceResult:
        """Segment the first prompted slice alone, without propagating."""
        lesion = as_lesion(prompt)
        for each in lesion.prompts:
            check_prompt(each, self.stack.shape)
        return self.session.predict(lesion, lesion.prompts[0].slice)

    def propagate(
        self,
        prompt: Prompt | Iterable[Prompt] | Lesion,
        strategy: str = "center-outward",
        extent: Extent | tuple[int, int] | None = None,
    ) -> Iterator[SliceResult]:
        """Stream slice results as they come; stop iterating to cancel. See `propagation`."""
        lesion = as_lesion(prompt)
        return propagate(self.session, self.stack, lesion, strategy, as_extent(extent))

    def segment(
        self,
        prompt: Prompt | Iterable[Prompt] | Lesion,
        strategy: str = "center-outward",
        extent: Extent | tuple[int, int] | None = None,
        progress: Progress | None = None,
    ) -> Segmentation:
        """Propagate to the end and gather the results; `progress` is called after each slice."""
        lesion = as_lesion(prompt)
        visited = as_extent(extent)
        provenance = Provenance.of(self.stack, lesion, strategy, visited, self.engine.info)
        results = propagate(self.session, self.stack, lesion, strategy, visited)
        return Segmentation.from_results(self.stack, _watched(results, progress), provenance)

    def correct(
        self,
        result: Segmentation,
        prompt: Prompt | Iterable[Prompt] | Lesion,
        corrected: int | None = None,
        progress: Progress | None = None,
    ) -> Segmentation:
        """`result` corrected on one slice and propagated anew from there only.

        `prompt` is added to the lesion's prompts; a `Lesion` replaces them all (to move a box, say)
        and needs `corrected`, the slice that the change is on. The result's strategy and extent
        stay; slices before the corrected one keep their masks.
        """
        if isinstance(prompt, Lesion):
            lesion = prompt
        else:
            added, before = as_lesion(prompt).prompts, result.provenance.last_lesion
            lesion = Lesion((*before.prompts, *added), before.name)
            touched = {each.slice for each in added}
            corrected = touched.pop() if corrected is None and len(touched) == 1 else corrected
        if corrected is None:
            raise PromptError(
                "Expected a correction on one slice, or corrected=SLICE to say from which one to "
                "propagate again; correct one slice after the other."
            )
        return correct(
            self.session, result, lesion, corrected, lambda results: _watched(results, progress)
        )


def segment(
    volume: Volume,
    prompt: Prompt | Iterable[Prompt] | Lesion,
    *,
    strategy: str = "center-outward",
    extent: Extent | tuple[int, int] | None = None,
    plane: str | Plane = Plane.NATIVE,
    engine: str | Engine = "nano",
    progress: Progress | None = None,
) -> Segmentation:
    """Carry `prompt` through `volume`.

    `prompt` is one prompt, several of one lesion, or a `Lesion`; slices, rows and columns are those
    of `volume.stack(plane)`. `extent` is the first and last slice that may be visited, None to go
    on until the object is gone. `engine` is a name (`breastwidget engines` lists them), a
    checkpoint file, or an engine. For several strategies over one volume use a `Segmenter`, which
    encodes each slice once.
    """
    parse_strategy(strategy)
    return Segmenter(volume, engine, plane).segment(prompt, strategy, extent, progress)


def score(result: Segmentation | Mapping[str, Segmentation], reference: Reference) -> pd.DataFrame:
    """Score one result, or several by name, against a reference: one row each.

    Columns and conventions are those of `breastwidget.metrics`: volumetric Dice, HD95 in mm,
    surface Dice at 2 mm, volumes in mL, longest diameter in mm.
    """
    if isinstance(result, Segmentation):
        result = {result.provenance.strategy: result}
    rows = {}
    for name, each in result.items():
        volume = each.volume
        truth = load_reference(reference, volume)
        rows[name] = metrics.score_masks(
            each.mask, truth, volume.spacing_mm, volume.voxel_volume_ml
        )
    return metrics.score_table(rows)


def replay(session: str | Path) -> tuple[Segmentation, bool]:
    """Make the segmentation of a `session.json` again; say whether it is bit-identical.

    Raises `VolumeError` where the input file is gone or has changed.
    """
    record = _read_session(Path(session))
    source = record["source"]
    if not source["files"]:
        raise VolumeError(
            f"{session} was made from a volume in memory, not from a file; only sessions of loaded "
            "files can be replayed."
        )
    files = source["files"][0] if len(source["files"]) == 1 else source["files"]
    volume = load(files, phase=source["phase"], subtraction=source["subtraction"])
    if volume.source.sha256 != source["sha256"]:
        raise VolumeError(f"{', '.join(source['files'])} changed since {session} was saved.")
    engine = create_engine(record["engine"]["name"], **record["engine"]["settings"])
    segmenter = Segmenter(volume, engine, record["plane"])
    lesion = lesion_from_json(record["lesion"])
    result = segmenter.segment(lesion, record["strategy"], as_extent(record["extent"]))
    for step in record.get("corrections", ()):
        lesion = lesion_from_json(step["lesion"])
        result = segmenter.correct(result, lesion, int(step["corrected"]))
    return result, mask_digest(result.mask) == record["mask_sha256"]


def as_lesion(prompt: Prompt | Iterable[Prompt] | Lesion) -> Lesion:
    """One prompt, several, or a lesion, as a lesion."""
    if isinstance(prompt, Lesion):
        return prompt
    prompts = tuple(prompt) if isinstance(prompt, Iterable) else (prompt,)
    return Lesion(prompts)


def as_extent(extent: Extent | Sequence[int] | None) -> Extent | None:
    """A (first, last) pair as an `Extent`."""
    if extent is None or isinstance(extent, Extent):
        return extent
    if len(extent) != 2:
        raise StrategyError(f"Expected an extent (first, last), got {tuple(extent)}.")
    return Extent(int(extent[0]), int(extent[1]))


def _watched(results: Iterator[SliceResult], progress: Progress | None) -> Iterator[SliceResult]:
    for result in results:
        if progress is not None:
            progress(result)
        yield result


def _read_session(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise VolumeError(f"Could not read {path} as a session file: {error}.") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise VolumeError(f"{path} is not a breastwidget session; expected format {FORMAT!r}.")
    return record

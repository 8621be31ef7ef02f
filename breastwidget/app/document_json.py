"""A document as JSON values, masks compressed, and back: what autosave writes.

Prompts are written once and referred to by number, so that a lesion and its runs share them again
afterwards: whether something was corrected is seen by comparing them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from breastwidget.app.document import Document, ExtentChoice, LesionState, Masks, Run, Suggestion
from breastwidget.app.measuring import Measures
from breastwidget.app.model import Image
from breastwidget.app.results import segmentation_of
from breastwidget.diameters import Bidirectional, Line
from breastwidget.engines.base import EngineInfo
from breastwidget.metrics import Scores
from breastwidget.prompts import BoxPrompt, Lesion, Prompt
from breastwidget.provenance import Provenance, lesion_from_json, lesion_to_json
from breastwidget.segmentation import SliceConfidence
from breastwidget.strategies import Extent
from breastwidget.volume import Plane

__all__ = ["DocumentReader", "DocumentWriter"]

Json = dict[str, Any]


class DocumentWriter:
    """Writes documents; masks that it has seen before are not compressed again."""

    def __init__(self) -> None:
        self._known: MutableMapping[Masks, Json] = WeakKeyDictionary()

    def write(self, document: Document) -> Json:
        """`document` as JSON values."""
        prompts: list[Prompt] = []
        lesions = [self._lesion(lesion, prompts) for lesion in document.lesions]
        return {
            "prompts": lesion_to_json(Lesion(tuple(prompts)))["prompts"],
            "lesions": lesions,
            "active": document.active,
            "strategy": document.strategy,
            "extent": {
                "source": document.extent.source,
                "slices": _pair(document.extent.extent),
                "plane": document.extent.plane and document.extent.plane.value,
            },
            "suggestions": [_suggestion(each) for each in document.suggestions],
        }

    def _lesion(self, lesion: LesionState, prompts: list[Prompt]) -> Json:
        same = [run.masks for run in lesion.runs]
        return {
            "key": lesion.key,
            "name": lesion.name,
            "colour": lesion.colour,
            "plane": lesion.plane.value,
            "visible": lesion.visible,
            "prompts": _numbers(lesion.prompts, prompts),
            "masks": same.index(lesion.masks)
            if lesion.masks in same
            else self._masks(lesion.masks),
            "runs": [self._run(run, prompts) for run in lesion.runs],
            "shown": lesion.shown,
            "pending": lesion.pending,
        }

    def _run(self, run: Run, prompts: list[Prompt]) -> Json:
        made = run.segmentation.provenance
        return {
            "strategy": run.strategy,
            "prompts": _numbers(run.prompts, prompts),
            "image": run.image,
            "first_lesion": _lesion(made.lesion, prompts),
            "corrections": [
                [each.corrected, _lesion(each.lesion, prompts)] for each in made.corrections
            ],
            "engine": [made.engine.name, made.engine.sha256, made.engine.settings],
            "confidence": [list(asdict(each).values()) for each in run.segmentation.slices],
            "masks": self._masks(run.masks),
            "seconds": run.seconds,
            "complete": run.complete,
            "scores": run.scores and asdict(run.scores),
            "extent": _pair(run.extent),
            "corrected": run.corrected,
            "measures": run.measures and asdict(run.measures),
        }

    def _masks(self, masks: Masks) -> Json:
        if masks not in self._known:
            self._known[masks] = _packed(masks.by_slice)
        return self._known[masks]


class DocumentReader:
    """Reads documents of a scan with these `images`.

    Raises `KeyError`, `TypeError`, `ValueError`, `zlib.error` or a `BreastWidgetError` for what no
    `DocumentWriter` has written.
    """

    def __init__(self, images: Sequence[Image]) -> None:
        self._volumes = {image.label: image.volume for image in images}

    def read(self, record: Json) -> Document:
        """The document that was written."""
        prompts = lesion_from_json({"name": "", "prompts": record["prompts"]}).prompts
        extent = record["extent"]
        document = Document(
            lesions=tuple(self._lesion(each, prompts) for each in record["lesions"]),
            active=record["active"],
            strategy=str(record["strategy"]),
            extent=ExtentChoice(
                extent["source"],
                _extent(extent["slices"]),
                extent["plane"] and Plane(extent["plane"]),
            ),
            suggestions=tuple(_suggested(each) for each in record["suggestions"]),
        )
        _ = document.current  # raises where it is none of the lesions
        return document

    def _lesion(self, record: Json, prompts: Sequence[Prompt]) -> LesionState:
        plane = Plane(record["plane"])
        runs = tuple(self._run(each, plane, prompts) for each in record["runs"])
        masks = record["masks"]
        lesion = LesionState(
            key=int(record["key"]),
            name=str(record["name"]),
            colour=str(record["colour"]),
            plane=plane,
            visible=bool(record["visible"]),
            prompts=tuple(prompts[number] for number in record["prompts"]),
            masks=runs[masks].masks if isinstance(masks, int) else _unpacked(masks),
            runs=runs,
            shown=record["shown"],
            pending=record["pending"],
        )
        if lesion.shown is not None and not 0 <= lesion.shown < len(runs):
            raise ValueError(f"there is no result {lesion.shown}")
        return lesion

    def _run(self, record: Json, plane: Plane, prompts: Sequence[Prompt]) -> Run:
        given = tuple(prompts[number] for number in record["prompts"])
        stack = self._volumes[record["image"]].stack(plane)
        name, sha256, settings = record["engine"]
        engine = EngineInfo(name, sha256, tuple((key, value) for key, value in settings))
        extent = _extent(record["extent"])
        lesion = _given(record["first_lesion"], prompts)
        provenance = Provenance.of(stack, lesion, record["strategy"], extent, engine)
        for index, corrected in record["corrections"]:
            provenance = provenance.corrected(index, _given(corrected, prompts))
        masks = _unpacked(record["masks"])
        confidence = [SliceConfidence(*each) for each in record["confidence"]]
        return Run(
            strategy=record["strategy"],
            prompts=given,
            image=record["image"],
            segmentation=segmentation_of(masks, stack, provenance, confidence),
            masks=masks,
            seconds=float(record["seconds"]),
            complete=bool(record["complete"]),
            scores=record["scores"] and Scores(**record["scores"]),
            extent=extent,
            corrected=record["corrected"],
            measures=record["measures"] and _measures(record["measures"]),
        )


def _lesion(lesion: Lesion, known: list[Prompt]) -> list[Any]:
    return [lesion.name, _numbers(lesion.prompts, known)]


def _given(record: Sequence[Any], prompts: Sequence[Prompt]) -> Lesion:
    name, numbers = record
    return Lesion(tuple(prompts[number] for number in numbers), name)


def _numbers(prompts: Sequence[Prompt], known: list[Prompt]) -> list[int]:
    """The places of `prompts` in `known`, to which new ones are added."""
    known += [prompt for prompt in prompts if prompt not in known]
    return [known.index(prompt) for prompt in prompts]


def _packed(masks: Mapping[int, NDArray[np.bool_]]) -> Json:
    pictures = list(masks.values())
    bits = np.packbits(np.stack(pictures)).tobytes() if pictures else b""
    return {
        "slices": list(masks),
        "rows_columns": list(pictures[0].shape) if pictures else [0, 0],
        "bits_zlib_base64": base64.b64encode(zlib.compress(bits, 1)).decode(),
    }


def _unpacked(record: Json) -> Masks:
    slices = [int(index) for index in record["slices"]]
    shape = len(slices), *record["rows_columns"]
    bits = np.frombuffer(zlib.decompress(base64.b64decode(record["bits_zlib_base64"])), np.uint8)
    pictures = np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).astype(bool)
    return Masks(MappingProxyType(dict(zip(slices, pictures, strict=True))))


def _pair(extent: Extent | None) -> list[int] | None:
    return None if extent is None else [extent.first, extent.last]


def _extent(pair: Sequence[int] | None) -> Extent | None:
    return None if pair is None else Extent(int(pair[0]), int(pair[1]))


def _suggestion(each: Suggestion) -> Json:
    return {
        "box": list(asdict(each.box).values()),
        "slices": _pair(each.extent),
        "volume_ml": each.volume_ml,
        "score": each.score,
        "plane": each.plane and each.plane.value,
    }


def _suggested(record: Json) -> Suggestion:
    first, last = record["slices"]
    plane = record["plane"] and Plane(record["plane"])
    box = BoxPrompt(*record["box"])
    return Suggestion(box, Extent(first, last), record["volume_ml"], record["score"], plane)


def _measures(record: Json) -> Measures:
    found = record["diameters"]
    diameters = None
    if found is not None:
        lines = [
            Line(tuple(line["start"]), tuple(line["end"]), line["length_mm"])
            for line in (found["longest"], found["perpendicular"])
        ]
        diameters = Bidirectional(found["slice"], *lines)
    return Measures(record["volume_ml"], record["surface_area_cm2"], record["parts"], diameters)

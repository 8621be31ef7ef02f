"""The Python that makes a result again, for people to read, keep and change."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from breastwidget.engines.base import EngineInfo
from breastwidget.engines.factory import create_engine
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt, Prompt
from breastwidget.provenance import Provenance, pack_mask
from breastwidget.segmentation import Segmentation
from breastwidget.volume import Source

__all__ = ["python_code"]

_UNPACK = '''

def unpacked(text, rows, columns):
    """A mask that was drawn, from its packed bits."""
    bits = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(bits, count=rows * columns).reshape(rows, columns).astype(bool)

'''


def python_code(
    results: Segmentation | Provenance | Mapping[str, Segmentation | Provenance],
    *,
    reference: str | None = None,
    save: bool = True,
) -> str:
    """A script that loads the scan, gives the prompts, propagates, corrects and saves.

    `results` is one result, or several by name (lesions, strategies): of one scan and one engine,
    they share a `Segmenter`, as in the app. With the path of a `reference` the script scores them;
    with `save` it writes each into a folder of its name. It needs nothing but breastwidget, and
    the files at the paths that they were loaded from.
    """
    made = {"result": results} if not isinstance(results, Mapping) else dict(results)
    provenances = {
        name: each.provenance if isinstance(each, Segmentation) else each
        for name, each in made.items()
    }
    several = isinstance(results, Mapping)
    body = ["results = {}\n"] if several else []
    opened: tuple[object, ...] | None = None
    for name, provenance in provenances.items():
        needs = (provenance.source, provenance.plane, provenance.engine)
        if needs != opened:
            body += _open(provenance)
            opened = needs
        body += _segment(provenance, f"results[{name!r}]" if several else "result")
    body += _finish("results" if several else "result", several, reference, save)
    drawn = any(
        isinstance(prompt, MaskPrompt) for each in provenances.values() for prompt in _prompts(each)
    )
    return _imports(body, drawn) + "\n".join(body).rstrip("\n") + "\n"


def _imports(body: list[str], drawn: bool) -> str:
    lines = ["import base64", "import zlib", "", "import numpy as np", ""] if drawn else []
    lines.append("import breastwidget as bw")
    if any("create_engine(" in line for line in body):
        lines.append("from breastwidget.engines.factory import create_engine")
    return "\n".join(lines) + "\n" + (_UNPACK if drawn else "") + "\n"


def _open(provenance: Provenance) -> list[str]:
    return [
        f"volume = {_load(provenance.source)}",
        f"segmenter = bw.Segmenter(volume, engine={_engine(provenance.engine)}, "
        f"plane={provenance.plane!r})",
        "",
    ]


def _load(source: Source) -> str:
    if not source.files:
        return "...  # it was made in memory, not loaded from a file: make it here again"
    files = source.files[0] if len(source.files) == 1 else list(source.files)
    chosen = [f"{key}={getattr(source, key)}" for key in ("phase", "subtraction")]
    given = [each for each in chosen if not each.endswith("=None")]
    return f"bw.load({', '.join([repr(files), *given])})"


def _engine(engine: EngineInfo) -> str:
    """The engine's name, or the call that makes it where it was given other settings."""
    usual = inspect.signature(create_engine).parameters
    other = [
        f"{name}={value!r}"
        for name, value in engine.settings
        if name not in usual or usual[name].default != value
    ]
    return (
        f"create_engine({', '.join([repr(engine.name), *other])})" if other else repr(engine.name)
    )


def _segment(provenance: Provenance, target: str) -> list[str]:
    lines = [f"lesion = {_lesion(provenance.lesion)}"]
    extent = provenance.extent
    given = "" if extent is None else f", extent=({extent.first}, {extent.last})"
    lines.append(f"{target} = segmenter.segment(lesion, strategy={provenance.strategy!r}{given})")
    for each in provenance.corrections:
        lines += [
            f"lesion = {_lesion(each.lesion)}",
            f"{target} = segmenter.correct({target}, lesion, corrected={each.corrected})",
        ]
    return [*lines, ""]


def _lesion(lesion: Lesion) -> str:
    prompts = "".join(f"        {_prompt(prompt)},\n" for prompt in lesion.prompts)
    return f"bw.Lesion(\n    (\n{prompts}    ),\n    name={lesion.name!r},\n)"


def _prompt(prompt: Prompt) -> str:
    if isinstance(prompt, BoxPrompt):
        corners = ", ".join(
            f"{key}={float(getattr(prompt, key))!r}" for key in ("x0", "y0", "x1", "y1")
        )
        return f"bw.BoxPrompt(slice={prompt.slice}, {corners})"
    if isinstance(prompt, PointPrompt):
        place = f"slice={prompt.slice}, x={float(prompt.x)!r}, y={float(prompt.y)!r}"
        return f"bw.PointPrompt({place}, positive={prompt.positive})"
    rows, columns = prompt.mask.shape
    return f"bw.MaskPrompt({prompt.slice}, unpacked({pack_mask(prompt.mask)!r}, {rows}, {columns}))"


def _prompts(provenance: Provenance) -> list[Prompt]:
    lesions = [provenance.lesion, *(each.lesion for each in provenance.corrections)]
    return [prompt for lesion in lesions for prompt in lesion.prompts]


def _finish(target: str, several: bool, reference: str | None, save: bool) -> list[str]:
    lines = []
    if save and several:
        lines += ["for name, each in results.items():", "    each.save(name)"]
    elif save:
        lines.append("result.save('result')  # a new folder")
    if reference is not None:
        lines.append(f"print(bw.score({target}, {reference!r}))")
    return lines

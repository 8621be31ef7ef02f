"""`breastwidget demo`: the main job on the phantom, with one box and all three strategies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from breastwidget import metrics
from breastwidget.api import Segmenter, score
from breastwidget.commands.console import make_console, print_table, slice_bar
from breastwidget.output import check_new_folder, new_folder
from breastwidget.phantom import Phantom, make_phantom
from breastwidget.prompts import BoxPrompt, box_from_reference
from breastwidget.readers import write_mask, write_volume
from breastwidget.report import Report, ReportResult, write_report
from breastwidget.segmentation import Segmentation
from breastwidget.strategies import STRATEGIES
from breastwidget.surface import extract_surface, scene_html
from breastwidget.volume import Volume

__all__ = ["run_demo"]


def run_demo(output: Path, kind: str = "single", seed: int = 0) -> None:
    """Draw a phantom, box its largest lesion on one slice, run every strategy, write a report.

    The folder holds the phantom's phases, its reference, `report.html` and, for each strategy, a
    folder with its mask, surface and session.
    """
    check_new_folder(output)
    console = make_console()
    console.print(f"Drawing a synthetic breast DCE-MRI ({kind}, seed {seed})")
    phantom = make_phantom(kind, seed)
    volume = phantom.subtraction(1)
    lesion = max(phantom.lesions, key=np.count_nonzero)
    box = _middle_box(volume, lesion)
    segmenter = Segmenter(volume)
    console.print(
        f"One box on slice {box.slice}: columns {box.x0:.0f}–{box.x1:.0f}, rows "
        f"{box.y0:.0f}–{box.y1:.0f}; engine {segmenter.engine.info.name}"
    )
    results: dict[str, Segmentation] = {}
    for strategy in STRATEGIES:
        with slice_bar(console, f"{strategy:15}", None) as bar:
            results[strategy] = segmenter.segment(box, strategy, progress=bar)
    with new_folder(output) as folder:
        _write(folder, phantom, lesion, results, box)
    print_table(console, score(results, lesion), metrics.CONVENTIONS)
    console.print(
        f"\nWrote {output}: the report, masks (NIfTI), surfaces (STL) and the phantom itself.\n"
        f"Open {output / 'report.html'} in a browser.\n"
        "Open the notebook:        make lab\n"
        "Run it on your own scan:  .venv/bin/breastwidget segment SCAN.nii.gz -o OUT "
        "--box SLICE X0 Y0 X1 Y1"
    )


def _middle_box(volume: Volume, lesion: np.ndarray) -> BoxPrompt:
    """A tight box on the lesion's middle slice, as a person would drag it."""
    seen = volume.stack().from_voxels(lesion)
    positive = np.flatnonzero(seen.any(axis=(1, 2)))
    return box_from_reference(seen, int(positive[len(positive) // 2]))


def _write(
    folder: Path,
    phantom: Phantom,
    lesion: np.ndarray,
    results: dict[str, Segmentation],
    box: BoxPrompt,
) -> None:
    for index, phase in enumerate(phantom.phases):
        write_volume(folder / f"phantom_{index:04d}.nii.gz", phase)
    write_mask(folder / "reference.nii.gz", lesion, phantom.phases[0])
    for strategy, result in results.items():
        (folder / strategy).mkdir()
        result.write_into(folder / strategy)
    best = next(iter(results.values()))
    stack = best.volume.stack(best.plane)
    report = Report(
        title="breastwidget demo: a synthetic breast DCE-MRI",
        stack=stack,
        prompts=(box,),
        results={name: ReportResult.of(result) for name, result in results.items()},
        reference=stack.from_voxels(lesion),
        table=score(results, lesion),
        surface_html=_scene(best, lesion),
        facts={
            "Engine": best.provenance.engine.name,
            "Image": "first post-contrast phase minus pre-contrast phase",
            "Prompt": f"one box on slice {box.slice}",
            "Extent": "automatic",
            "Seconds": "the first strategy's include encoding the slices; the others reuse them",
        },
        provenance={name: result.session() for name, result in results.items()},
    )
    write_report(folder / "report.html", report)


def _scene(result: Segmentation, lesion: np.ndarray) -> str | None:
    if not result.mask.any():
        return None
    return scene_html([result.surface(), extract_surface(lesion, result.volume.affine)])

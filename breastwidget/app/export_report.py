"""The HTML report of what the app shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from breastwidget.app.document import Document, LesionState
from breastwidget.app.model import AppModel
from breastwidget.app.run_table import run_label, run_table
from breastwidget.errors import DependencyError
from breastwidget.report import Report, ReportResult, write_report
from breastwidget.segmentation import Segmentation
from breastwidget.volume import SliceStack

__all__ = ["write_html_report"]


def write_html_report(
    path: Path, model: AppModel, lesions: Sequence[LesionState], shown: Sequence[Segmentation]
) -> None:
    """One lesion's results side by side, or of several lesions what is `shown` of each.

    All of them have a result. Raises `OutputError`.
    """
    first = shown[0]
    stack = first.volume.stack(first.plane)
    table = run_table(Document(lesions=tuple(lesions)))
    write_report(
        path,
        Report(
            title=f"breastwidget: {first.volume.name}",
            stack=stack,
            prompts=[
                prompt
                for lesion in lesions
                if lesion.plane is stack.plane
                for prompt in lesion.prompts
            ],
            results=_results(lesions, shown, stack),
            reference=None if model.reference is None else stack.from_voxels(model.reference),
            table=None if table.empty else table,
            surface_html=_surface(shown),
            facts={"Image": model.image, "Engine": model.engine_label},
            provenance={each.name: each.run.segmentation.session() for each in lesions if each.run},
        ),
    )


def _results(
    lesions: Sequence[LesionState], shown: Sequence[Segmentation], stack: SliceStack
) -> dict[str, ReportResult]:
    if len(lesions) > 1:
        return {
            f"{lesion.key}. {lesion.name}": _seen_in(stack, each)
            for lesion, each in zip(lesions, shown, strict=True)
        }
    (lesion,) = lesions
    others = [number for number in range(len(lesion.runs)) if number != lesion.shown]
    found = {run_label(lesion.runs[lesion.shown or 0], (lesion.shown or 0) + 1): shown[0]}
    found |= {
        run_label(lesion.runs[number], number + 1): lesion.runs[number].segmentation
        for number in others
    }
    return {label: _seen_in(stack, each) for label, each in found.items()}


def _seen_in(stack: SliceStack, result: Segmentation) -> ReportResult:
    """A result in the report's stack; its confidence is of slices, and only of that plane's."""
    if result.plane is stack.plane:
        return ReportResult.of(result)
    return ReportResult(stack.from_voxels(result.mask))


def _surface(shown: Sequence[Segmentation]) -> str | None:
    from breastwidget.surface import scene_html

    surfaces = [each.surface() for each in shown if each.mask.any()]
    if not surfaces:
        return None
    try:
        return scene_html(surfaces)
    except DependencyError:
        return None

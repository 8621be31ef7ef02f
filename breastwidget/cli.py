"""The command line: argument parsing only. Exit 0 done, 2 the input was wrong, 1 anything else."""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from breastwidget._version import __version__
from breastwidget.errors import BreastWidgetError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One box on one slice of a breast MRI, carried through the volume by SAM 2. "
    "For research and teaching, not for diagnosis.",
)


class _Prompt(str, Enum):
    BOX = "box"
    MASK = "mask"


class _BoxSource(str, Enum):
    TIGHT = "tight"
    PROJECTED = "projected"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"breastwidget {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Say which command to run."""


@app.command()
def segment(
    image: Annotated[
        Path, typer.Argument(help="A NIfTI or NRRD file, a DICOM folder or a case folder.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder to write.")],
    phase: Annotated[
        int | None, typer.Option(help="Time point of a DCE series; 0 is pre-contrast.")
    ] = None,
    subtraction: Annotated[
        int | None, typer.Option(help="Use phase N minus phase 0.", metavar="N")
    ] = None,
    plane: Annotated[str, typer.Option(help="native, axial, coronal or sagittal.")] = "native",
    box: Annotated[
        tuple[int, float, float, float, float] | None,
        typer.Option(
            help="A box on one slice: columns [X0, X1), rows [Y0, Y1).",
            metavar="SLICE X0 Y0 X1 Y1",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="A reference mask: to score, and to prompt without --box."),
    ] = None,
    prompt: Annotated[
        _Prompt | None, typer.Option(help="What to take from the reference. [default: box]")
    ] = None,
    box_source: Annotated[
        _BoxSource,
        typer.Option(help="The reference's box on that slice, or its 3-D box cut there."),
    ] = _BoxSource.TIGHT,
    strategy: Annotated[
        str, typer.Option(help="center-outward, top-to-bottom or bottom-to-top.")
    ] = "center-outward",
    extent: Annotated[
        str, typer.Option(help="The slices to visit: auto, reference or FIRST:LAST.")
    ] = "auto",
    engine: Annotated[
        str, typer.Option(help="A name from `breastwidget engines`, or a checkpoint file.")
    ] = "nano",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of a table.")
    ] = False,
) -> None:
    """Carry one box or mask through a scan; write masks, surface and report."""
    from breastwidget.commands.request import SegmentRequest
    from breastwidget.commands.show import show_segment

    request = SegmentRequest(
        image=image,
        output=output,
        phase=phase,
        subtraction=subtraction,
        plane=plane,
        box=box,
        reference=reference,
        prompt=prompt and prompt.value,
        box_source=box_source.value,
        strategy=strategy,
        extent=extent,
        engine=engine,
    )
    _print_json(show_segment(request, quiet=as_json), wanted=as_json)


@app.command()
def engines(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the engines: what there is, what is cached, sizes, licences."""
    from breastwidget.commands.show import show_engines

    _print_json(show_engines(quiet=as_json), wanted=as_json)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="A new folder to write.")],
    kind: Annotated[
        str, typer.Option(help="The phantom's lesions: single, several or scattered.")
    ] = "single",
    seed: Annotated[int, typer.Option(help="Which phantom to draw.")] = 0,
) -> None:
    """Run the main job on a synthetic breast MRI: one box, all three strategies, no network."""
    from breastwidget.commands.demo import run_demo

    run_demo(output, kind, seed)


@app.command()
def replay(
    session: Annotated[Path, typer.Argument(help="A session.json that `segment` wrote.")],
) -> None:
    """Make a saved segmentation again; say whether it is bit-identical."""
    from breastwidget.commands.show import show_replay

    show_replay(session)


def main() -> None:
    """Run the command line; every error that a person can mend is one sentence."""
    try:
        app()
    except BreastWidgetError as error:
        typer.echo(f"breastwidget: {error}", err=True)
        sys.exit(error.exit_code)


def _print_json(value: Any, wanted: bool) -> None:
    if wanted:
        typer.echo(json.dumps(value))

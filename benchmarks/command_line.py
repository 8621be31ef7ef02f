"""`breastwidget segment` as a whole process, and what nano scores on the default phantom.

python -m benchmarks.command_line [--quick]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import breastwidget as bw
from benchmarks.table import machine, markdown
from breastwidget.prompts import box_from_reference
from breastwidget.readers import write_mask, write_volume

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "breast_nact"


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the phantom only")
    quick = parser.parse_args(arguments).quick
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        cases = [_phantom_case(Path(folder))]
        if REAL.is_dir() and not quick:
            cases += _real_cases()
        rows = [_measured(name, case, Path(folder)) for name, *case in cases]
    heads = ("case", "strategy, extent", "Dice", "wall", "peak memory", "of it: load, open, rest")
    print(markdown("`breastwidget segment --json`, whole process", heads, rows))
    print(phantom_table())


def _phantom_case(folder: Path) -> tuple[str, ...]:
    phantom = bw.make_phantom()
    write_volume(folder / "phantom.nii.gz", phantom.subtraction(1))
    write_mask(folder / "reference.nii.gz", phantom.reference, phantom.phases[0])
    return (
        "phantom 256 x 256 x 60",
        str(folder / "phantom.nii.gz"),
        "--reference",
        str(folder / "reference.nii.gz"),
    )


def _real_cases() -> list[tuple[str, ...]]:
    reference = ("--reference", str(REAL / "segmentations/ftv/nact_06.nii.gz"))
    nifti, dicom = REAL / "images/NACT_06", REAL / "dicom/image_dce_3dfgre_orig"
    whole = (*reference, "--subtraction", "1", "--extent", "reference")
    return [
        ("NACT_06, NIfTI", str(nifti), *whole),
        ("NACT_06, NIfTI, automatic extent", str(nifti), *reference, "--subtraction", "1"),
        ("NACT_06, NIfTI, mask prompt", str(nifti), *whole, "--prompt", "mask"),
        ("NACT_06, DICOM", str(dicom), *whole),
        ("NACT_06, axial", str(nifti), *whole, "--plane", "axial"),
    ]


def _measured(name: str, options: list[str], folder: Path) -> list[str]:
    output = folder / str(len(list(folder.iterdir())))
    command = [sys.executable, "-c", "from breastwidget.cli import main; main()", "segment"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, *options, "-o", str(output), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - started
    record = json.loads(done.stdout)
    seconds = record["seconds"]
    rest = sum(seconds.values()) - seconds["load"] - seconds["open"]
    return [
        name,
        f"{record['strategy']}, {record['slices']} slices",
        f"{record['dice']:.3f}",
        f"{wall:.1f} s",
        f"{record['peak_memory_mb']:.0f} MiB",
        f"{seconds['load']:.1f}, {seconds['open']:.1f}, {rest:.1f} s",
    ]


def phantom_table() -> str:
    """Dice of every strategy on the default phantom and on four other seeds, automatic extent."""
    rows = []
    for seed in range(5):
        phantom = bw.make_phantom(seed=seed)
        volume = phantom.subtraction(1)
        reference = volume.stack().from_voxels(phantom.reference)
        middle = int(np.flatnonzero(reference.any(axis=(1, 2))).mean())
        segmenter = bw.Segmenter(volume)
        box = box_from_reference(reference, middle)
        results = {name: segmenter.segment(box, name) for name in bw.STRATEGIES}
        table = bw.score(results, phantom.reference)
        rows.append([f"seed {seed}", *(f"{dice:.3f}" for dice in table["dice"])])
    return markdown("nano on phantoms, one tight box", ("phantom", *bw.STRATEGIES), rows)


if __name__ == "__main__":
    main()

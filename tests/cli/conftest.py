from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from breastwidget import cli


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def breastwidget(capsys, monkeypatch) -> Callable[..., Run]:
    """The command line, as a function of its arguments."""

    def run(*args: object) -> Run:
        monkeypatch.setattr("sys.argv", ["breastwidget", *map(str, args)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def scan(tmp_path_factory) -> Path:
    """A folder with a scan of a bright ball in noise and its reference; 48 x 56 x 24 voxels."""
    folder = tmp_path_factory.mktemp("scan")
    i, j, k = np.ogrid[:48, :56, :24]
    ball = ((i - 24) / 10) ** 2 + ((j - 28) / 10) ** 2 + ((k - 12) / 6) ** 2 <= 1
    noise = np.random.default_rng(0).normal(100, 8, ball.shape)
    affine = np.diag([-1.0, -1.0, 2.0, 1.0])
    image = (noise + 250 * ball).astype(np.int16)
    nib.save(nib.Nifti1Image(image, affine), folder / "image.nii.gz")
    nib.save(nib.Nifti1Image(ball.astype(np.uint8), affine), folder / "reference.nii.gz")
    return folder

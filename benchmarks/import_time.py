"""How long `import breastwidget` takes in a fresh process, and what it loads.

python -m benchmarks.import_time [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from benchmarks.table import markdown

HEAVY = ("torch", "vtk", "vtkmodules", "pyvista", "sam2", "pandas", "ipywidgets")
_SCRIPT = (
    "import sys, time; started = time.perf_counter(); import breastwidget;"
    "print(time.perf_counter() - started, *[m for m in {heavy} if m in sys.modules])"
)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three processes instead of ten")
    print(import_table(3 if parser.parse_args(arguments).quick else 10))


def import_table(times: int) -> str:
    """Median and worst of so many fresh processes; the first only warms the disk."""
    runs = [_import_once() for _ in range(times + 1)][1:]
    seconds = [float(run[0]) for run in runs]
    loaded = ", ".join(runs[0][1:]) or "none"
    return markdown(
        "import breastwidget",
        ("median", "worst", f"loaded of {', '.join(HEAVY)}"),
        [[f"{statistics.median(seconds):.2f} s", f"{max(seconds):.2f} s", loaded]],
    )


def _import_once() -> list[str]:
    command = [sys.executable, "-c", _SCRIPT.format(heavy=HEAVY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Make .venv and install breastwidget into it: scripts/install.sh [EXTRAS], e.g. "notebook" or "dev".
#
# The order matters. sam2 ships as source whose build imports torch: with build isolation pip fetches
# a second torch for the build, and without the torchvision pin it replaces the CPU build of torch by
# a CUDA one. So torch goes in first, then sam2 without isolation, then the rest under constraints.
set -euo pipefail
cd "$(dirname "$0")/.."
extras="${1:-}"
python="${PYTHON:-python3}"
pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt)

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "breastwidget needs Python 3.10 or newer; set PYTHON=/path/to/python3." >&2
  exit 1
fi
if [ ! -x .venv/bin/python ]; then
  echo "== making .venv with $("$python" --version)"
  "$python" -m venv .venv
fi

if ! .venv/bin/python -c 'import torch' 2>/dev/null; then
  index=()
  cpu_index="https://download.pytorch.org/whl/cpu"
  if [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null; then
    # No GPU: the CPU build saves gigabytes, where its index can be reached.
    if .venv/bin/python -c "import urllib.request as u; u.urlopen('$cpu_index/torch/', timeout=5)" 2>/dev/null; then
      index=(--extra-index-url "$cpu_index")
    fi
  fi
  echo "== installing torch"
  "${pip[@]}" ${index[@]+"${index[@]}"} torch
fi
if ! .venv/bin/python -c 'import importlib.metadata as m; m.version("sam2")' 2>/dev/null; then
  echo "== installing sam2"
  "${pip[@]}" setuptools wheel
  SAM2_BUILD_CUDA=0 "${pip[@]}" --no-build-isolation sam2
fi
echo "== installing breastwidget${extras:+ with [$extras]}"
"${pip[@]}" --editable ".${extras:+[$extras]}"

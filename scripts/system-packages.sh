#!/usr/bin/env bash
# What the tests need beyond Python: a Chromium to drive, and EGL to render surfaces without a screen.
# Debian's packages where there is apt and root, else Playwright's own Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

has_egl() { ldconfig -p 2>/dev/null | grep -q libEGL.so.1; }
has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }

if has_chromium && has_egl; then exit 0; fi
if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=(); elif sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
  packages=(libegl1 libgl1-mesa-dri)
  # Ubuntu's package of that name only points to a snap.
  if ! has_chromium && ! grep -qi '^ID=ubuntu' /etc/os-release; then packages+=(chromium); fi
  if [ "${as_root[*]:-}" != false ]; then
    echo "== installing ${packages[*]} with apt"
    ${as_root[@]+"${as_root[@]}"} apt-get update -qq
    DEBIAN_FRONTEND=noninteractive ${as_root[@]+"${as_root[@]}"} apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  fi
fi
if ! has_chromium; then
  echo "== installing Playwright's Chromium"
  .venv/bin/python -m playwright install chromium
fi

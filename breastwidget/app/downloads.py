"""Files as links that need no server: small ones travel inside the page."""

from __future__ import annotations

import base64
from html import escape

__all__ = ["LARGEST_LINK_BYTES", "data_link"]

LARGEST_LINK_BYTES = 4_000_000
"""Browsers and notebooks slow down over larger ones; those stay where they were written."""


def data_link(content: bytes, name: str, text: str, media_type: str) -> str:
    """A download link that holds `content`; the browser saves it as `name`."""
    packed = base64.b64encode(content).decode()
    return (
        f'<a class="bw-download" download="{escape(name)}" '
        f'href="data:{media_type};base64,{packed}">{escape(text)}</a>'
    )

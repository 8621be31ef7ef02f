"""A model hub on loopback, with the few answers that huggingface_hub asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Serves `files` by path, e.g. "facebook/sam2.1-hiera-tiny/resolve/main/x.pt".

    `requests` lists (method, Range header) of what was asked; `digest` replaces the SHA-256 that
    the hub announces; `hang_up_after` so many bytes the first download breaks off.
    """

    def __init__(
        self, files: dict[str, bytes], digest: str | None = None, hang_up_after: int | None = None
    ) -> None:
        self.files = files
        self.digest = digest
        self.hang_up_after = hang_up_after
        self.requests: list[tuple[str, str | None]] = []
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[FakeHub]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.answer(with_body=False)

            def do_GET(self):
                self.answer(with_body=True)

            def answer(self, with_body):
                wanted = self.headers.get("Range")
                hub.requests.append((self.command, wanted))
                data = hub.files.get(self.path.lstrip("/").split("?")[0])
                if data is None:
                    self.send_response(404)
                    self.send_header("X-Error-Code", "EntryNotFound")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
                digest = hub.digest or hashlib.sha256(data).hexdigest()
                self.send_response(206 if wanted else 200)
                if wanted:
                    last = f"{len(data) - 1}/{len(data)}"
                    self.send_header("Content-Range", f"bytes {start}-{last}")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("X-Linked-Etag", f'"{digest}"')
                self.send_header("X-Linked-Size", str(len(data)))
                self.send_header("ETag", f'"{digest}"')
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                if with_body:
                    end, hub.hang_up_after = hub.hang_up_after, None
                    self.wfile.write(data[start:end])
                    self.close_connection = True

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

"""A service that is only a `/readyz` over real HTTP, and takes down what is posted to it, on a free port."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def ready(service: str, **checks: dict[str, Any]) -> dict[str, Any]:
    """What a ready service's `/readyz` says, with facts by part."""
    return {"service": service, "checks": {part: {"ok": True, "detail": "", **facts} for part, facts in checks.items()}}


@contextlib.contextmanager
def stub_service(body: object, status: int = 200, posted: list[tuple[str, Any]] | None = None) -> Iterator[str]:
    """Answers `/readyz` with `status` and `body`, a JSON value; yields the address.

    What is posted, to whatever path, is taken down in `posted` as (path, JSON) and answered with {}.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/readyz"
            self.send_response(status if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode() if found else b"")

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if posted is not None:
                posted.append((self.path, asked))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

"""A small server that plays the inventory for its commands."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

KEY = "the-key"
_PAGE = 2


class Desk(ThreadingHTTPServer):
    """Refuses the SKU `NOPE`, shows `entries` two a page, and answers 503 to as many calls as it is `away` for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.away = 0
        self.calls: list[dict[str, Any]] = []
        self.asked: list[dict[str, list[str]]] = []
        self.entries: dict[str, dict[str, Any]] = {}

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Self]:
        server = cls()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append(body)
        refused = [
            {"index": index, "detail": "no product 'NOPE'"}
            for index, listing in enumerate(body["listings"])
            if listing["sku"] == "NOPE"
        ]
        self._answer({"changed": len(body["listings"]) - len(refused), "unchanged": 0, "refused": refused})

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.server.asked.append(query)
        after = query.get("after", [""])[0]
        behind = [entry for place, entry in self.server.entries.items() if place > after]
        self._answer(behind[:_PAGE])

    def log_message(self, *_: object) -> None:
        """Tests print what they need themselves."""

    def _answer(self, found: object) -> None:
        status = 200
        if self.headers["X-API-Key"] != KEY:
            status, found = 401, {"detail": "send a key that this service knows"}
        elif self.server.away:
            self.server.away -= 1
            status, found = 503, {"detail": "the database does not answer"}
        content = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

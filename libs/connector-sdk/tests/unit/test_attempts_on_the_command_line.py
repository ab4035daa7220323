import http.server
import json
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from connector_sdk.attempts.cli import app
from typer.testing import CliRunner

ATTEMPT = {
    "id": 7,
    "kind": "stock",
    "sku": "A",
    "external_sku": "X-A",
    "external_order_id": None,
    "package_id": None,
    "revision": 4,
    "quantity": 0,
    "price": None,
    "currency": None,
    "transport": "call",
    "request_id": "r-1",
    "submission_id": None,
    "http_status": 400,
    "outcome": "rejected",
    "issues": [{"code": "8541", "message": "no such listing"}],
    "correlation_id": None,
    "started_at": "2026-11-22T10:00:00Z",
    "ended_at": "2026-11-22T10:00:01Z",
}


class _Connector(http.server.BaseHTTPRequestHandler):
    """Knows one attempt a page; pages end with the attempt 6."""

    def do_GET(self) -> None:
        wanted = parse_qs(urlsplit(self.path).query)
        if "live" in wanted.get("outcome", []):
            return self._answer(422, {"detail": "query.outcome: must be one of: 'accepted'"})
        number = int(wanted.get("before", ["8"])[0]) - 1
        page = {"channel": "amazon", "attempts": [ATTEMPT | {"id": number}], "next": number if number > 6 else None}
        return self._answer(200, page)

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Connector) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield {"AMAZON_CONNECTOR_URL": f"http://127.0.0.1:{server.server_port}", "API_KEY": "key"}
        server.shutdown()
        thread.join()


def test_each_attempt_is_a_line(environment: dict[str, str]) -> None:
    told = CliRunner().invoke(app, ["amazon", "--sku", "X-A", "--limit", "1"], env=environment)
    assert told.exit_code == 0
    assert told.stdout == (
        "2026-11-22T10:00:00Z\tstock\tX-A\trevision 4\t0\tcall\trejected\t400\tr-1\t8541: no such listing\n"
    )


def test_pages_are_read_to_the_last(environment: dict[str, str]) -> None:
    told = CliRunner().invoke(app, ["amazon", "--json"], env=environment)
    assert [each["id"] for each in json.loads(told.stdout)["attempts"]] == [7, 6]


def test_wrong_use_and_an_absent_connector_are_told_apart(environment: dict[str, str]) -> None:
    wrong = CliRunner().invoke(app, ["amazon", "--outcome", "live"], env=environment)
    assert (wrong.exit_code, "must be one of" in wrong.stderr) == (2, True)
    unknown = CliRunner().invoke(app, ["souq"], env=environment)
    assert (unknown.exit_code, "SOUQ_CONNECTOR_URL" in unknown.stderr) == (2, True)
    keyless = CliRunner().invoke(app, ["amazon"], env=environment | {"API_KEY": ""})
    assert (keyless.exit_code, "API_KEY" in keyless.stderr) == (2, True)
    away = CliRunner().invoke(app, ["amazon"], env=environment | {"AMAZON_CONNECTOR_URL": "http://127.0.0.1:1"})
    assert (away.exit_code, "no answer from http://127.0.0.1:1" in away.stderr) == (1, True)

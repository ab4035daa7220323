"""`mizan fees` between a connector and an inventory that only remember what they were asked."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from inventory.commands.fees.cli import app
from inventory.commands.fees.importing import rule_name
from typer.testing import CliRunner, Result


class Both:
    """A connector with `fees` and an inventory with `rules`, behind one address."""

    def __init__(self) -> None:
        self.fees: list[dict[str, Any]] = []
        self.rules: dict[str, dict[str, Any]] = {}
        self.is_supported = True
        self.writes = 0
        self.url = ""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:  # noqa: ANN401 - any JSON
        if path == "/v1/fees":
            after = query.get("after", [""])[0]
            page = [each for each in self.fees if each["sku"] > after][:2]
            return {"channel": "amazon", "supported": self.is_supported, "fees": page}
        if method == "POST":
            self.writes += 1
            self.rules |= {rule["name"]: rule for rule in body["put"]}
        return {"rules": list(self.rules.values())}


@pytest.fixture
def both() -> Iterator[Both]:
    found = Both()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

        def _answer(self, body: Any) -> None:  # noqa: ANN401 - any JSON
            url = urlparse(self.path)
            content = json.dumps(found.answer(self.command, url.path, parse_qs(url.query), body)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()


def mizan(both: Both, *arguments: str, **environment: str) -> Result:
    usual = {"INVENTORY_URL": both.url, "AMAZON_CONNECTOR_URL": both.url, "API_KEY": "key"}
    return CliRunner().invoke(app, arguments, env=usual | environment)


def fee(sku: str, percent: str = "15.00", *, age: int = 60) -> dict[str, Any]:
    estimate = {"percent": percent, "fixed": "5.00", "price": "100.00", "currency": "EGP", "age_seconds": age}
    return {"sku": sku, "error": None, "estimate": estimate}


def test_each_sku_gets_a_rule_and_the_second_time_nothing_is_written(both: Both) -> None:
    both.fees = [fee("A"), fee("B", "8.00"), fee("C")]
    first, second = mizan(both, "import"), mizan(both, "import")
    assert first.exit_code == second.exit_code == 0
    assert first.stdout == "3 rules written, 0 as they were, 0 left out\n"
    assert second.stdout == "0 rules written, 3 as they were, 0 left out\n"
    assert both.writes == 1
    assert both.rules["fees amazon B"] == {
        "name": "fees amazon B",
        "sku": "B",
        "channel": "amazon",
        "sets": {"fee_percent": "8.00", "fee_fixed": "5.00"},
    }


def test_a_dry_run_writes_nothing(both: Both) -> None:
    both.fees = [fee("A")]
    result = mizan(both, "import", "--dry-run", "--json")
    assert (result.exit_code, both.writes, both.rules) == (0, 0, {})
    assert [rule["sku"] for rule in json.loads(result.stdout)["put"]] == ["A"]


def test_what_is_old_missing_or_set_by_hand_is_left_out_and_said(both: Both) -> None:
    missing = {"sku": "C", "error": "ClientError: The SKU is unknown.", "estimate": None}
    both.fees = [fee("A"), fee("B", age=3 * 24 * 3600), missing, fee("D", "100")]
    both.rules["mine"] = {"name": "mine", "sku": "A", "channel": "amazon", "sets": {"floor": "10.00"}}
    result = mizan(both, "import")
    assert result.exit_code == 1
    assert both.writes == 0
    reasons = dict(line.split("\t")[1:] for line in result.stdout.splitlines()[:-1])
    assert reasons == {
        "A": "the price rule 'mine' speaks of it already: set its fees there",
        "B": "the estimate is 72 hours old",
        "C": "ClientError: The SKU is unknown.",
        "D": "fees of 100 % leave nothing of any price",
    }


def test_the_estimates_are_listed(both: Both) -> None:
    both.fees = [fee("A"), {"sku": "B", "error": None, "estimate": None}]
    result = mizan(both, "list")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["A\t15.00 % + 5.00 EGP\tat 100.00\t60 s old", "B\t-\tno estimate yet"]
    assert len(json.loads(mizan(both, "list", "--json").stdout)["fees"]) == 2


def test_wrong_use_is_told_from_a_connector_that_is_away(both: Both) -> None:
    assert mizan(both, "list", AMAZON_CONNECTOR_URL="http://127.0.0.1:1").exit_code == 1
    assert mizan(both, "list", "--channel", "etsy").exit_code == 2
    assert mizan(both, "import", API_KEY="").exit_code == 2
    both.is_supported = False
    result = mizan(both, "list")
    assert (result.exit_code, "estimates no fees" in result.stderr) == (2, True)


def test_a_rules_name_is_the_sku_where_a_name_may_hold_it() -> None:
    names = [rule_name("amazon", sku) for sku in ("A 1", "a/b", "x" * 64)]
    assert names[0] == "fees amazon A 1"
    assert all(len(name) <= 64 and "/" not in name for name in names)
    assert len(set(names)) == 3

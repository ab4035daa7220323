import json

import pytest
from control.addresses import SERVICES, Address, addresses
from control.readiness import State, read
from control.testing.stub_service import ready

INVENTORY = Address("inventory", "INVENTORY_URL", "http://inventory:8001")


def _read(status: int, body: object) -> tuple[State, str]:
    readiness = read(INVENTORY, status, json.dumps(body).encode())
    return readiness.state, readiness.detail


def test_a_ready_service_tells_its_figures() -> None:
    body = ready("inventory", database={}, outbox={"rows": 3, "oldest_seconds": 1.5})
    readiness = read(INVENTORY, 200, json.dumps(body).encode())
    assert readiness.state is State.READY
    assert readiness.facts == {"outbox": {"rows": 3, "oldest_seconds": 1.5}}


def test_what_is_wrong_is_told_in_one_line() -> None:
    checks = {"consumer": {"ok": False, "detail": "stopped\nfor good"}, "relay": {"ok": False}, "web": {"ok": True}}
    body = {"service": "inventory", "checks": checks}
    assert _read(503, body) == (State.NOT_READY, "consumer: stopped for good; relay: not ok")


def test_another_service_under_the_address_is_named() -> None:
    state, detail = _read(200, ready("noon-connector"))
    assert state is State.NOT_READY
    assert "is noon-connector: correct INVENTORY_URL" in detail


@pytest.mark.parametrize("body", [[], {"hello": "world"}, "text", {"service": "inventory", "checks": 3}])
def test_something_else_under_the_address_is_recognised(body: object) -> None:
    state, detail = _read(200, body)
    assert state is State.NOT_READY
    assert "correct INVENTORY_URL" in detail


def test_a_status_that_contradicts_the_report_is_not_ready() -> None:
    assert _read(500, ready("inventory")) == (State.NOT_READY, "answers 500")


def test_addresses_come_from_the_environment_or_are_the_usual_ones() -> None:
    found = addresses({"INVENTORY_URL": "https://inventory.example/", "NOON_CONNECTOR_URL": " "})
    urls = {address.service: address.url for address in found}
    assert urls["inventory"] == "https://inventory.example"
    assert urls["noon-connector"] == "http://127.0.0.1:8003"
    assert list(urls) == [address.service for address in SERVICES]


@pytest.mark.parametrize("url", ["order-importer:8004", "ftp://host", "http://", "http://[", "http://host:port"])
def test_an_address_that_is_no_http_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="ORDER_IMPORTER_URL must be an http:// or https:// address"):
        addresses({"ORDER_IMPORTER_URL": url})

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest
from control.addresses import SERVICES
from control.cli import create_app
from control.testing.stub_service import ready, stub_service
from typer.testing import CliRunner, Result


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address at which nobody listens: the port is taken but not open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """The addresses of five services that are all ready."""
    with contextlib.ExitStack() as stack:
        facts = {"outbox": {"rows": 0, "oldest_seconds": 0.0}}
        yield {s.variable: stack.enter_context(stub_service(ready(s.service, **facts))) for s in SERVICES}


def _mizan(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(create_app(), arguments, env=environment | {"COLUMNS": "200"})


def test_all_ready_is_exit_code_0(environment: dict[str, str]) -> None:
    result = _mizan(environment, "status")
    assert result.exit_code == 0
    for service in SERVICES:
        assert service.service in result.output
    assert "outbox: rows 0, oldest seconds 0.0" in result.output


def test_a_service_that_does_not_answer_is_named_and_is_exit_code_1(environment: dict[str, str], nowhere: str) -> None:
    result = _mizan(environment | {"NOON_CONNECTOR_URL": nowhere}, "status")
    assert result.exit_code == 1
    [line] = [line for line in result.output.splitlines() if "noon-connector" in line]
    assert "no answer" in line
    assert nowhere in line


def test_a_service_that_is_not_ready_says_why_and_is_exit_code_1(environment: dict[str, str]) -> None:
    body = {"service": "order-importer", "checks": {"relay": {"ok": False, "detail": "broker [x] away"}}}
    with stub_service(body, 503) as url:
        result = _mizan(environment | {"ORDER_IMPORTER_URL": url}, "status")
    assert result.exit_code == 1
    [line] = [line for line in result.output.splitlines() if "order-importer" in line]
    assert "not ready" in line
    assert "relay: broker [x] away" in line


def test_json_tells_the_same(environment: dict[str, str]) -> None:
    with stub_service(ready("order-importer", orders={"parked": 2})) as url:
        result = _mizan(environment | {"ORDER_IMPORTER_URL": url}, "status", "--json")
    told = json.loads(result.output)
    assert (result.exit_code, told["ready"]) == (0, True)
    assert [service["service"] for service in told["services"]] == [service.service for service in SERVICES]
    assert told["services"][-1] == {
        "service": "order-importer",
        "url": url,
        "state": "ready",
        "detail": "",
        "facts": {"orders": {"parked": 2}},
    }


@pytest.mark.parametrize(
    ("variable", "arguments", "hint"),
    [
        ("inventory:8001", ["status"], "INVENTORY_URL must be an http:// or https:// address"),
        ("", ["status", "--jsn"], "No such option: --jsn"),
        ("", ["stauts"], "No such command 'stauts'"),
        ("", ["status", "inventory"], "unexpected extra argument"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_is_wrong(variable: str, arguments: list[str], hint: str) -> None:
    result = _mizan({"INVENTORY_URL": variable}, *arguments)
    assert result.exit_code == 2
    assert hint in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["", "status", "replay", "dlq", "dlq list", "dlq show", "dlq retry", "dlq discard"])
def test_help_shows_an_example(command: str) -> None:
    result = _mizan({}, *command.split(), "--help")
    assert result.exit_code == 0
    assert "Example: " in result.output


def test_the_version_is_shown() -> None:
    result = _mizan({}, "--version")
    assert result.exit_code == 0
    assert result.output.startswith("mizan 0.")

import json
from collections.abc import Iterator
from typing import Any

import pytest
from inventory.commands.incidents.cli import app
from inventory.testing.desk import KEY, Desk
from typer.testing import CliRunner, Result


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk.running() as running:
        yield running


def mizan(desk: Desk, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["list", *arguments], env={"INVENTORY_URL": desk.url, "API_KEY": KEY})


def incident(number: int, *, resolved_at: str | None = None) -> dict[str, Any]:
    return {
        "id": number,
        "sku": "A",
        "channel": None,
        "cause": "shrinkage",
        "units": 2,
        "detail": {},
        "raised_at": "2026-11-22T10:00:00Z",
        "resolved_at": resolved_at,
    }


def test_no_open_incident_is_good_news(desk: Desk) -> None:
    result = mizan(desk)
    assert (result.exit_code, result.stdout) == (0, "")
    assert desk.asked[0]["only_open"] == ["true"]


def test_open_incidents_are_printed_and_are_a_problem(desk: Desk) -> None:
    desk.entries = {str(number): incident(number) for number in range(1, 6)}
    result = mizan(desk, "--sku", "A")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["2026-11-22T10:00:00Z\tA\t-\tshrinkage\t2 units\topen"] * 5
    assert {tuple(query["sku"]) for query in desk.asked} == {("A",)}
    assert json.loads(mizan(desk, "--json", "--limit", "2").stdout) == {"incidents": [incident(1), incident(2)]}


def test_what_is_resolved_is_no_problem_any_more(desk: Desk) -> None:
    desk.entries = {"1": incident(1, resolved_at="2026-11-22T11:00:00Z")}
    result = mizan(desk, "--all")
    assert (result.exit_code, desk.asked[0]["only_open"]) == (0, ["false"])
    assert "resolved 2026-11-22T11:00:00Z" in result.stdout

"""`mizan listings` against an inventory that a small server plays."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from inventory.commands.client import open_inventory
from inventory.commands.listings.cli import app
from inventory.listing_file import HEADER
from inventory.testing.desk import KEY, Desk
from runtime.service_client import RefusedError
from typer.testing import CliRunner, Result


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk.running() as running:
        yield running


def mizan(desk: Desk, *arguments: str, key: str = KEY) -> Result:
    return CliRunner().invoke(app, arguments, env={"INVENTORY_URL": desk.url, "API_KEY": key})


def written(folder: Path, *rows: str) -> str:
    file = folder / "listings.csv"
    file.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return str(file)


def test_a_good_file_is_sent_in_chunks(desk: Desk, tmp_path: Path) -> None:
    rows = [f"A-{number},noon,N-{number},,,true" for number in range(4100)]
    result = mizan(desk, "import", written(tmp_path, *rows))
    assert (result.exit_code, result.stdout) == (0, "4100 rows: 4100 changed, 0 as they were, 0 bad\n")
    assert [len(call["listings"]) for call in desk.calls] == [2000, 2000, 100]


def test_every_bad_row_is_printed_with_its_line(desk: Desk, tmp_path: Path) -> None:
    rows = ["A,noon,1,,,true", "B,noon,1,,,true", "NOPE,noon,2,,,true", "C,noon,3,,,perhaps"]
    result = mizan(desk, "import", written(tmp_path, *rows))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["line 3", "line 4", "line 5", "4 rows"]
    assert "on line 2 already" in lines[0]
    assert "no product 'NOPE'" in lines[1]
    assert lines[3] == "4 rows: 1 changed, 0 as they were, 3 bad"


def test_a_dry_run_is_asked_for_and_said(desk: Desk, tmp_path: Path) -> None:
    result = mizan(desk, "import", written(tmp_path, "A,noon,1,,,true"), "--dry-run")
    assert "1 would be changed" in result.stdout
    assert [call["dry_run"] for call in desk.calls] == [True]


def test_the_report_as_json(desk: Desk, tmp_path: Path) -> None:
    result = mizan(desk, "import", written(tmp_path, "A,noon,1,,,true", "NOPE,noon,2,,,true"), "--json")
    assert json.loads(result.stdout) == {
        "rows": 2,
        "changed": 1,
        "unchanged": 0,
        "bad": [{"line": 3, "reason": "no product 'NOPE'"}],
        "dry_run": False,
    }


def test_a_file_without_a_header_is_wrong_use(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "listings.csv"
    file.write_text("A,noon,1,,,true\n", encoding="utf-8")
    result = mizan(desk, "import", str(file))
    assert (result.exit_code, desk.calls) == (2, [])
    assert "the first line must be sku,channel" in result.stderr


def test_wrong_use_is_told_in_a_line(desk: Desk, tmp_path: Path) -> None:
    assert mizan(desk, "import", str(tmp_path / "missing.csv")).exit_code == 2
    result = mizan(desk, "list", key="")
    assert (result.exit_code, result.stderr) == (2, "mizan: set API_KEY to a key that the inventory knows\n")


def test_a_key_that_is_not_known_is_told_in_a_line(desk: Desk) -> None:
    result = mizan(desk, "list", key="wrong")
    assert result.exit_code == 1
    assert result.stderr == "mizan: the inventory refused it (401): send a key that this service knows\n"


def test_listings_are_listed_page_by_page(desk: Desk) -> None:
    desk.entries = {
        f"noon:A-{number}": {
            "channel": "noon",
            "sku": f"A-{number}",
            "external_sku": f"N-{number}",
            "is_active": number != 3,
        }
        for number in range(5)
    }
    lines = mizan(desk, "list").stdout.splitlines()
    assert lines[0] == "noon\tA-0\tN-0"
    assert lines[3] == "noon\tA-3\tN-3\tinactive"
    assert len(lines) == 5
    assert json.loads(mizan(desk, "list", "--json", "--limit", "3").stdout) == {
        "listings": list(desk.entries.values())[:3]
    }


@pytest.mark.parametrize(("away", "answered"), [(3, True), (9, False)])
def test_a_call_is_repeated_while_the_inventory_is_away(desk: Desk, away: int, answered: bool) -> None:  # noqa: FBT001 - a column
    desk.away = away
    pauses: list[float] = []
    with open_inventory({"INVENTORY_URL": desk.url, "API_KEY": KEY}, pause=pauses.append) as inventory:
        if answered:
            assert inventory.call("GET", "/v1/listings") == []
        else:
            with pytest.raises(RefusedError, match="the database does not answer"):
                inventory.call("GET", "/v1/listings")
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0][: min(away, 5)]


def test_an_inventory_that_is_not_there_is_named() -> None:
    environment = {"INVENTORY_URL": "http://127.0.0.1:9", "API_KEY": KEY}
    with (
        open_inventory(environment, pause=lambda _: None) as inventory,
        pytest.raises(RefusedError, match="INVENTORY_URL"),
    ):
        inventory.call("GET", "/v1/listings")

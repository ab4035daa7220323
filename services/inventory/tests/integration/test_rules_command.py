"""`mizan rules` against the inventory's HTTP API."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog.testing
from inventory.adapters.rules import RuleCache
from inventory.domain.allocation import Policy
from inventory.entrypoints.rules_api import rules_reading, rules_writing
from inventory.entrypoints.rules_cli import app as command
from pydantic import SecretStr
from runtime.access import protect
from runtime.api_keys import ApiKeys
from runtime.http import create_app
from runtime.web import WebServer
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

pytestmark = pytest.mark.integration

POLICY = Policy(weights={"saberstore": 30, "amazon": 35, "noon": 35}, storefront="saberstore", buffer_percent=0)
RULES = """
- name: mugs
  category: mugs
  sets: {buffer_units: 10, weights: {saberstore: 50}}
- name: cup
  sku: CUP
  channel: noon
  sets: {max: null}
"""


@pytest.fixture
async def inventory(engine: AsyncEngine, worker: Worker) -> AsyncIterator[str]:
    """The API on a port of its own, with one mug."""
    async with engine.begin() as connection:
        insert = "insert into products (sku, title, category, is_active, on_hand, changed_at) values {}"
        await connection.execute(text(insert.format("('كوب', 'x', 'mugs', true, 100, now())")))
    app, cache = create_app("inventory", {}), RuleCache(POLICY)
    for router in (rules_reading(engine, cache), rules_writing(worker, cache)):
        protect(router, ApiKeys(SecretStr("secret")))
        app.include_router(router)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    web = WebServer(app, "127.0.0.1", port)
    serving = asyncio.create_task(web.run())
    yield f"http://127.0.0.1:{port}"
    web.stop()
    await serving
    web.close()


async def rules(url: str, *arguments: str, key: str = "secret") -> Result:
    """The server runs in this process too, so its log lines are silenced."""
    environment = {"INVENTORY_URL": url, "API_KEY": key}
    with structlog.testing.capture_logs():
        return await asyncio.to_thread(CliRunner().invoke, command, list(arguments), env=environment)


def write(folder: Path, content: str) -> str:
    path = folder / "rules.yaml"
    path.write_text(content, encoding="utf-8")
    return str(path)


async def test_rules_are_tried_out_set_listed_and_deleted(inventory: str, tmp_path: Path) -> None:
    file = write(tmp_path, RULES)
    for arguments in (("dry-run", file), ("set", file, "--dry-run")):
        tried = await rules(inventory, *arguments)
        assert (tried.exit_code, tried.output.splitlines()) == (
            0,
            [
                "1 of 1 SKUs concerned would change",
                "  saberstore: 100 -> 90 units in all",
                "  buffer: 0 -> 10 units in all",
                "كوب (100 available): saberstore 100 -> 90, amazon 0, noon 0",
            ],
        )
    assert "no rules" in (await rules(inventory, "list")).output
    done = await rules(inventory, "set", file)
    assert (done.exit_code, done.output) == (0, "2 set, 0 deleted; 1 SKUs are looked at again\n")
    assert (await rules(inventory, "list")).output.splitlines() == [
        "cup: sku CUP, channel noon: max none",
        "mugs: category mugs: buffer_units 10, weights (saberstore 50)",
    ]
    assert "1 of 1" in (await rules(inventory, "delete", "mugs", "--dry-run")).output
    gone = await rules(inventory, "delete", "mugs", "--json")
    assert json.loads(gone.output) == {"put": 0, "deleted": 1, "concerned": 1}
    listed = json.loads((await rules(inventory, "list", "--json")).output)
    assert [rule["name"] for rule in listed["rules"]] == ["cup"]


@pytest.mark.parametrize(
    ("content", "code", "part"),
    [
        ("name: [", 2, "is no YAML of rules"),
        ("", 2, "holds no rules"),
        ("- 7", 2, "holds no rules"),
        ("{name: n, sets: {since: 2026-01-01}}", 2, "is no YAML of rules"),
        ("{name: n, sets: {bufer: 1}}", 2, "bufer"),
        ("{name: n, sets: {weights: {ebay: 1}}}", 2, "no channel 'ebay'"),
        ("[{name: n, sets: {last_units: 1}}, {name: m, sets: {last_units: 2}}]", 1, "has the scope of"),
    ],
)
async def test_a_file_that_can_not_be_used_ends_in_one_line(
    inventory: str, tmp_path: Path, content: str, code: int, part: str
) -> None:
    result = await rules(inventory, "set", write(tmp_path, content))
    assert (result.exit_code, result.output.count("\n")) == (code, 1)
    assert part in result.output


async def test_whatever_else_is_wrong_says_what_to_do(inventory: str, tmp_path: Path) -> None:
    for arguments, url, key, code, part in [
        (["delete", "nothing"], inventory, "secret", 1, "no rule 'nothing'"),
        (["set", str(tmp_path / "absent.yaml")], inventory, "secret", 2, "can't read"),
        (["list"], inventory, "wrong", 1, "API_KEY"),
        (["list"], inventory, "", 2, "set API_KEY"),
        (["list"], "http://127.0.0.1:1", "secret", 1, "INVENTORY_URL"),
        (["list"], inventory + "/metrics#", "secret", 1, "INVENTORY_URL"),
        (["dry-run"], inventory, "secret", 2, "Missing argument"),
    ]:
        result = await rules(url, *arguments, key=key)
        assert (result.exit_code, part in result.output) == (code, True), result.output


@pytest.mark.parametrize("name", ["list", "set", "delete", "dry-run"])
def test_mizan_knows_the_command_and_each_part_shows_an_example(name: str) -> None:
    mizan = Path(sys.executable).with_name("mizan")
    shown = subprocess.run(  # noqa: S603 - our own program
        [mizan, "rules", name, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    ).stdout
    assert f"Example: mizan rules {name}" in shown
    assert "--json" in shown

"""The inventory as a process, with Kafka and Postgres: its HTTP API, its keys, and `mizan listings`."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.waiting import eventually
from contracts import partition_counts
from inventory.listing_file import HEADER
from local_stack.testing import CreateTopics

pytestmark = pytest.mark.integration

MASTER, STOREFRONT = "master-key", "storefront-key-0123456789"
COUNTED = {"sku": "A", "reason": "stocktake", "counted_qty": 10, "counted_at": "2026-11-22T10:00:00Z"}
RETURNED = {"sku": "A", "reason": "return", "change_qty": 1}


@pytest_asyncio.fixture(loop_scope="session")
async def inventory(database_url: str, bootstrap_servers: str, create_topics: CreateTopics) -> AsyncIterator[str]:
    prefix = f"{uuid.uuid4().hex[:8]}."
    await create_topics({prefix + topic: count for topic, count in partition_counts().items()})
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": prefix,
        "DATABASE_URL": database_url,
        "API_KEY": MASTER,
        "API_KEYS": f"storefront:{STOREFRONT}:stock.write,stock.read",
    }
    async with run_server("inventory", environment) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def api(inventory: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=inventory, headers={"X-API-Key": MASTER}, timeout=30) as http:
        assert (await http.put("/v1/products/A", json={"title": "كوب"})).status_code == 200
        yield http


async def mizan(inventory: str, *arguments: str) -> tuple[int, str]:
    """Its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("mizan"),
        *arguments,
        env={**os.environ, "INVENTORY_URL": inventory, "API_KEY": MASTER},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def ledger(api: httpx.AsyncClient) -> list[tuple[str, int]]:
    logs: list[dict[str, Any]] = (await api.get("/v1/logs", params={"sku": "A"})).json()
    return [(log["event_id"], log["change_qty"]) for log in logs]


async def test_a_stock_change_that_is_sent_twice_is_in_the_ledger_once(api: httpx.AsyncClient) -> None:
    headers = {"X-API-Key": STOREFRONT, "Idempotency-Key": "count-1"}
    first, again = [await api.post("/v1/stock-changes", json={"changes": [COUNTED]}, headers=headers) for _ in range(2)]
    assert (first.status_code, again.text) == (202, first.text)
    [later] = (await api.post("/v1/stock-changes", json={"changes": [RETURNED]})).json()["event_ids"]

    async def is_in_the_ledger() -> bool:
        return any(event_id == later for event_id, _ in await ledger(api))

    await eventually(is_in_the_ledger)
    assert await ledger(api) == [(first.json()["event_ids"][0], 10), (later, 1)]


async def test_a_key_is_only_for_its_scopes(api: httpx.AsyncClient) -> None:
    refused = await api.put("/v1/products/A", json={"title": "x"}, headers={"X-API-Key": STOREFRONT})
    assert (refused.status_code, refused.json()["scope"]) == (403, "catalogue.write")
    unknown = await api.get("/v1/products", headers={"X-API-Key": "nobody"})
    assert (unknown.status_code, unknown.headers["content-type"]) == (401, "application/problem+json")


async def test_a_file_of_listings_through_the_command(inventory: str, api: httpx.AsyncClient, tmp_path: Path) -> None:
    file = tmp_path / "listings.csv"
    file.write_text(f"{HEADER}\nA,amazon,AM-A,,,true\nNOPE,amazon,AM-B,,,true\nA,noon,N-A,,,yes\n", encoding="utf-8")
    code, printed = await mizan(inventory, "listings", "import", str(file), "--dry-run", "--json")
    assert (code, json.loads(printed)["changed"], (await api.get("/v1/listings")).json()) == (1, 2, [])
    code, printed = await mizan(inventory, "listings", "import", str(file))
    assert code == 1
    assert "line 3: no product 'NOPE'" in printed
    code, printed = await mizan(inventory, "listings", "list")
    assert (code, printed) == (0, "amazon\tA\tAM-A\nnoon\tA\tN-A\n")

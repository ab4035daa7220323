"""Processes of the connector that share one seller account, and its limits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from connector_sdk.testing.kafka import CreateTopics, open_topics
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

TIME_SCALE = 12
"""So many of Amazon's seconds pass in one."""
RATE = 5
CHANGED = 600
CONCURRENCY = 8
UNDER_WAY = 3 * CONCURRENCY
"""At the most at a death: asked, answered and not recorded yet, and claimed."""

PACE = {
    "AMAZON_PUSH_RATE": str(RATE * TIME_SCALE),
    "AMAZON_PUSH_CONCURRENCY": str(CONCURRENCY),
    "READ_BACK_SECONDS": "600",
    "AMAZON_ORDER_POLL_SECONDS": "600",
}

_WAITING = text("select count(*) from pushes where state = 'pending' and not closed")
_UNKNOWN = text("select external_sku from pushes where closed")


async def _patches(sandbox: httpx.AsyncClient) -> list[dict[str, Any]]:
    return [call for call in (await sandbox.get("calls")).json() if call["method"] == "PATCH"]


async def _has_written(sandbox: httpx.AsyncClient, count: int) -> bool:
    return len([call for call in await _patches(sandbox) if call["status"] == 200]) >= count


async def _is_all_sent(engine: AsyncEngine, sandbox: httpx.AsyncClient) -> bool:
    async with engine.begin() as connection:
        waiting = int((await connection.execute(_WAITING)).scalar_one())
    return waiting == 0 and await _has_written(sandbox, CHANGED - UNDER_WAY)


async def test_two_processes_share_the_limits_and_the_death_of_one_loses_no_place(
    amazon_url: str,
    own_tables: AsyncEngine,
    look_up: Callable[[Sequence[str]], Awaitable[None]],
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    skus = [f"sku-{number:03d}" for number in range(CHANGED)]
    external_skus = [f"X-{sku}" for sku in skus]
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/", timeout=60) as sandbox,
        asyncio.timeout(120),
    ):
        await sandbox.post("listings", json=[{"external_sku": each, "quantity": 50} for each in external_skus])
        await sandbox.put("faults", json={"time_scale": TIME_SCALE, "limit_scale": 1})
        await look_up(external_skus)
        environment = connector_environment(topics.prefix, **PACE)
        async with contextlib.AsyncExitStack() as leading:
            await leading.enter_async_context(run_server("amazon_connector", environment, kills=True))
            async with run_server("amazon_connector", environment):
                targets = [delivery(sku, 1, 9, channel="amazon").event for sku in skus]
                await topics.send_all("channel.stock.target", targets)
                await eventually(lambda: _has_written(sandbox, CHANGED // 3), within_seconds=60)
                await leading.aclose()
                await eventually(lambda: _is_all_sent(own_tables, sandbox), within_seconds=60)
        calls = await _patches(sandbox)
        async with own_tables.begin() as connection:
            unknown = set((await connection.execute(_UNKNOWN)).scalars())
    accepted = [call["external_sku"] for call in calls if call["status"] == 200]
    print(len(calls) - len(accepted), "throttled,", len(unknown), "unknown")  # noqa: T201 - the figures
    assert len(calls) - len(accepted) <= len(calls) // 100
    assert len(accepted) == len(set(accepted)), "nothing is written twice"
    assert len(unknown) <= UNDER_WAY, "what was under way at the death"
    assert set(external_skus) - set(accepted) <= unknown

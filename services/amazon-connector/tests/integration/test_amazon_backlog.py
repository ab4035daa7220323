"""The whole connector as a process: 20,000 listings restocked at once, between real Kafka and the stand-in."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpx
import pytest
from connector_sdk.conformance.sandbox import Sandbox
from connector_sdk.testing.kafka import CreateTopics, Topics, open_topics
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, StockApplied

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

RAISES, ZEROS, CLOSED = 20_000, 50, 100

PACE = {
    "AMAZON_PUSH_RATE": "20",
    "READ_BACK_SECONDS": "600",
    "AMAZON_ORDER_POLL_SECONDS": "600",
    "FEED_POLL_SECONDS": "0.5",
    "FEED_PAUSE_SECONDS": "1",
}


async def test_twenty_thousand_raises_go_by_feed_and_the_fate_of_each_is_told(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    look_up: Callable[[Sequence[str]], Awaitable[None]],
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    raises, zeros = [f"sku-{n}" for n in range(RAISES)], [f"gone-{n}" for n in range(ZEROS)]
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/", timeout=60) as control,
        asyncio.timeout(240),
    ):
        sandbox = Sandbox(control)
        await sandbox.put_on_sale(*(f"X-{sku}" for sku in (*raises, *zeros)))
        await sandbox.put_on_sale(*(f"X-{sku}" for sku in raises[:CLOSED]), rejects_writes=True)
        await sandbox.faults(feed_s=(1, 1))
        await look_up([f"X-{sku}" for sku in (*raises, *zeros)])
        await _send(topics, ((sku, 0) for sku in zeros))
        await _send(topics, ((sku, 9) for sku in raises))
        async with run_server("amazon_connector", connector_environment(topics.prefix, **PACE)):
            told = await _first_answers(topics, RAISES + ZEROS)
        written, quantities = await sandbox.writes(), await sandbox.quantities()

    statuses = Counter(told[sku].status for sku in raises)
    assert statuses == Counter({AppliedStatus.ACCEPTED: RAISES - CLOSED, AppliedStatus.REJECTED: CLOSED})
    assert {told[sku].status for sku in zeros} == {AppliedStatus.ACCEPTED}
    assert Counter(quantities.values()) == Counter({9: RAISES - CLOSED, 1: CLOSED, 0: ZEROS})

    patched = [external_sku for external_sku, _ in written]
    assert len(patched) == len(set(patched)), "one way for each listing"
    assert {f"X-{sku}" for sku in zeros} <= set(patched), "zeros never go by feed"
    assert len(patched) < 2000, "the rest went by feed"


async def test_a_connector_that_is_killed_with_a_feed_open_goes_on_with_it(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    look_up: Callable[[Sequence[str]], Awaitable[None]],
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    raises = [f"sku-{n}" for n in range(1500)]
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/", timeout=60) as control,
        asyncio.timeout(120),
    ):
        sandbox = Sandbox(control)
        await sandbox.put_on_sale(*(f"X-{sku}" for sku in raises))
        await sandbox.faults(feed_stuck="progress", feed_s=(0, 0))
        await look_up([f"X-{sku}" for sku in raises])
        environment = connector_environment(topics.prefix, **PACE)
        await _send(topics, ((sku, 9) for sku in raises))
        async with run_server("amazon_connector", environment, kills=True):
            await eventually(lambda: _has_feeds(control, 1), within_seconds=60)
        await sandbox.faults(feed_s=(0, 0))
        async with run_server("amazon_connector", environment):
            told = await _first_answers(topics, len(raises))
        assert await _has_feeds(control, 1)

    by_feed = [each for each in told.values() if each.submission_id and each.submission_id.isdigit()]
    assert len(by_feed) > 1000
    assert {each.status for each in by_feed} == {AppliedStatus.ACCEPTED}
    # What was being written one by one at that moment is unknown; nothing else is.
    assert {each.status for each in told.values()} <= {AppliedStatus.ACCEPTED, AppliedStatus.UNKNOWN}


async def _has_feeds(control: httpx.AsyncClient, count: int) -> bool:
    calls = (await control.get("calls")).json()
    return sum((each["method"], each["path"]) == ("POST", "/feeds/2021-06-30/feeds") for each in calls) == count


async def _send(topics: Topics, quantities: Iterable[tuple[str, int]]) -> None:
    events = [delivery(sku, 1, quantity, channel="amazon").event for sku, quantity in quantities]
    await topics.send_all("channel.stock.target", events)


async def _first_answers(topics: Topics, count: int) -> dict[str, StockApplied]:
    """What was told of each SKU, once so many have been told of; never twice the same."""
    told: dict[str, list[StockApplied]] = defaultdict(list)
    async for event in topics.events("channel.stock.applied"):
        if isinstance(event.data, StockApplied):
            told[event.data.sku].append(event.data)
        if len(told) == count:
            break
    assert {len(each) for each in told.values()} == {1}
    return {sku: each[0] for sku, each in told.items()}

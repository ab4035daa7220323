"""The inventory keeps, for each channel, the minimum over partitions of the newest watermark."""

import datetime as dt
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from contracts import CloudEvent, OrdersWatermark, StockChanged, StockReason, partition_counts
from inventory.entrypoints.api import reading
from inventory.entrypoints.consumers import STOCK_CHANGES, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.settings import Settings
from pydantic import PostgresDsn, SecretStr
from runtime.holds import Holds
from runtime.http import create_app
from runtime.processor import Processor
from runtime.records import Record
from runtime.testing.deliveries import deliver
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
PARTITIONS = range(partition_counts()[STOCK_CHANGES])


@pytest.fixture
def processor(worker: Worker) -> Processor:
    settings = Settings(
        kafka_bootstrap_servers="unused:1", database_url=PostgresDsn("postgresql://unused/x"), api_key=SecretStr("k")
    )
    holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(minutes=30))
    return Processor(routes(settings.policy(), holds), worker, holds)


@pytest.fixture
async def api(engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("inventory", {})
    app.include_router(reading(engine))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        yield http


def watermark(minutes: float, partition: int, channel: str = "amazon", *, is_incomplete: bool = False) -> Record:
    until = NOON + dt.timedelta(minutes=minutes)
    data = OrdersWatermark(channel=channel, known_until=until, is_incomplete=is_incomplete)
    event = CloudEvent.wrap(data, source="/order-importer", time=NOON)
    return Record(STOCK_CHANGES, partition, 1, None, event.to_bytes(), {})


async def known(api: httpx.AsyncClient) -> dict[str, tuple[float | None, int]]:
    """By channel: up to how many minutes past noon its sales are known, and how many dead letters hold that up."""
    found = {}
    for channel in (await api.get("/v1/channels")).json():
        until = channel["orders_known_until"]
        minutes = (dt.datetime.fromisoformat(until) - NOON).total_seconds() / 60 if until else None
        found[channel["name"]] = (minutes, channel["holds"])
    return found


async def test_the_minimum_over_partitions_counts_and_never_falls(api: httpx.AsyncClient, processor: Processor) -> None:
    await processor.process([watermark(5 + partition, partition) for partition in PARTITIONS])
    await processor.process([watermark(1, partition) for partition in PARTITIONS])
    assert await known(api) == {"saberstore": (None, 0), "amazon": (5, 0), "noon": (None, 0)}


async def test_a_dead_lettered_sale_holds_its_channel(api: httpx.AsyncClient, processor: Processor) -> None:
    unknown_sku = deliver(
        StockChanged(sku="NOPE", reason=StockReason.SALE, change_qty=-1, channel="amazon", placed_at=NOON)
    )
    await processor.process([unknown_sku.record, *(watermark(5, partition) for partition in PARTITIONS)])
    await processor.process([watermark(7, partition, "noon") for partition in PARTITIONS])
    assert await known(api) == {"saberstore": (None, 0), "amazon": (None, 1), "noon": (7, 0)}


async def test_a_hold_that_ran_out_shows_until_it_is_resolved(api: httpx.AsyncClient, processor: Processor) -> None:
    async def expired() -> dict[str, int]:
        return {channel["name"]: channel["holds_expired"] for channel in (await api.get("/v1/channels")).json()}

    for _ in range(2):
        await processor.process([watermark(5, partition, is_incomplete=True) for partition in PARTITIONS])
        assert await expired() == {"saberstore": 0, "amazon": 1, "noon": 0}
    assert await known(api) == {"saberstore": (None, 0), "amazon": (5, 0), "noon": (None, 0)}
    await processor.process([watermark(4, partition) for partition in PARTITIONS])
    assert (await expired())["amazon"] == 1
    await processor.process([watermark(6, partition) for partition in PARTITIONS])
    assert (await expired())["amazon"] == 0


def test_the_channel_of_a_change_is_read_as_far_as_it_can_be() -> None:
    def channel(value: bytes) -> str | None:
        return channel_of_change(Record(STOCK_CHANGES, 0, 0, None, value, {}))

    assert channel(json.dumps({"data": {"channel": "noon", "sku": 5}}).encode()) == "noon"
    assert [channel(value) for value in (b"", b"{broken", b"[]", b'{"data": {"channel": 5}}', b"\xff")] == [None] * 5

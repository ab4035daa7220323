"""A sale in the storefront and the call that tells Amazon are one trace, through inventory and connector."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from amazon_connector.main import MIGRATIONS as CONNECTOR_MIGRATIONS
from connector_sdk.desire import Desire
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.testing.database import ConnectorDatabase, open_database
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import CHANNEL
from contracts import (
    AnyEvent,
    CloudEvent,
    Payload,
    ProductChanged,
    StockChanged,
    StockReason,
    StockTarget,
    parse,
    partition_counts,
    topic_of,
)
from inventory.domain.allocation import Policy
from inventory.entrypoints.consumers import STOCK_CHANGES, routes
from inventory.handlers.note_watermarks import channel_of_change
from inventory.main import MIGRATIONS as INVENTORY_MIGRATIONS
from runtime.clock import system_clock
from runtime.database import create_engine
from runtime.holds import Holds
from runtime.migrations import upgrade
from runtime.outbox import Outbox
from runtime.processor import Processor, Route
from runtime.telemetry import Telemetry
from runtime.testing.deliveries import record_of
from runtime.testing.spans import RecordedSpans, context_of
from runtime.tracing import read_traceparent
from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

POLICY = Policy(weights={CHANNEL: 100}, storefront=CHANNEL)
FAST = PushPolicy(rate=1000, burst=100)
STOREFRONT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> RecordedSpans:
    return RecordedSpans()


@pytest_asyncio.fixture(loop_scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The inventory's schema, with the test's channel as the storefront's."""
    engine = create_engine(database_url, "inventory")
    await upgrade(engine, "inventory", INVENTORY_MIGRATIONS)
    async with engine.begin() as connection:
        insert = "insert into marketplace_channels (name, title, priority) values (:name, :name, 9)"
        await connection.execute(text(insert), {"name": CHANNEL})
    yield engine
    await engine.dispose()


@pytest.fixture
def inventory(engine: AsyncEngine, spans: RecordedSpans) -> Processor:
    outbox = Outbox("inventory", partition_counts())
    telemetry = Telemetry(tracing=spans.tracing)
    worker = Worker(engine, outbox, group="inventory", clock=system_clock, telemetry=telemetry)
    holds = Holds(channel_of_change, [STOCK_CHANGES], dt.timedelta(minutes=30))
    return Processor(routes(POLICY, holds), worker, holds)


@pytest_asyncio.fixture(loop_scope="session")
async def connector(database_url: str, spans: RecordedSpans) -> AsyncIterator[ConnectorDatabase]:
    async with open_database(database_url, CONNECTOR_MIGRATIONS, Telemetry(tracing=spans.tracing)) as opened:
        yield opened


def _event(data: Payload, traceparent: str | None = None) -> AnyEvent:
    event: AnyEvent = CloudEvent[type(data)].wrap(  # type: ignore[misc]  # the class is only known at run time
        data, source="/storefront", time=system_clock(), traceparent=traceparent
    )
    return event


async def _process(processor: Processor, *events: AnyEvent) -> None:
    await processor.process([record_of(topic_of(type(event.data)), event.to_bytes()) for event in events])


async def _introduce(inventory: Processor, sku: str) -> None:
    counted = StockChanged(sku=sku, reason=StockReason.STOCKTAKE, counted_qty=10, counted_at=dt.datetime.now(dt.UTC))
    await _process(inventory, _event(ProductChanged(sku=sku, title=sku, is_active=True)), _event(counted))


def _sale(sku: str, traceparent: str | None = None) -> AnyEvent:
    return _event(StockChanged(sku=sku, reason=StockReason.SALE, change_qty=-1, channel=CHANNEL), traceparent)


async def _newest_target(engine: AsyncEngine) -> AnyEvent:
    async with engine.connect() as connection:
        query = text("select value from outbox where topic = 'channel.stock.target' order by id desc limit 1")
        return parse("channel.stock.target", (await connection.execute(query)).scalar_one())


async def _push(connector: ConnectorDatabase, target: AnyEvent) -> AnyEvent:
    """Take the target in, push it, and return what is told of it."""
    taking_in = Processor(
        [Route("channel.stock.target", StockTarget, Desire(CHANNEL, Patience()).handle)], connector.worker
    )
    await _process(taking_in, target)
    pusher = connector.pusher(FakeMarketplace(), FAST)
    async with asyncio.timeout(20):
        while not (told := await connector.published("channel.stock.applied")):
            await pusher.step()
    await pusher.close()
    return told[0]


def _trace_id(event: AnyEvent) -> int:
    context = read_traceparent(event.traceparent)
    assert context is not None
    return context.trace_id


async def test_from_the_storefronts_sale_to_the_marketplaces_answer(
    inventory: Processor, engine: AsyncEngine, connector: ConnectorDatabase, spans: RecordedSpans
) -> None:
    await _introduce(inventory, "A")
    spans.clear()
    sale = _sale("A", STOREFRONT)
    await _process(inventory, sale)
    target = await _newest_target(engine)
    applied = await _push(connector, target)

    names = [span.name for span in spans.ended()]
    assert names == ["handle stock.changed.v1", "handle channel.stock.target.v1", "push_stock"]
    trace_ids = {context_of(span).trace_id for span in spans.ended()} | {_trace_id(e) for e in (sale, target, applied)}
    assert trace_ids == {int(STOREFRONT.split("-")[1], 16)}
    assert _parents(spans) == [_span_id(sale), _span_id(target), _span_id(target)]
    [call] = spans.named("push_stock")
    assert context_of(call).span_id == _span_id(applied)
    assert (call.attributes or {})["mizan.outcome"] == "accepted"


async def test_a_sale_without_a_trace_begins_one(
    inventory: Processor, engine: AsyncEngine, connector: ConnectorDatabase, spans: RecordedSpans
) -> None:
    await _introduce(inventory, "A")
    spans.clear()
    await _process(inventory, _sale("A"))
    target = await _newest_target(engine)
    applied = await _push(connector, target)
    trace_ids = {context_of(span).trace_id for span in spans.ended()} | {_trace_id(e) for e in (target, applied)}
    assert len(trace_ids) == 1
    assert _parents(spans)[0] is None


async def test_in_a_batch_each_sale_keeps_its_own_trace(
    inventory: Processor, engine: AsyncEngine, spans: RecordedSpans
) -> None:
    await _introduce(inventory, "A")
    await _introduce(inventory, "B")
    spans.clear()
    other = STOREFRONT.replace("0af7", "1af7")
    await _process(inventory, _sale("A", STOREFRONT), _sale("B", other))
    targets: dict[Any, AnyEvent] = {}
    async with engine.connect() as connection:
        query = text("select value from outbox where topic = 'channel.stock.target' order by id")
        for value in (await connection.execute(query)).scalars():
            target = parse("channel.stock.target", value)
            targets[target.subject] = target
    assert {sku: _trace_id(target) for sku, target in targets.items()} == {
        "A": int(STOREFRONT.split("-")[1], 16),
        "B": int(other.split("-")[1], 16),
    }
    [batch] = spans.named("process inventory")
    assert {link.context.trace_id for link in batch.links} == {_trace_id(target) for target in targets.values()}


def _parents(spans: RecordedSpans) -> list[int | None]:
    return [span.parent.span_id if span.parent else None for span in spans.ended()]


def _span_id(event: AnyEvent) -> int:
    context = read_traceparent(event.traceparent)
    assert context is not None
    return context.span_id

"""The behaviour of the whole connector: what goes in at Kafka and comes out there, and its HTTP API."""

import asyncio
import contextlib
import functools

from contracts import AppliedStatus, MarketplaceOrderReceived, StockApplied

from connector_sdk.conformance.deviation import DeviationError, expect
from connector_sdk.conformance.rig import Rig
from connector_sdk.conformance.running import Running
from connector_sdk.testing.requests import listed
from connector_sdk.testing.targets import delivery

_SECONDS = 90.0


async def it_works_between_kafka_and_the_marketplace(rig: Rig) -> None:
    """As a process: targets, each delivered twice, and new listings go in; answers, readings and orders come out."""
    try:
        async with asyncio.timeout(_SECONDS), rig.subject.process() as running:
            await rig.sandbox.put_on_sale("X-A")
            await rig.sandbox.put_on_sale("X-new", quantity=12)
            for _ in range(2):
                await running.topics.send("channel.stock.target", delivery("A", 1, 7, channel=rig.subject.name).event)
            await running.topics.send("listing.changed", listed("new", channel=rig.subject.name).event)
            await _tells_what_was_applied(rig, running)
            await _tells_an_order(rig, running)
            await _is_operated(rig, running)
    except TimeoutError:
        raise DeviationError(f"the connector did not do its work in {_SECONDS:.0f} s") from None


async def _tells_what_was_applied(rig: Rig, running: Running) -> None:
    told: dict[AppliedStatus, StockApplied] = {}
    async with contextlib.aclosing(running.topics.events("channel.stock.applied")) as events:
        async for event in events:
            if isinstance(event.data, StockApplied):
                told.setdefault(event.data.status, event.data)
            if told.keys() >= {AppliedStatus.ACCEPTED, AppliedStatus.OBSERVED}:
                break
    accepted, observed = told[AppliedStatus.ACCEPTED], told[AppliedStatus.OBSERVED]
    expect((accepted.sku, accepted.quantity, accepted.revision) == ("A", 7, 1), f"the target was told as {accepted}")
    writes = await rig.sandbox.writes()
    expect(writes == [("X-A", 7)], f"a target that was delivered twice was written as {writes}")
    expect(observed.sku == "new", f"the new listing was told as {observed}")
    if rig.marketplace.capabilities().read_back:
        expect(observed.observed_quantity == 12, f"12 units are on sale, {observed.observed_quantity} were read")  # noqa: PLR2004 - as listed
        expect(observed.clock_offset_ms is not None, "a reading is told without the marketplace's clock")
    else:
        codes = [issue.code for issue in observed.issues]
        expect(codes == ["NoReadBack"], f"that the channel can't be read was told with the issues {codes}")


async def _tells_an_order(rig: Rig, running: Running) -> None:
    number = await rig.sandbox.order("X-A", 2)
    order = (await running.topics.first("marketplace.order.received")).data
    if not isinstance(order, MarketplaceOrderReceived):
        raise DeviationError(f"order {number} was told as {order}")
    lines = [(line.external_sku, line.quantity) for line in order.lines]
    is_it = (order.channel, order.external_order_id, lines) == (rig.subject.name, number, [("X-A", 2)])
    expect(is_it, f"order {number} of 2 X-A was told as {order.external_order_id} of {lines}")
    fetched = (await running.http.post(f"/v1/orders/{number}/fetch")).status_code
    wanted = 200 if rig.marketplace.capabilities().order_by_id else 501
    expect(fetched == wanted, f"fetching one order was answered with {fetched}, not {wanted}")


async def _is_operated(rig: Rig, running: Running) -> None:
    await rig.until(functools.partial(_is_ready, running), "it does not get ready")
    pushed = (await running.http.get("/v1/listings/X-A")).json()["pushes"]
    expect([push["state"] for push in pushed] == ["accepted"], f"the listing is shown as {pushed}")
    states = [(await running.http.post(f"/v1/{action}")).json()["state"] for action in ("pause", "resume")]
    expect(states == ["paused", "active"], f"pausing and resuming led to {states}")
    status = (await running.http.get("/v1/status")).json()
    restocks = rig.marketplace.capabilities().restocks_on_cancel
    expect(status["restocks_on_cancel"] == restocks, f"that cancelled units go back on sale is told as {status}")
    refused = {
        "an unknown listing": (await running.http.get("/v1/listings/none")).status_code,
        "a wrong API key": (await running.http.get("/v1/status", headers={"x-api-key": "wrong"})).status_code,
    }
    expect(refused == {"an unknown listing": 404, "a wrong API key": 401}, f"the HTTP API answered {refused}")
    metrics = (await running.http.get("/metrics", headers={"x-api-key": ""})).text
    expect("mizan_pushes_pending 0.0" in metrics, "the figures of pushing are not among the metrics")


async def _is_ready(running: Running) -> bool:
    answer = await running.http.get("/readyz")
    facts = answer.json()["checks"]["channel"]
    return bool(answer.is_success and facts["pending"] == 0 and facts["leading"])

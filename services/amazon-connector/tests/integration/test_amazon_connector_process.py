import asyncio
import contextlib
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from connector_sdk.testing.kafka import CreateTopics, open_topics
from connector_sdk.testing.parcels import parcel, shipped
from connector_sdk.testing.requests import listed
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.targets import delivery, price_delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, MarketplaceOrderReceived, Money, PriceApplied, ShipmentApplied, StockApplied

pytestmark = pytest.mark.integration


PACE = {
    "AMAZON_PUSH_RATE": "200",
    "READ_BACK_SECONDS": "0.1",
    "AMAZON_ORDER_POLL_SECONDS": "0.2",
}


async def test_targets_go_in_and_answers_and_orders_come_out(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        run_server("amazon_connector", connector_environment(topics.prefix, **PACE)) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox,
        asyncio.timeout(60),
    ):
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 1})
        await topics.send("channel.stock.target", delivery("A", 1, 7, channel="amazon").event)
        applied = (await topics.first("channel.stock.applied")).data
        assert isinstance(applied, StockApplied)
        assert (applied.status, applied.quantity, applied.revision) == (AppliedStatus.ACCEPTED, 7, 1)
        assert (await sandbox.get("state")).json()["listings"] == {"X-A": {"quantity": 7}}

        await topics.send("channel.price.target", price_delivery("A", 3, "1499.90", channel="amazon").event)
        priced = (await topics.first("channel.price.applied")).data
        assert isinstance(priced, PriceApplied)
        assert (priced.status, priced.revision) == (AppliedStatus.ACCEPTED, 3)
        assert (await sandbox.get("state")).json()["prices"] == {"X-A": "1499.90"}
        await eventually(lambda: _has_live_price(connector))

        await sandbox.post("orders", json={"external_sku": "X-A", "quantity": 2})
        order = (await topics.first("marketplace.order.received")).data
        assert isinstance(order, MarketplaceOrderReceived)
        assert [(line.external_sku, line.quantity) for line in order.lines] == [("X-A", 2)]

        await eventually(lambda: _is_ready(connector))
        assert (await connector.get("/v1/listings/X-A")).json()["pushes"][0]["state"] == "accepted"
        assert (await connector.get("/v1/listings/none")).status_code == 404
        assert (await connector.post(f"/v1/orders/{order.external_order_id}/fetch")).status_code == 200
        assert (await connector.post("/v1/orders/402-0/fetch")).status_code == 404
        assert (await connector.post("/v1/pause")).json()["state"] == "paused"
        assert (await connector.post("/v1/resume")).json()["state"] == "active"
        assert "mizan_pushes_pending 0.0" in (await connector.get("/metrics", headers={"x-api-key": ""})).text
        assert (await connector.get("/v1/status", headers={"x-api-key": "wrong"})).status_code == 401


async def test_a_new_listing_is_told_as_it_stands(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        run_server("amazon_connector", connector_environment(topics.prefix, **PACE)) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox,
        asyncio.timeout(60),
    ):
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 12})
        await topics.send("listing.changed", listed("A", channel="amazon").event)
        observed = (await topics.first("channel.stock.applied")).data
        assert isinstance(observed, StockApplied)
        assert (observed.status, observed.sku, observed.observed_quantity) == (AppliedStatus.OBSERVED, "A", 12)
        assert observed.observed_at is not None
        seen = (await topics.first("channel.price.applied")).data
        assert isinstance(seen, PriceApplied)
        assert seen.observed_price == Money(amount=Decimal(100), currency="EGP")
        assert (observed.clock_offset_ms is not None, observed.margin_ms is not None) == (True, True)
        assert (await connector.get("/v1/status")).json()["restocks_on_cancel"] == "unknown"


async def test_an_account_that_may_not_sell_and_a_listing_that_is_not_there_are_not_written(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    environment = connector_environment("", **PACE)
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox,
        asyncio.timeout(60),
    ):
        await sandbox.put("faults", json={"no_participation": True})
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 1})
        await topics.send("channel.stock.target", delivery("A", 1, 0, channel="amazon").event)
        await topics.send("channel.stock.target", delivery("B", 1, 0, channel="amazon").event)
        environment["KAFKA_TOPIC_PREFIX"] = topics.prefix
        async with (
            run_server("amazon_connector", environment) as url,
            httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        ):
            await eventually(lambda: _is_refused(connector))
            told = (await connector.post("/v1/connection-test")).json()
            assert (told["ok"], told["outcome"]) == (False, "rejected")
            assert "does not take part in ARBP9OOSHTCHU" in told["detail"]
            rejected = (await topics.first("channel.stock.applied")).data
            assert isinstance(rejected, StockApplied)
            assert (rejected.sku, rejected.status) == ("B", AppliedStatus.REJECTED)
            calls = (await sandbox.get("calls")).json()
            assert [call for call in calls if call["method"] == "PATCH"] == []

            await sandbox.put("faults", json={})
            assert (await connector.post("/v1/connection-test")).json()["ok"] is True
            await eventually(lambda: _is_on_sale(sandbox, 0))
            dry = await connector.post("/v1/listings/X-A/dry-run", json={"quantity": 5})
            assert (dry.status_code, dry.json()["status"]) == (200, "valid")
            shown = (await connector.get("/v1/reconciliation")).json()
            assert [each["external_sku"] for each in shown["not_written"]] == ["X-B"]


async def _is_refused(connector: httpx.AsyncClient) -> bool:
    status = (await connector.get("/v1/status")).json()
    return bool(status["account_refused"]) and status["state"] == "unauthorised"


async def _is_on_sale(sandbox: httpx.AsyncClient, quantity: int) -> bool:
    return bool((await sandbox.get("state")).json()["listings"] == {"X-A": {"quantity": quantity}})


async def test_what_was_shipped_goes_in_and_is_confirmed(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        run_server("amazon_connector", connector_environment(topics.prefix, **PACE)) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox,
        asyncio.timeout(60),
    ):
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 9})
        ordered = await sandbox.post("orders", json={"external_sku": "X-A", "quantity": 3})
        order_id = ordered.json()["external_order_id"]
        line = order_id.replace("-", "")[3:]
        parcels = [parcel("P-1", line=line, quantity=2), parcel("P-2", line=line, quantity=5)]
        await topics.send("order.shipped", shipped(order_id, *parcels, channel="amazon").event)
        told = {}
        async with contextlib.aclosing(topics.events("channel.shipment.applied")) as events:
            async for event in events:
                assert isinstance(event.data, ShipmentApplied)
                told[event.data.package_id] = event.data.status
                if len(told) == len(parcels):
                    break
        assert told == {"P-1": AppliedStatus.ACCEPTED, "P-2": AppliedStatus.REJECTED}

        corrected = shipped(order_id, parcel("P-2", line=line, quantity=1), at=5, channel="amazon")
        await topics.send("order.shipped", corrected.event)
        await eventually(lambda: _is_shipped(sandbox))
        shown = (await connector.get("/v1/shipments", params={"external_order_id": order_id})).json()["shipments"]
        assert {(each["package_id"], each["version"]) for each in shown} == {("P-1", 1), ("P-2", 2)}
        again = {"external_order_id": order_id, "package_id": "P-1"}
        assert (await connector.post("/v1/shipments/again", json=again)).json()["requested"] == ["P-1"]
        assert (await connector.post("/v1/shipments/again", json={"external_order_id": "none"})).status_code == 404


async def test_fees_are_estimated_at_the_price_that_a_listing_is_to_have(
    amazon_url: str,
    bootstrap_servers: str,
    create_topics: CreateTopics,
    connector_environment: Callable[..., dict[str, str]],
) -> None:
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        run_server("amazon_connector", connector_environment(topics.prefix, **PACE)) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox,
        asyncio.timeout(60),
    ):
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 1, "category": "Books"})
        await sandbox.put("fees", json={"categories": {"Books": "8"}, "closing_fee": "4.50"})
        await topics.send("listing.changed", listed("A", channel="amazon").event)
        await topics.send("channel.price.target", price_delivery("A", 1, "200.00", channel="amazon").event)
        await eventually(lambda: _has_fees(connector, "8.00", "4.50", "200.00"))

        await sandbox.put("fees", json={"categories": {"Books": "10"}})
        await topics.send("channel.price.target", price_delivery("A", 2, "250.00", channel="amazon").event)
        await eventually(lambda: _has_fees(connector, "10.00", "5.00", "250.00"))


async def _has_fees(connector: httpx.AsyncClient, percent: str, fixed: str, price: str) -> bool:
    fees = (await connector.get("/v1/fees")).json()["fees"]
    found = [each["estimate"] for each in fees if each["estimate"]]
    return [(each["percent"], each["fixed"], each["price"]) for each in found] == [(percent, fixed, price)]


async def _is_shipped(sandbox: httpx.AsyncClient) -> bool:
    (order,) = (await sandbox.get("state")).json()["orders"]
    return bool(order["status"] == "shipped")


async def _has_live_price(connector: httpx.AsyncClient) -> bool:
    return [row["state"] for row in (await connector.get("/v1/listings/X-A")).json()["prices"]] == ["live"]


async def _is_ready(connector: httpx.AsyncClient) -> bool:
    answer = await connector.get("/readyz")
    facts = answer.json()["checks"]["channel"]
    return answer.status_code == 200 and facts["pending"] == 0 and facts["leading"] is True

import asyncio

import httpx
import pytest
from connector_sdk.testing.kafka import CreateTopics, open_topics
from connector_sdk.testing.requests import listed
from connector_sdk.testing.server_process import run_server
from connector_sdk.testing.targets import delivery, price_delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, MarketplaceOrderReceived, PriceApplied, StockApplied
from noon_connector.settings import Settings

pytestmark = pytest.mark.integration


def _environment(settings: Settings, database_url: str, bootstrap_servers: str, prefix: str) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": prefix,
        "DATABASE_URL": database_url,
        "API_KEY": settings.api_key.get_secret_value(),
        "NOON_PARTNER_ID": settings.noon_partner_id.get_secret_value(),
        "NOON_API_KEY": settings.noon_api_key.get_secret_value(),
        "NOON_SECRET_KEY": settings.noon_secret_key.get_secret_value(),
        "NOON_API_URL": settings.noon_api_url,
        "NOON_PUSH_RATE": "200",
        "NOON_ORDER_POLL_SECONDS": "0.2",
    }


async def test_targets_go_in_and_answers_and_orders_come_out(
    settings: Settings, noon_url: str, bootstrap_servers: str, create_topics: CreateTopics, database_url: str
) -> None:
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        run_server("noon_connector", _environment(settings, database_url, bootstrap_servers, topics.prefix)) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        httpx.AsyncClient(base_url=f"{noon_url}/_sandbox/") as sandbox,
        asyncio.timeout(60),
    ):
        await sandbox.post("listings", json={"external_sku": "X-A", "quantity": 1})
        await topics.send("channel.stock.target", delivery("A", 1, 7, channel="noon").event)
        applied = (await topics.first("channel.stock.applied")).data
        assert isinstance(applied, StockApplied)
        assert (applied.status, applied.quantity, applied.revision) == (AppliedStatus.ACCEPTED, 7, 1)
        assert (await sandbox.get("state")).json()["listings"] == {"X-A": {"quantity": 7}}

        await sandbox.post("orders", json={"external_sku": "X-A", "quantity": 2})
        order = (await topics.first("marketplace.order.received")).data
        assert isinstance(order, MarketplaceOrderReceived)
        assert [(line.external_sku, line.quantity) for line in order.lines] == [("X-A", 2)]

        await eventually(lambda: _is_ready(connector))
        assert (await connector.get("/v1/listings/X-A")).json()["pushes"][0]["state"] == "accepted"
        assert (await connector.get("/v1/listings/none")).status_code == 404
        assert (await connector.post(f"/v1/orders/{order.external_order_id}/fetch")).status_code == 501
        assert (await connector.post("/v1/pause")).json()["state"] == "paused"
        assert (await connector.post("/v1/resume")).json()["state"] == "active"
        assert (await connector.get("/v1/status", headers={"x-api-key": "wrong"})).status_code == 401


async def test_a_new_listing_is_told_to_be_unreadable(
    settings: Settings, bootstrap_servers: str, create_topics: CreateTopics, database_url: str
) -> None:
    async with (
        open_topics(bootstrap_servers, create_topics) as topics,
        run_server("noon_connector", _environment(settings, database_url, bootstrap_servers, topics.prefix)) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": "key"}) as connector,
        asyncio.timeout(60),
    ):
        await topics.send("listing.changed", listed("A", channel="noon").event)
        observed = (await topics.first("channel.stock.applied")).data
        assert isinstance(observed, StockApplied)
        assert (observed.status, observed.sku, observed.observed_quantity) == (AppliedStatus.OBSERVED, "A", None)
        assert [issue.code for issue in observed.issues] == ["NoReadBack"]
        await topics.send("channel.price.target", price_delivery("A", 3, channel="noon").event)
        priced = (await topics.first("channel.price.applied")).data
        assert isinstance(priced, PriceApplied)
        assert (priced.status, [issue.code for issue in priced.issues]) == (AppliedStatus.UNSUPPORTED, ["NoPrices"])
        assert (await connector.get("/v1/status")).json()["prices_unsupported"] == 1
        assert (await connector.get("/v1/status")).json()["restocks_on_cancel"] == "unknown"


async def _is_ready(connector: httpx.AsyncClient) -> bool:
    answer = await connector.get("/readyz")
    facts = answer.json()["checks"]["channel"]
    return answer.status_code == 200 and facts["pending"] == 0 and facts["leading"] is True

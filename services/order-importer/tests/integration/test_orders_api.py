from collections.abc import AsyncIterator

import httpx
import pytest
from contracts import Money, OrderStatus
from order_importer.main import fill
from order_importer.settings import Settings
from order_importer.testing.samples import line, listing, order
from order_importer.testing.workbench import Workbench
from runtime.records import Record
from runtime.service import Service

pytestmark = pytest.mark.integration

KEY = {"X-API-Key": "secret"}


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(kafka_bootstrap_servers="localhost:1", database_url=database_url, api_key="secret")
    service = Service("order-importer", settings)
    fill(service, settings)
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://importer", headers=KEY) as client:
        yield client
    await service.engine.dispose()


async def test_one_order_is_found_by_its_external_id(workbench: Workbench, client: httpx.AsyncClient) -> None:
    price = Money(amount="12.50", currency="EGP")
    await workbench.deliver(listing(), order(line(unit_price=price)), order(external_order_id="A-2"))
    answer = await client.get("/v1/orders", params={"channel": "amazon", "external_order_id": "A-1"})
    [found] = answer.json()
    [imported] = [e for e in await workbench.sent("order.imported") if e.data.external_order_id == "A-1"]
    assert found["order_id"] == imported.data.order_id
    assert (found["source"], found["status"], found["workflow"]) == ("amazon", "unshipped", "marketplace_direct")
    assert (found["parked"], found["parked_reason"]) == (False, None)
    assert found["lines"] == [
        {
            "line_reference": "1",
            "external_sku": "X-1",
            "sku": "SKU-1",
            "title": None,
            "quantity": 2,
            "quantity_shipped": 0,
            "quantity_cancelled": 0,
            "units_taken": 2,
            "units_returned": 0,
            "unit_price": {"amount": "12.50", "currency": "EGP"},
        }
    ]


async def test_the_newest_state_is_shown(workbench: Workbench, client: httpx.AsyncClient) -> None:
    await workbench.deliver(listing(), order(), order(at=1, status=OrderStatus.CANCELLED))
    [found] = (await client.get("/v1/orders")).json()
    assert found["status"] == "cancelled"
    assert (found["lines"][0]["units_taken"], found["lines"][0]["units_returned"]) == (2, 2)


async def test_parked_orders_are_listed_with_what_they_wait_for(
    workbench: Workbench, client: httpx.AsyncClient
) -> None:
    await workbench.deliver(listing(), order(), order(line("1", "X-9"), external_order_id="A-9"))
    [parked] = (await client.get("/v1/orders", params={"parked": True})).json()
    assert parked["external_order_id"] == "A-9"
    assert "X-9" in parked["parked_reason"]
    assert (parked["lines"][0]["sku"], parked["lines"][0]["units_taken"]) == (None, 0)
    [other] = (await client.get("/v1/orders", params={"parked": False})).json()
    assert other["external_order_id"] == "A-1"


async def test_holds_are_shown_and_let_go_by_where_their_letter_came_from(
    workbench: Workbench, client: httpx.AsyncClient
) -> None:
    poison = Record("marketplace.order.received", 2, 77, b"amazon:A-9", b"{broken", {})
    await workbench.processor.process([poison])
    [hold] = (await client.get("/v1/watermark-holds")).json()
    assert (hold["channel"], hold["reason"], hold["expired_at"]) == ("amazon", "not-json", None)
    letters = [{"topic": poison.topic, "partition": 2, "offset": offset} for offset in (77, 78)]
    for released in (1, 0):
        answer = await client.post("/v1/watermark-holds/release", json={"letters": letters})
        assert answer.json() == {"released": released}
    assert (await client.get("/v1/watermark-holds")).json() == []
    assert (await client.post("/v1/watermark-holds/release", json={"letters": []})).status_code == 422
    assert (await client.get("/v1/watermark-holds", headers={"X-API-Key": "no"})).status_code == 401


async def test_pages_follow_each_other_by_order_id(workbench: Workbench, client: httpx.AsyncClient) -> None:
    await workbench.deliver(listing(), *(order(external_order_id=f"A-{number}") for number in range(5)))
    seen: list[str] = []
    while page := (await client.get("/v1/orders", params={"limit": 2} | ({"after": seen[-1]} if seen else {}))).json():
        assert len(page) <= 2
        seen += [found["order_id"] for found in page]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen)


async def test_a_page_of_more_than_a_thousand_is_refused(workbench: Workbench, client: httpx.AsyncClient) -> None:
    await workbench.deliver(listing())
    answer = await client.get("/v1/orders", params={"limit": 1001})
    assert answer.status_code == 422
    assert "limit" in answer.json()["detail"]


async def test_orders_are_shown_only_to_who_has_the_key(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/orders", headers={"X-API-Key": "wrong"})
    assert answer.status_code == 401


async def test_parked_orders_are_a_fact_of_readiness(workbench: Workbench, client: httpx.AsyncClient) -> None:
    await workbench.deliver(order())
    checks = (await client.get("/readyz")).json()["checks"]
    assert checks["orders"] == {"ok": True, "detail": "1 wait for a listing", "parked": 1}

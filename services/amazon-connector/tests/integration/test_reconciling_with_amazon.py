"""Five reasons why Amazon shows another quantity than was desired, each told apart from the others."""

import dataclasses as dc
import datetime as dt
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from amazon_connector.marketplace import AmazonMarketplace
from connector_sdk.leader import Leader
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.registry import Pace
from connector_sdk.rhythm import Rhythm
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, StockApplied

pytestmark = pytest.mark.integration

HOUR = dt.timedelta(hours=1)
AT_ONCE = Patience(ceiling=HOUR, read_after=dt.timedelta(0))
PUSHING = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, patience=AT_ONCE)
RHYTHM = Rhythm(period=dt.timedelta(0), confirm_after=dt.timedelta(0), ceiling=HOUR)
LOOK_UP = Pace(retry_after=dt.timedelta(0), again_after=dt.timedelta(0))


@dc.dataclass(slots=True)
class Shop:
    """One listing, X-A, with the connector's loops as rounds that a test calls."""

    database: ConnectorDatabase
    marketplace: AmazonMarketplace
    sandbox: httpx.AsyncClient
    leader: Leader
    revision: int = 0

    async def ask(self, method: str, path: str, body: object = None) -> None:
        (await self.sandbox.request(method, path, json=body)).raise_for_status()

    async def write(self, quantity: int, *, live_above: int | None = None, goes_live: bool = True) -> None:
        """Have a quantity accepted and, unless it is still on its way, taken as live."""
        self.revision += 1
        await self.database.take_in(delivery("A", self.revision, quantity, live_above=live_above))
        pusher = self.database.pusher(self.marketplace, PUSHING, self.leader)

        async def is_accepted() -> bool:
            await pusher.step()
            return bool(await self.database.rows("select 1 from pushes where state = 'accepted'"))

        await eventually(is_accepted)
        verifier = self.database.verifier(self.marketplace, AT_ONCE, self.leader)
        if goes_live and live_above is None:
            await self.database.run("update pushes set accepted_at = accepted_at - interval '61 minutes'")
        if goes_live:
            await verifier.step()
            assert await self.database.rows("select 1 from pushes where state = 'live'")

    async def read_orders(self) -> None:
        reader = OrderReader(ACCOUNT, self.marketplace, self.database.worker, self.leader, ReadPolicy(poll_seconds=1))
        await reader.step()

    async def reconcile(self) -> str:
        """One comparison, without the second reading that it may ask for. Tells what X-A was found to be."""
        reconciler = self.database.reconciler(self.marketplace, self.leader, RHYTHM)
        await self.database.run("update reconciliations set checked = 0")

        async def is_compared() -> bool:
            await reconciler.step()
            return bool(await self.database.rows("select 1 from reconciliations where checked > 0"))

        await eventually(is_compared)
        (row,) = await self.database.rows("select verdict from reconciled")
        return str(row.verdict)

    async def confirm(self) -> str:
        """Read orders and second readings until nothing is open any more."""
        reconciler = self.database.reconciler(self.marketplace, self.leader, dc.replace(RHYTHM, period=HOUR))

        async def is_settled() -> bool:
            await self.read_orders()
            await reconciler.step()
            return not await self.database.rows("select 1 from reconciled where confirm_at is not null")

        await eventually(is_settled)
        (row,) = await self.database.rows("select verdict from reconciled")
        return str(row.verdict)

    async def observed(self) -> list[int | None]:
        """What the inventory was told by readings that prove no revision."""
        events = [event.data for event in await self.database.published("channel.stock.applied")]
        told = [event for event in events if isinstance(event, StockApplied)]
        return [event.observed_quantity for event in told if event.status is AppliedStatus.OBSERVED]


@pytest_asyncio.fixture(loop_scope="session")
async def shop(database: ConnectorDatabase, marketplace: AmazonMarketplace, amazon_url: str) -> AsyncIterator[Shop]:
    leader = database.leader()
    leader.join()
    async with httpx.AsyncClient(base_url=f"{amazon_url}/_sandbox/") as sandbox:
        made = Shop(database, marketplace, sandbox, leader)
        await made.ask("POST", "listings", {"external_sku": "X-A", "quantity": 10})
        yield made
    await leader.close()


async def test_what_agrees_is_told_to_nobody(shop: Shop) -> None:
    await shop.write(12)
    assert await shop.reconcile() == "agrees"
    assert await shop.observed() == []


async def test_a_write_in_flight(shop: Shop) -> None:
    await shop.ask("PUT", "faults", {"live_delay_s": [3600, 3600]})
    await shop.write(12, goes_live=False)
    assert await shop.reconcile() == "in_flight"
    assert await shop.observed() == []


async def test_an_order_that_is_not_known_yet(shop: Shop) -> None:
    await shop.write(12)
    await shop.ask("POST", "orders", {"external_sku": "X-A", "quantity": 2, "status": "pending"})
    assert await shop.reconcile() == "pending_order"
    assert await shop.confirm() == "pending_order"
    assert await shop.observed() == [], "the order says it all"


async def test_a_hand_edit_upward_is_told_at_once(shop: Shop) -> None:
    await shop.write(12, live_above=10)
    await shop.ask("PUT", "listings/X-A", {"quantity": 20})
    assert await shop.reconcile() == "hand_edit"
    assert await shop.observed() == [20]


async def test_a_hand_edit_downward_is_told_once_it_is_confirmed(shop: Shop) -> None:
    await shop.write(12, live_above=10)
    await shop.ask("PUT", "listings/X-A", {"quantity": 3})
    await shop.reconcile()
    assert await shop.observed() == [], "one reading frees nothing"
    assert await shop.confirm() == "hand_edit"
    assert await shop.observed() == [3]


async def test_a_lost_decrease_is_told_at_once(shop: Shop) -> None:
    await shop.write(12)
    assert await shop.reconcile() == "agrees"
    await shop.ask("PUT", "faults", {"lost_write_rate": 1})
    await shop.write(5)
    assert await shop.reconcile() == "lost_write"
    assert await shop.observed() == [12]


async def test_a_lost_increase_is_told_once_it_is_confirmed(shop: Shop) -> None:
    await shop.write(4)
    assert await shop.reconcile() == "agrees"
    await shop.ask("PUT", "faults", {"lost_write_rate": 1})
    await shop.write(9)
    await shop.reconcile()
    assert await shop.observed() == []
    assert await shop.confirm() == "lost_write"
    assert await shop.observed() == [4]


@pytest.mark.parametrize("quantity", [12, 5])
async def test_a_stale_reading_is_told_to_nobody(shop: Shop, quantity: int) -> None:
    """A search that lags behind shows the 10 from before, which is too little or too much."""
    await shop.write(quantity)
    await shop.ask("PUT", "faults", {"stale_searches": True})
    await shop.reconcile()
    assert await shop.confirm() == "stale_reading"
    assert await shop.observed() == []


async def test_a_listing_that_was_deleted_is_withdrawn(shop: Shop) -> None:
    await shop.write(12)
    assert await shop.reconcile() == "agrees"
    await shop.ask("DELETE", "listings/X-A")
    assert await shop.reconcile() == "not_offered"
    assert [row.state for row in await shop.database.rows("select state from registry")] == ["refused"]
    assert await shop.observed() == [], "one reading frees nothing"
    assert await shop.confirm() == "not_offered"
    assert await shop.observed() == [0]

    await shop.database.take_in(delivery("A", 2, 3))
    registrar = shop.database.registrar(shop.marketplace, shop.leader, LOOK_UP)
    await registrar.step()
    (row,) = await shop.database.rows("select state, last_error from pushes")
    assert row.state == "rejected"
    assert "create the offer" in row.last_error


async def test_what_amazon_ships_is_never_written(shop: Shop) -> None:
    await shop.ask("POST", "listings", {"external_sku": "X-A", "quantity": 10, "fulfilled_by_marketplace": True})
    await shop.database.take_in(delivery("A", 1, 3))
    registrar = shop.database.registrar(shop.marketplace, shop.leader, LOOK_UP)
    for _ in range(2):
        await registrar.step()
    (row,) = await shop.database.rows("select state, last_error from pushes")
    assert row.state == "rejected"
    assert row.last_error.startswith("FulfilledByAmazon: Amazon ships this listing")
    calls = (await shop.sandbox.get("calls")).json()
    assert [call for call in calls if call["method"] == "PATCH"] == []

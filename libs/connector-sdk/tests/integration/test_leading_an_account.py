import functools

import pytest
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.waiting import eventually

pytestmark = pytest.mark.integration


async def test_one_of_two_leads_until_it_steps_down(database: ConnectorDatabase) -> None:
    first, second = database.leader(), database.leader()
    term = await first.lead()
    assert term
    assert await second.lead() is None
    assert await first.lead() == term

    await first.close()
    assert await second.lead()
    assert second.term != term
    await second.close()


async def test_the_lead_is_kept_until_stock_and_prices_have_ended(database: ConnectorDatabase) -> None:
    first, second = database.leader(), database.leader()
    marketplace = FakeMarketplace()
    stock = database.pusher(marketplace, PushPolicy(), first)
    prices = database.price_pusher(marketplace, PushPolicy(), first)
    assert await first.lead()
    await prices.close()
    assert await second.lead() is None
    await stock.close()
    assert await second.lead()
    await second.close()


async def test_a_lost_connection_loses_the_lead_at_once(database: ConnectorDatabase) -> None:
    first, second = database.leader(), database.leader()
    assert await first.lead()
    await database.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test_connector-leader'"
    )

    async def takes_over() -> bool:
        return first.term is None and await second.lead() is not None

    await eventually(takes_over)
    assert await first.lead() is None
    await first.close()
    await second.close()


@pytest.mark.parametrize(("told", "woken"), [("stock", {"stock"}), ("prices", {"prices"}), ("", {"stock", "prices"})])
async def test_what_was_committed_wakes_its_pusher_alone(
    database: ConnectorDatabase, told: str, woken: set[str]
) -> None:
    heard: set[str] = set()
    leader = database.leader()
    for of in ("stock", "prices"):
        leader.on_desire(of, functools.partial(heard.add, of))
    await leader.lead()
    await database.run(f"select pg_notify('pushes_test_connector', '{told}')")
    await eventually(lambda: _are(heard, woken))
    await leader.close()


async def _are(heard: set[str], woken: set[str]) -> bool:
    return heard == woken

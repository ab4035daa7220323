"""Whether the account may sell: nothing is written to a channel where it may not."""

import datetime as dt

import pytest
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery, price_delivery
from connector_sdk.withdrawal import Withdrawal
from contracts import AppliedStatus, ChannelState, ChannelStatusChanged, StockApplied

pytestmark = pytest.mark.integration

PUSHING = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01)
REFUSED = "the seller does not take part: correct the settings"


async def _states(database: ConnectorDatabase) -> list[tuple[ChannelState, str | None]]:
    events = [event.data for event in await database.published("channel.status.changed")]
    return [(e.state, e.last_error) for e in events if isinstance(e, ChannelStatusChanged) and e.last_error != ""]


async def _push(database: ConnectorDatabase, marketplace: FakeMarketplace) -> None:
    for pusher in (database.pusher(marketplace, PUSHING), database.price_pusher(marketplace, PUSHING)):
        for _ in range(4):
            await pusher.step()
        await pusher.close()


async def test_nothing_is_written_while_the_account_may_not_sell(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.account = REFUSED
    leader = database.leader()
    check = database.account_check(marketplace, leader)
    await check.step()
    await check.step()
    await leader.close()
    await database.take_in(delivery("A", 1, 0), delivery("B", 1, 5))
    await database.take_in_prices(price_delivery("A", 1))
    await _push(database, marketplace)
    assert (marketplace.submitted, marketplace.priced) == ([], [])
    refusals = [state for state in await _states(database) if state[1] is not None]
    assert refusals == [(ChannelState.UNAUTHORISED, REFUSED)], "it is told once"

    marketplace.account = None
    leader = database.leader()
    await database.account_check(marketplace, leader).step()
    await leader.close()
    await _push(database, marketplace)
    assert sorted(line.sku for line in marketplace.submitted) == ["A", "B"]
    assert [line.sku for line in marketplace.priced] == ["A"]
    assert (await _states(database))[-1][0] is ChannelState.ACTIVE


async def test_writing_waits_for_the_first_answer_and_no_longer(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.account = MarketplaceError(Outcome.UNKNOWN, "down")
    leader = database.leader()
    check = database.account_check(marketplace, leader)
    rounds = 0

    async def write() -> float:
        nonlocal rounds
        rounds += 1
        return 0.0

    held = check.first(write)
    assert await held() > 0
    assert await check.step() > 0, "a marketplace that is down does not stop the service"
    assert await held() > 0
    marketplace.account = None
    await check.step()
    await held()
    assert rounds == 1
    await leader.close()


@pytest.mark.parametrize(("outcome", "tries"), [(Outcome.UNAUTHORISED, 1), (Outcome.RETRY, 6)])
async def test_an_account_that_can_not_be_asked_about_does_not_hold_writing_up_for_ever(
    database: ConnectorDatabase, outcome: Outcome, tries: int
) -> None:
    marketplace = FakeMarketplace()
    marketplace.account = MarketplaceError(outcome, "not now")
    leader = database.leader()
    check = database.account_check(marketplace, leader)
    rounds = 0

    async def write() -> float:
        nonlocal rounds
        rounds += 1
        return 0.0

    for _ in range(tries):
        await check.first(write)()
        assert rounds == 0
        await check.step()
    await check.first(write)()
    assert rounds == 1
    await leader.close()


async def test_a_restart_remembers_that_the_account_may_not_sell(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.account = REFUSED
    leader = database.leader()
    await database.account_check(marketplace, leader).step()
    marketplace.account = MarketplaceError(Outcome.UNKNOWN, "down")
    again = database.account_check(marketplace, leader)
    for _ in range(6):
        await again.step()
    await leader.close()
    await database.take_in(delivery("A", 1, 5))
    await _push(database, marketplace)
    assert marketplace.submitted == []


async def test_a_raise_is_withdrawn_while_the_account_may_not_sell_and_a_zero_waits(
    database: ConnectorDatabase,
) -> None:
    marketplace = FakeMarketplace()
    marketplace.account = REFUSED
    leader = database.leader()
    await database.account_check(marketplace, leader).step()
    await database.take_in(delivery("A", 1, 5), delivery("B", 1, 0))
    await Withdrawal(ACCOUNT, database.worker, leader, dt.timedelta(0)).step()
    await leader.close()
    events = [event.data for event in await database.published("channel.stock.applied")]
    told = [(e.sku, e.status, e.issues[0].code) for e in events if isinstance(e, StockApplied)]
    assert told == [("A", AppliedStatus.SUPERSEDED, "Withdrawn")]

import asyncio
import dataclasses as dc
import functools

import pytest
from connector_sdk.marketplace import Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Push
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import delivery
from connector_sdk.testing.waiting import eventually

pytestmark = pytest.mark.integration

PATIENT = PushPolicy(rate=1000, burst=100, concurrency=4, backoff_seconds=60.0)


async def _finds(database: ConnectorDatabase, pusher: Pusher[Push], condition: str, rows: int) -> bool:
    """Whether so many listings fulfil `condition` after one more round of the pusher."""
    await pusher.step()
    return len(await database.rows(f"select 1 from pushes where {condition}")) == rows  # noqa: S608 - the tests' own words


async def test_when_an_outage_ends_nobody_waits_for_the_back_off(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.default = Outcome.UNKNOWN
    pusher = database.pusher(marketplace, PATIENT)
    await database.take_in(*(delivery(f"sku-{n}", 1) for n in range(8)))

    async def all_failed() -> bool:
        await pusher.step()
        return len(await database.rows("select 1 from pushes where failures = 1")) == 8

    await eventually(all_failed)
    marketplace.default = Outcome.ACCEPTED
    await database.follow_up()
    await database.take_in(delivery("another", 1))

    async def all_accepted() -> bool:
        await pusher.step()
        return len(await database.rows("select 1 from pushes where state = 'accepted'")) == 9

    await eventually(all_accepted)
    await pusher.close()


@pytest.mark.parametrize("when", ["after its end", "across its end"])
async def test_failures_of_an_outage_do_not_count_against_a_listing(database: ConnectorDatabase, when: str) -> None:
    marketplace = FakeMarketplace()
    marketplace.default = Outcome.UNKNOWN
    pusher = database.pusher(marketplace, dc.replace(PATIENT, quarantine_after=2))
    await database.take_in(*(delivery(f"sku-{n}", 1, 0) for n in range(8)))
    await eventually(lambda: _finds(database, pusher, "failures = 1", 8))

    marketplace.answers["X-sku-7"] = [Outcome.UNKNOWN]
    if when == "across its end":
        marketplace.held["X-sku-7"] = asyncio.Event()
        await database.take_in(delivery("sku-7", 2, 0))
        await eventually(lambda: _finds(database, pusher, "in_flight_revision = 2", 1))
    marketplace.default = Outcome.ACCEPTED
    await database.take_in(delivery("sku-0", 2, 0))
    await eventually(lambda: _finds(database, pusher, "state = 'accepted'", 7))
    for held in marketplace.held.values():
        held.set()

    async def has_failed_again() -> bool:
        tries = [line.external_sku for line in marketplace.submitted].count("X-sku-7")
        return await _finds(database, pusher, "in_flight_revision is null", 8) and tries == 2

    await eventually(has_failed_again)
    [row] = await database.rows("select state, failures from pushes where sku = 'sku-7'")
    assert tuple(row) == ("pending", 1)
    await pusher.close()


async def test_a_listing_that_sells_fast_is_not_quarantined_for_it(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.default = Outcome.UNKNOWN
    pusher = database.pusher(marketplace, dc.replace(PATIENT, quarantine_after=3))
    for revision in range(1, 7):
        await database.take_in(delivery("hot", revision, 0))
        tried = f"revision = {revision} and attempts = 1 and in_flight_revision is null"
        await eventually(functools.partial(_finds, database, pusher, tried, 1))

    [row] = await database.rows("select state, failures from pushes")
    assert tuple(row) == ("pending", 1)
    await pusher.close()


async def test_a_new_term_waits_for_the_calls_of_the_old_one(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.held["X-A"] = asyncio.Event()
    leader = database.leader()
    pusher = database.pusher(marketplace, PATIENT, leader)
    await database.take_in(delivery("A", 1, 9))

    async def submitted() -> bool:
        await pusher.step()
        return len(marketplace.submitted) == 1

    await eventually(submitted)
    await leader.close()
    await database.take_in(delivery("A", 2, 3))
    for _ in range(3):
        await pusher.step()
    assert len(marketplace.submitted) == 1

    marketplace.held.pop("X-A").set()

    async def accepted() -> bool:
        await pusher.step()
        return [row.state for row in await database.rows("select state from pushes")] == ["accepted"]

    await eventually(accepted)
    await pusher.close()
    assert [line.quantity for line in marketplace.submitted] == [9, 3]


async def test_a_standby_pushes_nothing_until_it_leads(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    leader = database.leader()
    await leader.lead()
    standby = database.pusher(marketplace, PATIENT)
    await database.take_in(delivery("A", 1))
    await standby.step()
    await standby.step()
    assert marketplace.submitted == []

    await leader.close()

    async def pushed() -> bool:
        await standby.step()
        return len(marketplace.submitted) == 1

    await eventually(pushed)
    await standby.close()


async def test_a_bug_that_one_listing_hits_stays_with_it(database: ConnectorDatabase) -> None:
    marketplace = FakeMarketplace()
    marketplace.answers["X-odd"] = [ZeroDivisionError("a bug")]
    pusher = database.pusher(marketplace, PATIENT)
    await database.take_in(delivery("odd", 1, 0), delivery("good", 1))

    async def settled() -> bool:
        await pusher.step()
        rows = await database.rows("select sku, state, last_error from pushes order by sku")
        return [tuple(row) for row in rows] == [
            ("good", "accepted", None),
            ("odd", "pending", "CallFailed: ZeroDivisionError: a bug"),
        ]

    await eventually(settled)
    await pusher.close()

import asyncio
import datetime as dt

import httpx
import pytest
from connector_sdk import failed, pushes
from connector_sdk.marketplace import Outcome
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pusher import Pusher
from connector_sdk.pushes import Push
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.targets import CHANNEL, delivery
from contracts import SyncRequested, SyncScope

pytestmark = pytest.mark.integration

REJECTED = "update pushes set state = 'rejected' where sku = 'A'"
QUARANTINED = "update pushes set state = 'quarantined' where sku = 'A'"
ACCEPTED = "update pushes set state = 'accepted'"
WAITING = "update pushes set pending_since = now() - interval '1 day' where sku = 'A'"
OVERDUE = "update pushes set state = 'pending', attempts = 1, pending_since = now() - interval '1 day' where sku = 'A'"


async def _requested(database: ConnectorDatabase) -> list[str | None]:
    events = await database.published("channel.sync.requested")
    requests = [event.data for event in events if isinstance(event.data, SyncRequested)]
    assert all((r.channel, r.scope) == (CHANNEL, SyncScope.STOCK) for r in requests)
    return [request.sku for request in requests]


@pytest.mark.parametrize("fate", [REJECTED, QUARANTINED, OVERDUE], ids=["rejected", "quarantined", "overdue"])
async def test_a_replayed_target_of_a_failed_listing_asks_for_a_new_one_and_writes_nothing(
    database: ConnectorDatabase, fate: str
) -> None:
    await database.take_in(delivery("A", 3), delivery("B", 1))
    await database.run(ACCEPTED)
    await database.run(fate)
    before = await database.rows("select * from pushes order by sku")

    await database.take_in(delivery("A", 2), delivery("A", 3), delivery("B", 1))

    assert await _requested(database) == ["A"]
    (event,) = await database.published("channel.sync.requested")
    assert event.causationid == "testmart/A/3"
    assert await database.rows("select * from pushes order by sku") == before


@pytest.mark.parametrize("fate", [ACCEPTED, WAITING], ids=["accepted", "waiting for its turn"])
async def test_a_replayed_target_of_a_sound_listing_does_nothing(database: ConnectorDatabase, fate: str) -> None:
    await database.take_in(delivery("A", 1))
    await database.run(fate)

    await database.take_in(delivery("A", 1))

    assert await _requested(database) == []


async def test_a_newer_target_of_a_failed_listing_is_simply_taken_in(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1))
    await database.run(REJECTED)

    await database.take_in(delivery("A", 1), delivery("A", 2))

    assert await _requested(database) == []


async def test_one_failure_is_asked_for_under_one_id_and_the_next_one_under_another(
    database: ConnectorDatabase,
) -> None:
    for revision in (1, 2):
        await database.take_in(delivery("A", revision))
        await database.run(REJECTED)
        await database.take_in(delivery("A", revision))
        await database.take_in(delivery("A", revision))

    first, again, second, _ = [event.id for event in await database.published("channel.sync.requested")]
    assert first == again != second


async def test_what_is_on_its_way_has_not_failed(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1))
    await database.run("update pushes set state = 'quarantined', failures = 10")
    async with database.worker.begin() as work:
        await pushes.claim(work.connection, 5, "term", work.now)
        assert await failed.read(work.connection, work.now + dt.timedelta(days=1)) == []


async def test_operators_see_what_failed_and_have_it_told_again(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    await database.take_in(delivery("A", 1), delivery("B", 4, 9), delivery("C", 1))
    await database.run("update pushes set state = 'accepted' where sku = 'A'")
    await database.run("update pushes set state = 'rejected', last_error = 'no such listing' where sku in ('B', 'C')")

    shown = (await api.get("/v1/failed")).json()
    one = (await api.get("/v1/failed", params={"sku": "C"})).json()
    asked = await api.post("/v1/sync", json={"failed": True})

    assert [(f["sku"], f["revision"], f["quantity"], f["state"]) for f in shown["failed"]] == [
        ("B", 4, 9, "rejected"),
        ("C", 1, 5, "rejected"),
    ]
    assert shown["failed"][0]["last_error"] == "no such listing"
    assert [f["sku"] for f in one["failed"]] == ["C"]
    assert (asked.status_code, asked.json()) == (202, {"channel": CHANNEL, "requested": ["B", "C"]})
    assert await _requested(database) == ["B", "C"]


async def test_operators_have_one_sku_or_the_whole_channel_told_again(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    assert (await api.post("/v1/sync", json={"sku": "A"})).json()["requested"] == ["A"]
    assert (await api.post("/v1/sync", json={})).json()["requested"] == "all"
    assert await _requested(database) == ["A", None]


async def test_200_failed_listings_end_accepted_at_the_quantity_that_is_right_by_then(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    skus = [f"S{n:03}" for n in range(200)]
    marketplace = FakeMarketplace()
    for sku in skus:
        marketplace.answers[f"X-{sku}"] = [Outcome.REJECTED if sku < "S100" else Outcome.UNKNOWN]
    pusher = database.pusher(marketplace, PushPolicy(rate=5000, burst=500, quarantine_after=1))
    # The rejections first: an answer after so many failures would be the end of an outage, which quarantines nobody.
    await database.take_in(*(delivery(sku, 1, 5) for sku in skus[:100]))
    await _push_until(pusher, database, {"rejected": 100})
    await database.take_in(*(delivery(sku, 1, 5) for sku in skus[100:]))
    await _push_until(pusher, database, {"rejected": 100, "quarantined": 100})
    await database.follow_up()

    assert (await api.post("/v1/sync", json={"failed": True})).json()["requested"] == skus
    for sku in skus:
        marketplace.answers[f"X-{sku}"] = [Outcome.ACCEPTED]
    requested = [sku for sku in await _requested(database) if sku is not None]
    await database.take_in(*(delivery(sku, 3, 30 + n) for n, sku in enumerate(requested)))
    await _push_until(pusher, database, {"accepted": 200})
    await pusher.close()

    newest = {line.external_sku: line.quantity for line in marketplace.submitted}
    assert newest == {f"X-{sku}": 30 + n for n, sku in enumerate(skus)}
    assert (await api.get("/v1/failed")).json()["failed"] == []


async def _push_until(pusher: Pusher[Push], database: ConnectorDatabase, states: dict[str, int]) -> None:
    async with asyncio.timeout(30):
        while await _counts(database) != states:
            await pusher.step()


async def _counts(database: ConnectorDatabase) -> dict[str, int]:
    return {row[0]: row[1] for row in await database.rows("select state, count(*) from pushes group by state")}

import pytest
from connector_sdk import pushes
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.targets import delivery
from contracts import AppliedStatus, StockApplied, Urgency

pytestmark = pytest.mark.integration


async def _applied(database: ConnectorDatabase) -> list[tuple[str, int | None, AppliedStatus]]:
    events = await database.published("channel.stock.applied")
    applied = [event.data for event in events]
    return [(a.sku, a.revision, a.status) for a in applied if isinstance(a, StockApplied)]


async def _revisions(database: ConnectorDatabase) -> dict[str, int]:
    return {row.sku: row.revision for row in await database.rows("select sku, revision from pushes")}


async def test_only_the_newest_revision_of_a_batch_is_kept(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1), delivery("B", 7), delivery("A", 3), delivery("A", 2))

    assert await _revisions(database) == {"A": 3, "B": 7}


async def test_targets_of_other_channels_are_ignored(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1, channel="elsewhere"))

    assert await _revisions(database) == {}


async def test_a_revision_overtaken_before_it_was_submitted_is_superseded(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1))
    await database.take_in(delivery("A", 2), delivery("A", 3))

    assert await _applied(database) == [("A", 1, AppliedStatus.SUPERSEDED), ("A", 2, AppliedStatus.SUPERSEDED)]
    first = (await database.published("channel.stock.applied"))[0]
    assert first.causationid == "testmart/A/1"
    assert first.correlationid == "cause-of-A"


async def test_a_replayed_target_changes_nothing(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1), delivery("A", 2))
    await database.run("update pushes set state = 'accepted'")
    before = await database.rows("select * from pushes")
    published = await _applied(database)

    await database.take_in(delivery("A", 1), delivery("A", 2))
    await database.take_in(delivery("A", 1))

    assert await database.rows("select * from pushes") == before
    assert await _applied(database) == published


async def test_an_accepted_revision_that_is_overtaken_may_still_go_live(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1))
    await database.run(
        "update pushes set state = 'accepted', accepted_at = '2026-11-22 12:00Z', clock_offset_ms = 1500"
    )
    await database.take_in(delivery("A", 2))

    (event,) = await database.published("channel.stock.applied")
    assert isinstance(event.data, StockApplied)
    assert (event.data.revision, event.data.status) == (1, AppliedStatus.UNKNOWN)
    assert str(event.data.may_go_live_until) == "2026-11-22 12:10:01.500000+00:00"
    assert [row.state for row in await database.rows("select state from pushes")] == ["pending"]


async def test_an_overtaken_revision_that_may_have_arrived_is_unknown(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1))
    await database.run("update pushes set reached = true, attempts = 1")
    await database.take_in(delivery("A", 2))

    assert await _applied(database) == [("A", 1, AppliedStatus.UNKNOWN)]


async def test_claims_come_in_the_order_of_urgency(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("old-increase", 1, 3))
    await database.take_in(
        delivery("increase", 1, 3),
        delivery("low-increase", 1, 2),
        delivery("decrease", 1, 9, urgency=Urgency.DECREASE),
        delivery("oversell", 1, 9, urgency=Urgency.OVERSELL),
        delivery("zero-increase", 1, 0),
        delivery("zero-oversell", 1, 0, urgency=Urgency.OVERSELL),
    )
    async with database.worker.begin() as work:
        first = await pushes.claim(work.connection, 5, "term", work.now)
        rest = await pushes.claim(work.connection, 5, "term", work.now)

    assert [push.sku for push in first] == ["zero-oversell", "zero-increase", "oversell", "decrease", "low-increase"]
    assert [push.sku for push in rest] == ["old-increase", "increase"]


async def test_nothing_is_claimed_twice_while_in_flight(database: ConnectorDatabase) -> None:
    await database.take_in(delivery("A", 1))
    async with database.worker.begin() as work:
        await pushes.claim(work.connection, 5, "term", work.now)
    await database.take_in(delivery("A", 2))
    async with database.worker.begin() as work:
        assert await pushes.claim(work.connection, 5, "term", work.now) == []

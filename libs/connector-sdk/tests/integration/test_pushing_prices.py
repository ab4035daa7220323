import asyncio
import datetime as dt
from decimal import Decimal

import httpx
import pytest
from connector_sdk.marketplace import LineResult, Outcome
from connector_sdk.price_desire import PriceDesire
from connector_sdk.push_policy import PushPolicy
from connector_sdk.pushes import Patience
from connector_sdk.testing.database import ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.requests import requested
from connector_sdk.testing.targets import CHANNEL, delivery, price_delivery
from connector_sdk.testing.waiting import eventually
from contracts import AppliedStatus, ChannelState, ChannelStatusChanged, Issue, Money, PriceApplied, SyncScope

pytestmark = pytest.mark.integration

NO_PATIENCE = Patience(ceiling=dt.timedelta(0), read_after=dt.timedelta(0))
LONG_PATIENCE = Patience(ceiling=dt.timedelta(days=1), read_after=dt.timedelta(0))
FAST = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, unauthorised_seconds=0.05, patience=NO_PATIENCE)
PATIENT = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, patience=LONG_PATIENCE)


class Desk:
    """One connector's prices: a pusher and a verifier over a marketplace that answers as it is told to."""

    def __init__(self, database: ConnectorDatabase, policy: PushPolicy = FAST) -> None:
        self.marketplace = FakeMarketplace()
        leader = database.leader()
        self.pusher = database.price_pusher(self.marketplace, policy, leader)
        self.verifier = database.price_verifier(self.marketplace, policy, leader)
        self._database = database

    async def push_until(self, state: str) -> None:
        async def are_all_so() -> bool:
            await self.pusher.step()
            return not await self._database.rows(f"select 1 from price_pushes where state <> '{state}'")  # noqa: S608 - the tests' own words

        await eventually(are_all_so)

    def show(self, amount: str, external_sku: str = "X-A") -> None:
        self.marketplace.shown[external_sku] = 1
        self.marketplace.prices_shown[external_sku] = egp(amount)

    @property
    def written(self) -> list[tuple[str, Decimal]]:
        return [(line.external_sku, line.price.amount) for line in self.marketplace.priced]


def egp(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EGP")


async def _told(database: ConnectorDatabase) -> list[tuple[int | None, AppliedStatus]]:
    return [(applied.revision, applied.status) for applied in await _applied(database)]


async def _applied(database: ConnectorDatabase) -> list[PriceApplied]:
    events = await database.published("channel.price.applied")
    return [event.data for event in events if isinstance(event.data, PriceApplied)]


async def test_a_price_is_written_and_live_once_a_reading_shows_it(database: ConnectorDatabase) -> None:
    desk = Desk(database, PATIENT)
    desk.marketplace.answers["X-A"] = [LineResult("X-A", Outcome.ACCEPTED, request_id="r-1", submission_id="s-1")]
    await database.take_in_prices(price_delivery("A", 4, "1499.00"))
    await desk.push_until("accepted")
    desk.show("1300.00")
    await desk.verifier.step()
    assert await _told(database) == [(4, AppliedStatus.ACCEPTED)]
    desk.show("1499")
    await desk.verifier.step()
    await desk.pusher.close()

    accepted, live = await _applied(database)
    assert (accepted.price, accepted.request_id, accepted.submission_id, accepted.attempt) == (
        egp("1499"), "r-1", "s-1", 1
    )  # fmt: skip
    assert (live.status, live.evidence, live.observed_price) == (AppliedStatus.LIVE, "read-back", egp("1499"))
    assert live.live_at == desk.marketplace.reads_at
    assert desk.written == [("X-A", Decimal("1499.00"))]
    first = (await database.published("channel.price.applied"))[0]
    assert (first.causationid, first.correlationid) == ("testmart/A/price/4", "cause-of-A")


async def test_only_the_newest_of_many_revisions_is_written_in_any_order_and_twice(database: ConnectorDatabase) -> None:
    desk = Desk(database, PATIENT)
    await database.take_in_prices(price_delivery("A", 2, "2.00"), price_delivery("A", 3, "3.00"))
    await database.take_in_prices(price_delivery("A", 1, "1.00"), price_delivery("B", 1, channel="other"))
    await database.take_in_prices(price_delivery("A", 5, "5.00"))
    await database.take_in_prices(price_delivery("A", 5, "5.00"), price_delivery("A", 4, "4.00"))
    await desk.push_until("accepted")
    await database.take_in_prices(price_delivery("A", 5, "5.00"), price_delivery("A", 2, "2.00"))
    await desk.push_until("accepted")
    await desk.pusher.close()

    assert desk.written == [("X-A", Decimal("5.00"))]
    assert await _told(database) == [
        (2, AppliedStatus.SUPERSEDED),
        (3, AppliedStatus.SUPERSEDED),
        (5, AppliedStatus.ACCEPTED),
    ]


async def test_a_price_whose_outcome_is_unknown_is_written_again_under_its_revision(
    database: ConnectorDatabase,
) -> None:
    desk = Desk(database, PATIENT)
    desk.marketplace.answers["X-A"] = [Outcome.UNKNOWN, RuntimeError("a bug"), Outcome.RETRY, Outcome.ACCEPTED]
    await database.take_in_prices(price_delivery("A", 1))
    await desk.push_until("accepted")
    await desk.pusher.close()

    (told,) = await _applied(database)
    assert (told.status, told.revision, told.attempt) == (AppliedStatus.ACCEPTED, 1, 4)
    assert len(desk.written) == 4


async def test_a_rejected_price_stays_so_until_a_newer_one_or_until_somebody_asks(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    desk, issue = Desk(database, PATIENT), Issue(code="90245", message="The price is too low.")
    desk.marketplace.answers["X-A"] = [LineResult("X-A", Outcome.REJECTED, issues=(issue,))]
    await database.take_in_prices(price_delivery("A", 1, "1.00"), price_delivery("B", 1))
    await eventually(lambda: _has_ended(desk, database, 2))
    (failed,) = (await api.get("/v1/failed")).json()["prices"]
    assert (failed["sku"], failed["price"], failed["state"]) == ("A", "1.00 EGP", "rejected")
    assert failed["last_error"] == "90245: The price is too low."
    assert (await api.get("/v1/status")).json()["prices_failed"] == 1

    desk.marketplace.answers["X-A"] = [Outcome.ACCEPTED]
    asked = await api.post("/v1/sync", json={"scope": "prices", "failed": True})
    assert asked.json()["requested"] == ["A"]
    await desk.push_until("accepted")
    await desk.pusher.close()
    assert [revision for revision, _ in await _told(database)] == [1, 1, 1]
    assert (await _applied(database))[-1].issues == ()
    assert (await api.get("/v1/failed")).json()["prices"] == []
    (shown,) = (await api.get("/v1/listings/X-A")).json()["prices"]
    assert (shown["price"], shown["state"], shown["attempts"]) == ("1.00", "accepted", 2)


async def _has_ended(desk: Desk, database: ConnectorDatabase, rows: int) -> bool:
    await desk.pusher.step()
    ended = "select 1 from price_pushes where state in ('accepted', 'rejected')"
    return len(await database.rows(ended)) == rows


async def test_a_call_under_way_when_its_process_dies_is_repeated_by_the_next(database: ConnectorDatabase) -> None:
    desk = Desk(database, PATIENT)
    desk.marketplace.held["X-A"] = asyncio.Event()
    await database.take_in_prices(price_delivery("A", 1))
    await eventually(lambda: _is_submitted(desk))
    await database.run(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database ="
        " (select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()"
    )
    desk.marketplace.held["X-A"].set()
    other = database.price_pusher(desk.marketplace, PATIENT)

    async def is_accepted() -> bool:
        await other.step()
        return bool(await database.rows("select 1 from price_pushes where state = 'accepted'"))

    await eventually(is_accepted)
    await other.close()
    await desk.pusher.close()
    assert len(desk.written) == 2
    assert (await _applied(database))[-1].attempt == 2


async def _is_submitted(desk: Desk) -> bool:
    await desk.pusher.step()
    return bool(desk.marketplace.priced)


async def test_a_newer_price_waits_for_the_answer_to_the_one_before_and_comes_last(database: ConnectorDatabase) -> None:
    desk = Desk(database, PATIENT)
    desk.marketplace.held["X-A"] = asyncio.Event()
    await database.take_in_prices(price_delivery("A", 1, "1.00"))
    await eventually(lambda: _is_submitted(desk))
    await database.take_in_prices(price_delivery("A", 2, "2.00"))
    await desk.pusher.step()
    assert len(desk.written) == 1
    desk.marketplace.held["X-A"].set()
    await desk.push_until("accepted")
    await desk.pusher.close()

    assert [amount for _, amount in desk.written] == [Decimal("1.00"), Decimal("2.00")]
    assert await _told(database) == [(1, AppliedStatus.ACCEPTED), (2, AppliedStatus.ACCEPTED)]


async def test_another_price_at_the_marketplace_is_overwritten_and_in_the_end_quarantined(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    policy = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, quarantine_after=2, patience=NO_PATIENCE)
    desk = Desk(database, policy)
    desk.show("77.00")
    await database.take_in_prices(price_delivery("A", 1, "99.00"))

    async def is_set_aside() -> bool:
        await desk.pusher.step()
        await desk.verifier.step()
        return bool(await database.rows("select 1 from price_pushes where state = 'quarantined'"))

    await eventually(is_set_aside)
    await desk.pusher.close()
    assert len(desk.written) >= 2
    assert AppliedStatus.LIVE not in [status for _, status in await _told(database)]
    (failed,) = (await api.get("/v1/failed")).json()["prices"]
    assert failed["last_error"] == "the marketplace shows 77.00, not 99.00"


@pytest.mark.parametrize("shows", ["no price", "a discount"])
async def test_what_no_reading_can_tell_is_live_once_the_ceiling_has_passed(
    database: ConnectorDatabase, shows: str
) -> None:
    desk = Desk(database)
    desk.marketplace.shown["X-A"] = 1
    if shows == "a discount":
        desk.show("80.00")
        desk.marketplace.discounted.add("X-A")
    await database.take_in_prices(price_delivery("A", 1, "99.00"))
    await desk.push_until("accepted")
    await desk.verifier.step()
    await desk.pusher.close()

    live = (await _applied(database))[-1]
    assert (live.status, live.evidence, live.observed_price) == (AppliedStatus.LIVE, "ceiling", None)


async def test_a_channel_without_prices_says_so_for_each_revision_once(
    database: ConnectorDatabase, api: httpx.AsyncClient
) -> None:
    for _ in range(2):
        await database.take_in_prices(price_delivery("A", 1), can_write=False)
    await database.take_in_prices(price_delivery("A", 2), can_write=False)

    assert await _told(database) == [(1, AppliedStatus.UNSUPPORTED), (2, AppliedStatus.UNSUPPORTED)]
    assert (await _applied(database))[0].issues[0].code == "NoPrices"
    assert (await api.get("/v1/status")).json()["prices_unsupported"] == 1
    assert (await api.get("/v1/failed")).json()["prices"] == []


async def test_refused_prices_make_the_channel_unauthorised_and_leave_stock_alone(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    desk.marketplace.answers["X-A"] = [Outcome.UNAUTHORISED]
    stock = database.pusher(FakeMarketplace(), PATIENT)
    await database.take_in_prices(price_delivery("A", 1))
    await database.take_in(delivery("A", 1, 0))

    async def is_refused() -> bool:
        await desk.pusher.step()
        return bool(await database.rows("select 1 from channel_state where prices_refused is not null"))

    await eventually(is_refused)
    (row,) = await database.rows("select stock_refused, stopped_since from channel_state")
    assert tuple(row) == (None, None)
    desk.marketplace.answers["X-A"] = [Outcome.ACCEPTED]
    await desk.push_until("accepted")
    await desk.pusher.close()
    await stock.close()
    changes = [event.data for event in await database.published("channel.status.changed")]
    states = [change.state for change in changes if isinstance(change, ChannelStatusChanged)]
    assert states == [ChannelState.UNAUTHORISED, ChannelState.ACTIVE]


async def test_a_request_has_prices_written_again_once_however_often_it_comes(database: ConnectorDatabase) -> None:
    desk = Desk(database, PATIENT)
    await database.take_in_prices(price_delivery("A", 1), price_delivery("B", 1))
    await desk.push_until("accepted")
    now = dt.datetime.now(dt.UTC)
    asked = requested("B", scope=SyncScope.PRICES, time=now)
    for _ in range(2):
        async with database.worker.begin() as work:
            await PriceDesire(CHANNEL, can_write=True).write_again([asked], work)
        await desk.push_until("accepted")
    await desk.pusher.close()
    assert sorted(sku for sku, _ in desk.written) == ["X-A", "X-B", "X-B"]

import asyncio

import pytest
from connector_sdk import shipments
from connector_sdk.marketplace import LineResult, OrderPage, Outcome
from connector_sdk.order_reader import OrderReader, ReadPolicy
from connector_sdk.push_policy import PushPolicy
from connector_sdk.testing.database import ACCOUNT, ConnectorDatabase
from connector_sdk.testing.fake_marketplace import FakeMarketplace
from connector_sdk.testing.parcels import parcel, shipped
from connector_sdk.testing.waiting import eventually
from contracts import ChannelState, ChannelStatusChanged, Issue, ShipmentApplied

pytestmark = pytest.mark.integration

FAST = PushPolicy(rate=1000, burst=100, backoff_seconds=0.01, unauthorised_seconds=0.05)


class Desk:
    """One connector's parcels: a pusher over a marketplace that answers as it is told to."""

    def __init__(self, database: ConnectorDatabase, marketplace: FakeMarketplace | None = None) -> None:
        self.marketplace = marketplace or FakeMarketplace()
        self.leader = database.leader()
        self.pusher = database.shipment_pusher(self.marketplace, FAST, self.leader)
        self._database = database

    async def work_until(self, *states: str) -> None:
        """Until the parcels stand so, by order and package id."""

        async def are_so() -> bool:
            await self.pusher.step()
            return await _states(self._database) == list(states)

        await eventually(are_so)

    async def work_until_called(self, times: int = 1) -> None:
        async def is_so() -> bool:
            await self.pusher.step()
            return len(self.marketplace.confirmed) >= times

        await eventually(is_so)

    @property
    def confirmed(self) -> list[tuple[str, str, str]]:
        return [
            (each.external_order_id, each.package.package_id, each.package.tracking_number)
            for each in self.marketplace.confirmed
        ]


async def _states(database: ConnectorDatabase) -> list[str]:
    rows = await database.rows("select state from shipments order by external_order_id, package_id")
    return [row.state for row in rows]


async def _told(database: ConnectorDatabase) -> list[tuple[str, str, str]]:
    events = await database.published("channel.shipment.applied")
    told = [event.data for event in events if isinstance(event.data, ShipmentApplied)]
    return [(each.external_order_id, each.package_id, each.status.value) for each in told]


async def test_every_parcel_of_an_order_is_confirmed_once_and_told_once(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    told = shipped("O-1", parcel("P-1", quantity=2), parcel("P-2", quantity=3))
    await database.take_in_shipments(told, told, shipped("elsewhere", channel="elsewhere"))
    await desk.work_until("accepted", "accepted")
    await database.take_in_shipments(told)
    await desk.pusher.step()
    await desk.pusher.close()

    assert sorted(desk.confirmed) == [("O-1", "P-1", "T-1"), ("O-1", "P-2", "T-1")]
    assert sorted(each.package.lines[0].quantity for each in desk.marketplace.confirmed) == [2, 3]
    assert sorted(await _told(database)) == [("O-1", "P-1", "accepted"), ("O-1", "P-2", "accepted")]
    events = await database.published("channel.shipment.applied")
    assert {(event.causationid, event.correlationid) for event in events} == {("testmart/O-1/0", "cause-of-O-1")}


async def test_a_correction_is_confirmed_and_an_older_word_is_not(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    first, corrected = shipped("O-1", parcel(tracking="T-1")), shipped("O-1", parcel(tracking="T-2"), at=5)
    await database.take_in_shipments(first)
    await desk.work_until("accepted")
    await database.take_in_shipments(corrected)
    await desk.work_until("accepted")
    for late in (shipped("O-1", parcel(tracking="T-0"), at=2), first, corrected):
        await database.take_in_shipments(late)
    await database.take_in_shipments(shipped("O-1", parcel(tracking="T-2"), at=9))
    await desk.pusher.step()
    await desk.pusher.close()

    assert [tracking for _, _, tracking in desk.confirmed] == ["T-1", "T-2"]
    assert await _told(database) == [("O-1", "P-1", "accepted")] * 2


async def test_a_version_that_was_never_submitted_is_told_as_superseded(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    await database.take_in_shipments(
        shipped("O-1", parcel(tracking="T-1")), shipped("O-1", parcel(tracking="T-2"), at=1)
    )
    await database.take_in_shipments(shipped("O-1", parcel(tracking="T-3"), at=2))
    await desk.work_until("accepted")
    await desk.pusher.close()

    assert [tracking for _, _, tracking in desk.confirmed] == ["T-3"]
    assert [status for _, _, status in await _told(database)] == ["superseded", "superseded", "accepted"]


async def test_a_correction_waits_for_the_answer_under_way_and_comes_last(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    desk.marketplace.held["O-1"] = asyncio.Event()
    await database.take_in_shipments(shipped("O-1", parcel(tracking="T-1")))
    await desk.work_until_called()
    await database.take_in_shipments(shipped("O-1", parcel(tracking="T-2"), at=1))
    await desk.pusher.step()
    assert [tracking for _, _, tracking in desk.confirmed] == ["T-1"]
    desk.marketplace.held["O-1"].set()
    await desk.work_until("accepted")
    await desk.pusher.close()

    assert [tracking for _, _, tracking in desk.confirmed] == ["T-1", "T-2"]
    assert await _told(database) == [("O-1", "P-1", "accepted")] * 2


async def test_what_nobody_knows_is_confirmed_again_and_said_to_be_unknown_once(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    desk.marketplace.answers["O-1"] = [Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.RETRY, Outcome.ACCEPTED]
    await database.take_in_shipments(shipped("O-1"))
    await desk.work_until("accepted")
    await desk.pusher.close()

    assert len(desk.confirmed) == 4
    assert [status for _, _, status in await _told(database)] == ["unknown", "accepted"]


async def test_a_refused_parcel_is_told_with_its_issue_and_tried_again_only_when_told_anew(
    database: ConnectorDatabase,
) -> None:
    desk = Desk(database)
    issue = Issue(code="400", message="The order has no item 'L-1'.")
    desk.marketplace.answers["O-1"] = [LineResult("O-1", Outcome.REJECTED, issues=(issue,)), Outcome.ACCEPTED]
    await database.take_in_shipments(shipped("O-1"), shipped("O-2"))
    await desk.work_until("rejected", "accepted")
    await database.take_in_shipments(shipped("O-1"))
    await desk.pusher.step()
    assert await _states(database) == ["rejected", "accepted"]
    await database.take_in_shipments(shipped("O-1", at=3))
    await desk.work_until("accepted", "accepted")
    await desk.pusher.close()

    events = [event.data for event in await database.published("channel.shipment.applied")]
    of_first = [each for each in events if isinstance(each, ShipmentApplied) and each.external_order_id == "O-1"]
    assert [(each.status.value, each.issues) for each in of_first] == [("rejected", (issue,)), ("accepted", ())]


async def test_a_call_under_way_when_its_process_dies_is_repeated_by_the_next(database: ConnectorDatabase) -> None:
    dying = Desk(database)
    dying.marketplace.held["O-1"] = asyncio.Event()
    await database.take_in_shipments(shipped("O-1"))
    await dying.work_until_called()
    await dying.leader.close()  # a killed process's connection ends, and nothing is recorded

    heir = Desk(database)
    await heir.work_until("accepted")
    dying.marketplace.held["O-1"].set()
    await dying.pusher.step()
    await dying.pusher.close()
    await heir.pusher.close()

    assert dying.confirmed == heir.confirmed == [("O-1", "P-1", "T-1")]
    assert await _told(database) == [("O-1", "P-1", "accepted")]


async def test_what_was_claimed_and_never_sent_is_sent_by_the_next_leader(database: ConnectorDatabase) -> None:
    await database.take_in_shipments(shipped("O-1"), shipped("O-2"))
    async with database.worker.begin() as work:
        await shipments.claim(work.connection, 5, "a leader that died", work.now)
    heir = Desk(database)
    await heir.work_until("accepted", "accepted")
    await heir.pusher.close()

    assert sorted(order for order, _, _ in heir.confirmed) == ["O-1", "O-2"]
    assert sorted(await _told(database)) == [("O-1", "P-1", "accepted"), ("O-2", "P-1", "accepted")]


async def test_a_parcel_that_nobody_answers_for_is_set_aside_and_taken_up_again_after_the_outage(
    database: ConnectorDatabase,
) -> None:
    desk = Desk(database)
    desk.marketplace.default = Outcome.UNKNOWN
    await database.take_in_shipments(*(shipped(f"O-{number}") for number in range(4)))
    await desk.work_until(*["quarantined"] * 4)
    desk.marketplace.default = Outcome.ACCEPTED
    await database.take_in_shipments(shipped("O-9"))
    await desk.work_until(*["accepted"] * 5)
    await desk.pusher.close()

    told = [status for order, _, status in await _told(database) if order == "O-1"]
    assert told == ["unknown", "accepted"]


async def test_of_two_replicas_one_confirms(database: ConnectorDatabase) -> None:
    one, other = Desk(database), Desk(database)
    await one.pusher.step()
    await other.pusher.step()
    await database.take_in_shipments(*(shipped(f"O-{number}") for number in range(5)))
    await one.work_until(*["accepted"] * 5)
    await other.pusher.step()
    await one.pusher.close()
    await other.pusher.close()

    assert (len(one.confirmed), other.confirmed) == (5, [])


async def test_refused_confirmations_make_the_channel_unauthorised_until_they_are_taken(
    database: ConnectorDatabase,
) -> None:
    desk = Desk(database)
    desk.marketplace.answers = {f"O-{n}": [Outcome.UNAUTHORISED, Outcome.ACCEPTED] for n in range(3)}
    await database.take_in_shipments(*(shipped(f"O-{n}") for n in range(3)))
    await desk.work_until_called()
    await desk.work_until(*["accepted"] * 3)
    await desk.pusher.close()

    events = [event.data for event in await database.published("channel.status.changed")]
    states = [event.state for event in events if isinstance(event, ChannelStatusChanged)]
    assert states[0] is ChannelState.UNAUTHORISED
    assert states[-1] is ChannelState.ACTIVE
    assert {status for _, _, status in await _told(database)} == {"accepted"}


async def test_nothing_is_confirmed_while_the_channel_is_paused(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    await database.run("update channel_state set paused = true")
    await database.take_in_shipments(shipped("O-1"))
    await desk.pusher.step()
    await desk.pusher.step()
    assert (desk.confirmed, await _states(database)) == ([], ["pending"])
    await database.run("update channel_state set paused = false")
    await desk.work_until("accepted")
    await desk.pusher.close()


async def test_an_order_that_is_shipped_in_another_way_costs_no_call_and_is_said_to_be_unsupported(
    database: ConnectorDatabase,
) -> None:
    desk = Desk(database)
    desk.marketplace.pages[None] = OrderPage((), shipped_elsewhere={"O-1": "its carrier is the marketplace's own"})
    reader = OrderReader(ACCOUNT, desk.marketplace, database.worker, desk.leader, ReadPolicy(poll_seconds=1))
    await reader.step()
    await database.take_in_shipments(shipped("O-1"), shipped("O-2"))
    await desk.work_until("unsupported", "accepted")
    await desk.pusher.close()

    assert [order for order, _, _ in desk.confirmed] == ["O-2"]
    events = [event.data for event in await database.published("channel.shipment.applied")]
    (refused,) = [e for e in events if isinstance(e, ShipmentApplied) and e.external_order_id == "O-1"]
    assert (refused.status.value, refused.issues[0].message) == ("unsupported", "its carrier is the marketplace's own")


async def test_a_channel_that_can_confirm_nothing_says_so_for_each_parcel_once(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    told = shipped("O-1", parcel("P-1"), parcel("P-2"))
    for _ in range(2):
        await database.take_in_shipments(told, can_confirm=False)
    await desk.pusher.step()
    await desk.pusher.step()
    await desk.pusher.close()

    assert desk.confirmed == []
    assert sorted(await _told(database)) == [("O-1", "P-1", "unsupported"), ("O-1", "P-2", "unsupported")]
    assert (await database.rows("select count(*) as n from shipments where attempts = 0"))[0].n == 2


async def test_a_shutdown_gives_back_what_was_not_submitted(database: ConnectorDatabase) -> None:
    desk = Desk(database)
    slow = database.shipment_pusher(desk.marketplace, PushPolicy(rate=0.5, burst=1, backoff_seconds=0.01), desk.leader)
    await database.take_in_shipments(*(shipped(f"O-{number}") for number in range(4)))
    await slow.step()
    await slow.step()
    await slow.close()

    rows = await database.rows("select attempts, lease from shipments where state = 'pending'")
    assert rows
    assert {(row.attempts, row.lease) for row in rows} == {(0, None)}

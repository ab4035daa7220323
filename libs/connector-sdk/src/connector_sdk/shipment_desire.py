"""Takes in what the storefront has shipped: keeps the newest word on each parcel and lets the pusher know."""

import dataclasses as dc
from collections.abc import Sequence

from contracts import OrderShipped
from runtime.logs import get_logger
from runtime.records import Delivery
from runtime.work import Work

from connector_sdk import shipment_applied, shipments
from connector_sdk.shipments import Key, Known, Told
from connector_sdk.submission import State

_UNFINISHED = (State.PENDING, State.QUARANTINED)

_log = get_logger(__name__)


class ShipmentDesire:
    """The handler of `order.shipped`. Without inbox: an event that is not newer than what is known changes nothing.

    Where the channel's API has no such call, each version is answered at once and once, and the log says so once.
    """

    def __init__(self, channel: str, *, can_confirm: bool) -> None:
        self._channel = channel
        self._can_confirm = can_confirm
        self._has_said_so = False

    async def handle(self, deliveries: Sequence[Delivery[OrderShipped]], work: Work) -> None:
        ours = [delivery.event for delivery in deliveries if delivery.data.channel == self._channel]
        told = sorted((Told(event, package) for event in ours for package in event.data.packages), key=_in_order)
        if not told:
            return
        known = await shipments.known(work.connection, (each.key for each in told))
        newest, passed_over, same = newest_versions(told, known)
        state = State.PENDING if self._can_confirm else State.UNSUPPORTED
        for each in passed_over:
            work.publish(shipment_applied.passed_over(each), cause=each.event, event_id=shipment_applied.id_of(each))
        for each in newest:
            self._overtake(known.get(each.key), work)
        await shipments.tell(work.connection, newest, state, work.now)
        await shipments.told_the_same(work.connection, same)
        if not self._can_confirm:
            self._refuse(newest, work)

    def _overtake(self, before: Known | None, work: Work) -> None:
        """Tell how a version ended that a newer one replaces before its answer; one in flight still gets its own."""
        if before is None or before.is_in_flight or before.state not in _UNFINISHED:
            return
        shipment_applied.tell_overtaken(work, self._channel, before.push)

    def _refuse(self, told: Sequence[Told], work: Work) -> None:
        for each in told:
            work.publish(shipment_applied.unsupported(each), cause=each.event, event_id=shipment_applied.id_of(each))
        if told and not self._has_said_so:
            _log.warning("parcels are not confirmed: " + shipment_applied.NO_SHIPMENTS.message, channel=self._channel)
            self._has_said_so = True


def newest_versions(told: Sequence[Told], known: dict[Key, Known]) -> tuple[list[Told], list[Told], list[Told]]:
    """Of parcels in the order in which they were told: the newest versions, those passed over, and what is no news.

    A parcel that is told again as it was is news only where it was refused: then it is to be tried again. Each parcel
    stands at most once in the first and in the last list. An event that is not newer than what is known is left out.
    """
    newest: dict[Key, Told] = {}
    same: dict[Key, Told] = {}
    passed_over: list[Told] = []
    for each in told:
        before, waiting = known.get(each.key), newest.get(each.key)
        if before and each.order <= (before.told_at, before.told_by):
            continue
        if waiting and waiting.package == each.package:
            newest[each.key] = dc.replace(each, version=waiting.version)
            continue
        if waiting is None and before and before.push.package == each.package and not _is_refused(before):
            same[each.key] = each
            continue
        if waiting:
            passed_over.append(waiting)
        version = waiting.version if waiting else before.push.version if before else 0
        newest[each.key] = dc.replace(each, version=version + 1)
    return [*newest.values()], passed_over, [each for key, each in same.items() if key not in newest]


def _is_refused(known: Known) -> bool:
    return known.state in (State.REJECTED, State.UNSUPPORTED)


def _in_order(told: Told) -> tuple[object, ...]:
    return (*told.order, told.key)

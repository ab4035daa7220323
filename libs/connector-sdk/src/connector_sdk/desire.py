"""Takes stock targets in: keeps the newest revision of each SKU and lets the pusher know."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from contracts import PriceTarget, StockTarget, Urgency
from runtime.records import Delivery
from runtime.work import Work

from connector_sdk import applied, failed, pushes
from connector_sdk.pushes import Desired, Patience

T = TypeVar("T", StockTarget, PriceTarget)

URGENCIES = {Urgency.OVERSELL: 0, Urgency.DECREASE: 1, Urgency.INCREASE: 2}


class Desire:
    """The handler of `channel.stock.target`. Without inbox: an older or equal revision changes nothing.

    A target that comes again never repeats a write, since its quantity may be out of date by now. But where its listing
    has failed, the inventory is asked for a new revision, computed now.
    """

    def __init__(self, channel: str, patience: Patience) -> None:
        self._channel = channel
        self._patience = patience

    async def handle(self, deliveries: Sequence[Delivery[StockTarget]], work: Work) -> None:
        ours = [delivery for delivery in deliveries if delivery.data.channel == self._channel]
        newest = coalesce(ours)
        if not newest:
            return
        desired = [_desired(newest[sku]) for sku in newest]
        written = await pushes.desire(work.connection, desired, work.now, self._patience)
        previous = {row.sku: row.previous or 0 for row in written}
        for row in written:
            if push := row.unfinished:
                work.publish(
                    applied.overtaken(self._channel, push, may_go_live_until=row.may_go_live_until), cause=push.cause
                )
        for delivery in passed_over(ours, newest, previous):
            work.publish(applied.passed_over(delivery.data), cause=delivery.event)
        known = {sku: newest[sku].event for sku in newest.keys() - previous.keys()}
        if known:
            failed.ask_again(
                work, self._channel, await failed.read(work.connection, work.now, list(known)), causes=known
            )


def coalesce(deliveries: Iterable[Delivery[T]]) -> dict[str, Delivery[T]]:
    """The newest revision by SKU; of two deliveries of one revision the first."""
    newest: dict[str, Delivery[T]] = {}
    for delivery in deliveries:
        known = newest.get(delivery.data.sku)
        if known is None or delivery.data.revision > known.data.revision:
            newest[delivery.data.sku] = delivery
    return newest


def passed_over(
    deliveries: Iterable[Delivery[T]],
    newest: Mapping[str, Delivery[T]],
    previous: Mapping[str, int],
) -> list[Delivery[T]]:
    """What came in one batch with a newer revision of its SKU and was unknown until now, each revision once.

    `previous` holds the revision known before, by SKU, of the SKUs that were written: a replay is not among them.
    """
    found: dict[tuple[str, int], Delivery[T]] = {}
    for delivery in deliveries:
        sku, revision = delivery.data.sku, delivery.data.revision
        if sku in previous and previous[sku] < revision < newest[sku].data.revision:
            found.setdefault((sku, revision), delivery)
    return list(found.values())


def _desired(delivery: Delivery[StockTarget]) -> Desired:
    target = delivery.data
    return Desired(
        sku=target.sku,
        external_sku=target.external_sku,
        quantity=target.quantity,
        revision=target.revision,
        urgency=URGENCIES[target.urgency],
        cause=delivery.event,
        live_above=target.live_above,
    )

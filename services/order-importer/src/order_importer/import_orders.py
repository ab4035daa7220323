"""Handles `marketplace.order.received`: records each order's newest version and what it means for our stock."""

from collections.abc import Sequence

from contracts import MarketplaceOrderReceived
from runtime.records import Delivery
from runtime.work import Work

from order_importer import listings, repository
from order_importer.hold_unmapped import hold_unmapped
from order_importer.identity import order_id_of
from order_importer.order import receive
from order_importer.publishing import publish


async def import_orders(deliveries: Sequence[Delivery[MarketplaceOrderReceived]], work: Work) -> None:
    """Apply the versions in their order; one that is older or known already changes nothing.

    Safe to call again with what it has seen, with or without an inbox. Locks listings, then orders, each by key.
    """
    usable = [delivery for delivery in deliveries if _is_usable(delivery, work)]
    if not usable:
        return
    wanted = {(d.data.channel, line.external_sku) for d in usable for line in d.data.lines}
    skus = await listings.skus_of(work.connection, wanted)
    stored = await repository.lock_or_create(work.connection, [delivery.data for delivery in usable], work.now)
    current, newest = dict(stored), {}
    for delivery in usable:
        order_id = order_id_of(delivery.data.channel, delivery.data.external_order_id)
        change = receive(current[order_id], delivery.data, skus)
        if change is not None:
            current[order_id], newest[order_id] = change.after, delivery.data
            publish(change, work, delivery.event)
    await repository.save_received(work.connection, list(newest.values()), work.now)
    changes = [(stored[order_id], current[order_id]) for order_id in newest]
    await repository.save(work.connection, changes)
    await hold_unmapped(changes, work)


def _is_usable(delivery: Delivery[MarketplaceOrderReceived], work: Work) -> bool:
    lines = [line.external_line_id for line in delivery.data.lines]
    if len(set(lines)) == len(lines):
        return True
    work.reject(delivery, "repeated-line", "two lines have one external_line_id: the connector must give each its own")
    return False

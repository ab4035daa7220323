"""Handles `listing.changed`: learns which SKU an external SKU stands for, and lets waiting lines take effect."""

from collections.abc import Sequence

from contracts import ListingChanged
from runtime.records import Delivery
from runtime.work import Work

from order_importer import listings, repository
from order_importer.hold_unmapped import hold_unmapped
from order_importer.order import map_lines
from order_importer.publishing import publish


async def map_listings(deliveries: Sequence[Delivery[ListingChanged]], work: Work) -> None:
    """Keep the newest word on each external SKU; orders that were parked for it go on.

    A listing that is no longer active still maps: what was sold under it is sold.
    """
    causes = {(d.data.channel, d.data.external_sku): d.event for d in deliveries}
    await listings.remember(work.connection, [delivery.event for delivery in deliveries])
    skus = await listings.skus_of(work.connection, set(causes))
    waiting = await repository.lock_waiting(work.connection, set(causes))
    changes = []
    for order in waiting.values():
        change = map_lines(order, skus)
        if change is not None:
            first = next(line for reference, line in change.after.lines.items() if line != order.lines[reference])
            publish(change, work, causes[order.source, first.external_sku])
            changes.append((order, change.after))
    await repository.save(work.connection, changes)
    await hold_unmapped(changes, work)

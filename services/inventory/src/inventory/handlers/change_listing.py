"""Map a SKU to a channel's own SKU, switch it on or off there, and let everybody know."""

from contracts import ListingChanged
from runtime.work import Work

from inventory.adapters.listings import PostgresListings
from inventory.adapters.postgres_book import PostgresBook
from inventory.domain.allocation import Policy
from inventory.domain.stock import Offer
from inventory.handlers.retarget import retarget


class ListingRefusedError(Exception):
    """The listing can't be changed like this. The message says why and what to do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def change_listing(listing: ListingChanged, policy: Policy, work: Work) -> bool:
    """Keep the listing, publish `listing.changed` and new targets. False: it was like that already.

    Raises:
        ListingRefusedError: no such channel or product, or the external SKU belongs to another SKU.
    """
    if listing.channel not in policy.weights:
        raise ListingRefusedError(404, f"no channel {listing.channel!r}: the channels are {', '.join(policy.weights)}")
    book = PostgresBook(work.connection, policy)
    items = await book.lock([listing.sku])
    if listing.sku not in items:
        raise ListingRefusedError(404, f"no product {listing.sku!r}: put it to /v1/products/{{sku}} first")
    listings = PostgresListings(work.connection)
    owner = await listings.owner(listing.channel, listing.external_sku)
    if owner is not None and owner != listing.sku:
        raise ListingRefusedError(409, f"{listing.external_sku!r} is {owner!r} on {listing.channel}: change that first")
    _refuse_remapping(listing, items[listing.sku].offers)
    if not await listings.upsert(listing, work.now):
        return False
    work.publish(listing)
    items = await book.lock([listing.sku])
    await retarget(list(items.values()), policy, book, work)
    return True


def _refuse_remapping(listing: ListingChanged, offers: tuple[Offer, ...]) -> None:
    """What is on sale under the old external SKU would never be taken off."""
    for offer in offers:
        is_other = offer.channel == listing.channel and offer.external_sku != listing.external_sku
        if is_other and offer.quantity > 0:
            raise ListingRefusedError(
                409,
                f"{listing.sku!r} is still on sale on {listing.channel} as {offer.external_sku!r}: "
                "make that listing inactive first, then change its external_sku",
            )

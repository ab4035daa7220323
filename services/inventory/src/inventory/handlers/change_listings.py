"""Map SKUs to a channel's own SKUs, switch them on or off there, and let everybody know."""

import dataclasses as dc
from collections.abc import Mapping, Sequence

from contracts import ListingChanged
from runtime.work import Work

from inventory.adapters.listings import PostgresListings
from inventory.domain.allocation import Policy
from inventory.domain.shelf import Shelf
from inventory.domain.stock import Item, Offer
from inventory.domain.terms import Terms
from inventory.handlers.change_price import reprice_later
from inventory.handlers.retarget import PlainRetarget
from inventory.ports import Book

NOT_FOUND, CONFLICT = 404, 409


@dc.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a listing can't be changed like this, and what to do.

    `index` is its place among those that were given, `status` the HTTP status that fits.
    """

    index: int
    listing: ListingChanged
    status: int
    reason: str


@dc.dataclass(frozen=True, slots=True)
class Outcome:
    """`changed` were not like that before; what is in neither list was."""

    changed: tuple[ListingChanged, ...]
    refused: tuple[Refusal, ...]


async def change_listings(
    listings: Sequence[ListingChanged], book: Book, policy: Policy, work: Work, terms: Terms | None = None
) -> Outcome:
    """Keep what can be kept, publish `listing.changed` for what is new, and have its SKUs looked at.

    One listing that is refused stops no other. Changes of listings queue for each other, so that an external SKU never
    gets two owners. Under escrow (with `terms`) nothing is moved here, since there may be very many.
    """
    outcome, before = await _keep(listings, policy, book, work)
    for listing in outcome.changed:
        work.publish(listing)
    items = await book.lock(sorted({listing.sku for listing in outcome.changed}))
    if terms is None:
        await PlainRetarget()(list(items.values()), book, work)
    else:
        await _have_looked_at(items, before, book, work)
    await reprice_later((listing.sku for listing in outcome.changed), work)
    return outcome


async def try_listings(listings: Sequence[ListingChanged], book: Book, policy: Policy, work: Work) -> Outcome:
    """What `change_listings` would do now; nothing is kept or published."""
    attempt = await work.connection.begin_nested()
    outcome, _ = await _keep(listings, policy, book, work)
    await attempt.rollback()
    return outcome


async def _keep(
    listings: Sequence[ListingChanged], policy: Policy, book: Book, work: Work
) -> tuple[Outcome, dict[str, Item]]:
    """What was kept, and the items as they were before it."""
    store = PostgresListings(work.connection)
    await store.queue()
    items = await book.lock(sorted({listing.sku for listing in listings}))
    owners = await store.owners(listings)
    wanted: dict[tuple[str, str], ListingChanged] = {}
    refused = []
    for index, listing in enumerate(listings):
        refusal = _refuse(listing, policy, items, owners)
        if refusal is None:
            wanted[listing.channel, listing.sku] = listing
            owners[listing.channel, listing.external_sku] = listing.sku
        else:
            refused.append(Refusal(index, listing, *refusal))
    changed = await store.upsert([wanted[key] for key in sorted(wanted)], work.now)
    return Outcome(tuple(changed), tuple(refused)), items


async def _have_looked_at(items: Mapping[str, Item], before: Mapping[str, Item], book: Book, work: Work) -> None:
    """What is listed under another external SKU now has not been read yet."""
    renewed = {sku: _renewed(before[sku], item) for sku, item in items.items()}
    changed = [item for sku, item in sorted(renewed.items()) if item is not items[sku]]
    if changed:
        await book.save(changed, work.now)
    await book.hasten([dc.replace(renewed[sku], wake_at=work.now) for sku in sorted(renewed)])


def _renewed(before: Item, item: Item) -> Item:
    known = {offer.channel: offer.external_sku for offer in before.offers if offer.listed_at}
    for offer in item.offers:
        if known.get(offer.channel, offer.external_sku) != offer.external_sku:
            item = item.having(dc.replace(offer, shelf=Shelf(is_read=False)))
    return item


def _refuse(
    listing: ListingChanged, policy: Policy, items: Mapping[str, Item], owners: Mapping[tuple[str, str], str]
) -> tuple[int, str] | None:
    """The status and the reason of a refusal."""
    if listing.channel not in policy.weights:
        channels = ", ".join(policy.weights)
        return NOT_FOUND, f"no channel {listing.channel!r}: the channels are {channels}"
    if listing.sku not in items:
        return NOT_FOUND, f"no product {listing.sku!r}: put it to /v1/products/{{sku}} first"
    owner = owners.get((listing.channel, listing.external_sku), listing.sku)
    if owner != listing.sku:
        reason = f"{listing.external_sku!r} is {owner!r} on {listing.channel}: change that first"
        return CONFLICT, reason
    if _is_still_on_sale(listing, items[listing.sku]):
        reason = (
            f"{listing.sku!r} is still on sale on {listing.channel} under another external_sku: "
            "make that listing inactive first, then change its external_sku"
        )
        return CONFLICT, reason
    return None


def _is_still_on_sale(listing: ListingChanged, item: Item) -> bool:
    """What is on sale under the old external SKU would never be taken off."""
    return any(
        offer.channel == listing.channel and offer.external_sku != listing.external_sku and _holds_units(offer)
        for offer in item.offers
    )


def _holds_units(offer: Offer) -> bool:
    return offer.quantity > 0 or offer.shelf.bound > 0 or bool(offer.shelf.moves)

"""Take over what the storefront says of its products."""

from collections.abc import Callable, Sequence
from typing import Protocol

from contracts import AnyEvent, ProductChanged
from runtime.records import Delivery
from runtime.work import Work

from inventory.domain.terms import Terms
from inventory.handlers.change_price import reprice_later
from inventory.handlers.retarget import retargeting
from inventory.ports import Book


class Catalogue(Protocol):
    """The products, within one transaction."""

    async def upsert(self, events: Sequence[AnyEvent]) -> list[str]:
        """Keep what is newer than what is known, by the events' time. Answers with the SKUs that changed."""
        ...


class ChangeProduct:
    """Safe to see again: an older event never overwrites a newer one."""

    def __init__(
        self,
        open_catalogue: Callable[[Work], Catalogue],
        open_book: Callable[[Work], Book],
        terms: Terms | None = None,
    ) -> None:
        self._open_catalogue = open_catalogue
        self._open_book = open_book
        self._retarget = retargeting(terms)

    async def __call__(self, deliveries: Sequence[Delivery[ProductChanged]], work: Work) -> None:
        newest: dict[str, AnyEvent] = {}
        for delivery in deliveries:
            known = newest.get(delivery.data.sku)
            if known is None or delivery.event.time >= known.time:
                newest[delivery.data.sku] = delivery.event
        changed = await self._open_catalogue(work).upsert([newest[sku] for sku in sorted(newest)])
        book = self._open_book(work)
        items = await book.lock(sorted(changed))
        await self._retarget(list(items.values()), book, work, causes=newest)
        await reprice_later(changed, work, newest)

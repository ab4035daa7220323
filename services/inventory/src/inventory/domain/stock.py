"""The values that the ledger and the allocation work on."""

import dataclasses as dc
import datetime as dt
import enum

from inventory.domain.shelf import Shelf
from inventory.domain.value import value


class Reason(enum.StrEnum):
    SALE = "sale"
    RESTOCK = "restock"
    RETURN = "return"
    CANCELLATION = "cancellation"
    ADJUSTMENT = "adjustment"
    STOCKTAKE = "stocktake"
    SYNC = "sync"
    """Somebody had a channel told again; its change is always 0."""


@value
class Offer:
    """A SKU on one channel: its listing and the newest target. `revision` 0 means that no target was ever set.

    `listed_at`: since when it is listed like this; None for the storefront, which needs no listing.
    """

    channel: str
    external_sku: str
    is_active: bool
    quantity: int = 0
    revision: int = 0
    shelf: Shelf = dc.field(default_factory=Shelf)
    listed_at: dt.datetime | None = None

    def having(self, shelf: Shelf) -> "Offer":
        return Offer(
            self.channel, self.external_sku, self.is_active, self.quantity, self.revision, shelf, self.listed_at
        )


@value
class Cause:
    """The event that led to what is done later: its id, its first cause's, and the trace that it was handled in."""

    event_id: str
    correlation_id: str
    traceparent: str | None = None


@value
class Item:
    """The stock of one SKU. Units are whole; `on_hand` may be below zero when more was sold than existed.

    `overcommit`: by how much the bounds exceed what is available; above zero only with an incident. `waiting`: units
    that reservations wait for. `changed_at`: when its stock last changed, and `cause` by which event. `wake_at`: when
    somebody will look at it again even if nothing happens.
    """

    sku: str
    is_active: bool
    on_hand: int
    reserved: int
    counted_at: dt.datetime | None
    offers: tuple[Offer, ...] = ()
    overcommit: int = 0
    waiting: int = 0
    changed_at: dt.datetime | None = None
    category: str | None = None
    wake_at: dt.datetime | None = None
    cause: Cause | None = None

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    @property
    def free(self) -> int:
        """Units that no channel holds; below zero as long as more is held than there is."""
        return self.on_hand - self.reserved - sum([offer.shelf.bound for offer in self.offers])

    def offer(self, channel: str) -> Offer | None:
        for offer in self.offers:
            if offer.channel == channel:
                return offer
        return None

    def having(self, offer: Offer) -> "Item":
        """The item with `offer` in place of the one of its channel."""
        offers = tuple([offer if o.channel == offer.channel else o for o in self.offers])
        return self._with(self.on_hand, self.counted_at, offers, self.changed_at, self.wake_at, self.cause)

    def counting(self, on_hand: int, counted_at: dt.datetime | None) -> "Item":
        return self._with(on_hand, counted_at, self.offers, self.changed_at, self.wake_at, self.cause)

    def noting(self, changed_at: dt.datetime, wake_at: dt.datetime | None, cause: Cause) -> "Item":
        return self._with(self.on_hand, self.counted_at, self.offers, changed_at, wake_at, cause)

    def _with(
        self,
        on_hand: int,
        counted_at: dt.datetime | None,
        offers: tuple[Offer, ...],
        changed_at: dt.datetime | None,
        wake_at: dt.datetime | None,
        cause: Cause | None,
    ) -> "Item":
        """What a sale changes, written out: every sale does it, and `dataclasses.replace` is slow."""
        return Item(
            sku=self.sku,
            is_active=self.is_active,
            on_hand=on_hand,
            reserved=self.reserved,
            counted_at=counted_at,
            offers=offers,
            overcommit=self.overcommit,
            waiting=self.waiting,
            changed_at=changed_at,
            wake_at=wake_at,
            cause=cause,
            category=self.category,
        )


@value
class Movement:
    """Units came or went, or were counted. `change` for a stocktake is None, and `counted` for all others."""

    event_id: str
    sku: str
    reason: Reason
    happened_at: dt.datetime
    change: int | None = None
    counted: int | None = None
    channel: str | None = None
    reference: str | None = None
    line_reference: str | None = None
    reservation_id: str | None = None


@value
class LogEntry:
    """One row of the ledger. `before` is the `after` of the SKU's row before it."""

    movement: Movement
    change: int
    before: int
    after: int

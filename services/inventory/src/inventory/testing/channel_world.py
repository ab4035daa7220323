"""One channel as it truly is, beside what the inventory believes of it: pure values."""

import dataclasses as dc
import datetime as dt
import enum

from inventory.domain.stock import Offer
from inventory.testing.mechanics import Seen


@dc.dataclass(frozen=True, slots=True, order=True)
class Told:
    """A target on its way to the marketplace."""

    revision: int
    quantity: int
    live_above: int = 0


@dc.dataclass(frozen=True, slots=True)
class Placed:
    """An order of one unit that the inventory does not know yet. `at`: on the marketplace's clock."""

    at: dt.datetime
    is_cancelled: bool = False
    is_restocked: bool = False


@dc.dataclass(frozen=True, slots=True)
class Mark:
    """A watermark: every order placed up to `at` stands before it."""

    at: dt.datetime


class Word(enum.StrEnum):
    LIVE = "live"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    OBSERVED = "observed"


@dc.dataclass(frozen=True, slots=True)
class Fact:
    """What the connector says: it may come at any time from now on, in any order and any number of times."""

    word: Word
    revision: int = 0
    quantity: int = 0
    at: dt.datetime | None = None


@dc.dataclass(frozen=True, slots=True)
class Channel:
    """`shown`: what buyers can buy now.

    `told`: targets not submitted yet; `on_way`: submitted, applied in this order; `unproven`: accepted, and nobody has
    said yet that they are live. `stream`: sales and watermarks that the inventory does not know yet, in their order;
    `elsewhere`: the newest watermark of the other partition that the inventory has not had, and `had` the newest that
    it has had, which may come again. `open_orders`: known and not cancelled; `put_backs`, `lost`: cancelled, which the
    inventory does not know yet, the units on sale again or not.
    """

    offer: Offer
    shown: int = 0
    told: tuple[Told, ...] = ()
    on_way: tuple[Told, ...] = ()
    unproven: tuple[Told, ...] = ()
    facts: tuple[Fact, ...] = ()
    stream: tuple[Placed | Mark, ...] = ()
    seen: Seen = ()
    elsewhere: dt.datetime | None = None
    had: dt.datetime | None = None
    open_orders: int = 0
    put_backs: int = 0
    lost: int = 0

    @property
    def unseen_orders(self) -> int:
        return sum(isinstance(entry, Placed) for entry in self.stream)

    @property
    def unseen_put_backs(self) -> int:
        return self.put_backs + sum(isinstance(entry, Placed) and entry.is_restocked for entry in self.stream)

    @property
    def unseen_cancellations(self) -> int:
        cancelled = sum(isinstance(entry, Placed) and entry.is_cancelled for entry in self.stream)
        return self.put_backs + self.lost + cancelled

    @property
    def slack(self) -> int:
        """What the bound holds beyond all that the channel may sell or has sold unseen. Below zero: it may oversell.

        A bound that a reading set does not hold the orders from before it: they come off the stock, not off the bound.
        """
        reading = self.offer.shelf.reading
        since = reading.certain_from if reading is not None and reading.sets_bound else None
        unseen = sum(isinstance(entry, Placed) and (since is None or entry.at > since) for entry in self.stream)
        written = sum(write.quantity for write in (*self.told, *self.on_way))
        return self.offer.shelf.bound + self.unseen_put_backs - self.shown - unseen - written

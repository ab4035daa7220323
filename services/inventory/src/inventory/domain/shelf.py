"""What one channel holds of one SKU: its bound, and the writes and readings that are not over yet.

The bound is never below the units that the channel may still sell plus those that it has sold without our knowledge.
"""

import datetime as dt

from inventory.domain.value import value


@value
class Order:
    """Units that are known to be sold, by the channel's clock; or put back, by ours, when we learned it."""

    at: dt.datetime
    units: int


@value
class Move:
    """A target that may still be on its way, or that is live but not settled.

    `added`: what the bound rose by for it. From `certain_from` on (its time of going live and the clocks' margin) an
    order was certainly placed after it was live; None until it is known to be live. `is_unknown`: nobody knows whether
    it reached the channel.
    """

    revision: int
    quantity: int
    added: int
    issued_at: dt.datetime
    live_at: dt.datetime | None = None
    certain_from: dt.datetime | None = None
    is_unknown: bool = False


@value
class Reading:
    """What the channel showed, until its orders up to then are known.

    `sets_bound`: it is the bound (the first reading, or more than the bound allowed), so that only orders certainly
    placed after it lower the bound. `can_lower`: no write was on its way since, so that it may lower the bound.
    """

    quantity: int
    observed_at: dt.datetime
    certain_from: dt.datetime
    sets_bound: bool = False
    can_lower: bool = True


@value
class Recent:
    """Units sold of late: a sum that fades by half in each `half_life`."""

    units: float = 0.0
    at: dt.datetime | None = None

    def faded(self, now: dt.datetime, half_life: dt.timedelta) -> float:
        if self.at is None or self.units == 0.0:
            return 0.0
        return float(self.units * 0.5 ** max(0.0, (now - self.at) / half_life))

    def plus(self, units: int, now: dt.datetime, half_life: dt.timedelta) -> "Recent":
        return Recent(self.faded(now, half_life) + units, now)


@value
class Cancellable:
    """Units of known orders that may still be cancelled: those of this window of time and of the one before."""

    current: int = 0
    previous: int = 0
    since: dt.datetime | None = None

    def units(self, now: dt.datetime, window: dt.timedelta) -> int:
        turned = self.turned(now, window)
        return turned.current + turned.previous

    def plus(self, units: int, now: dt.datetime, window: dt.timedelta) -> "Cancellable":
        """Nothing is ever taken off for a cancellation: nobody knows of which window the order was."""
        turned = self.turned(now, window)
        return Cancellable(turned.current + units, turned.previous, turned.since)

    def turned(self, now: dt.datetime, window: dt.timedelta) -> "Cancellable":
        if self.since is None or now - self.since >= 2 * window:
            return Cancellable(since=now)
        if now - self.since >= window:
            return Cancellable(0, self.current, self.since + window)
        return self


@value
class Shelf:
    """`moves` are in the order of their revisions; each but the first is smaller than the one before.

    `is_read` is False until the first reading is there, or a target of zero settled because there can be none
    (`is_readable` False). `orders` are the known
    orders of late, the oldest first; `put_backs` the units that cancelled orders gave back to the channel.
    `retry_at`: until then nothing is raised, since the channel refused. `needs_reading`: a reading would tell more.
    `strange_since`: from then on it has shown a little more than the bound.
    `seen_at`: what the channel showed up to then tells nothing any more, since a write or a newer reading followed.
    """

    bound: int = 0
    is_read: bool = True
    is_readable: bool = True
    moves: tuple[Move, ...] = ()
    orders: tuple[Order, ...] = ()
    put_backs: tuple[Order, ...] = ()
    reading: Reading | None = None
    retry_at: dt.datetime | None = None
    failures: int = 0
    needs_reading: bool = False
    strange_since: dt.datetime | None = None
    seen_at: dt.datetime | None = None
    recent: Recent = Recent()
    cancellable: Cancellable = Cancellable()

    def after_sale(
        self, *, bound: int, orders: tuple[Order, ...], recent: Recent, cancellable: Cancellable, needs_reading: bool
    ) -> "Shelf":
        """What a sale changes, written out: every sale does it, and `dataclasses.replace` is slow."""
        return Shelf(
            bound=bound,
            is_read=self.is_read,
            is_readable=self.is_readable,
            moves=self.moves,
            orders=orders,
            put_backs=self.put_backs,
            reading=self.reading,
            retry_at=self.retry_at,
            failures=self.failures,
            needs_reading=needs_reading,
            strange_since=self.strange_since,
            seen_at=self.seen_at,
            recent=recent,
            cancellable=cancellable,
        )

    @property
    def newest(self) -> Move | None:
        return self.moves[-1] if self.moves else None

    def certainly_after(self, moment: dt.datetime) -> int:
        """Units of the known orders that were placed after `moment`."""
        return sum(order.units for order in self.orders if order.at > moment)

    def put_back_since(self, moment: dt.datetime) -> int:
        """Units of the cancellations that we learned of from `moment` on."""
        return sum(order.units for order in self.put_backs if order.at >= moment)

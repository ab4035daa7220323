"""What a marketplace holds: listings, orders, and the arithmetic between them.

All of it is synchronous, so within one event loop every change is atomic.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sandbox.clock import Clock, in_milliseconds
from sandbox.listing import Listing, Write


class Status(StrEnum):
    """Where an order stands; Noon's stand-in prints these words as they are."""

    PENDING = "pending"
    UNSHIPPED = "unshipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class NotFoundError(Exception):
    """No such listing or order."""


class ConflictError(Exception):
    """The request does not fit what is there: short of stock, or more units than are open."""


class WriteRejectedError(Exception):
    """The listing takes no write."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the seller said of a parcel."""

    quantity: int
    carrier_code: str
    tracking_number: str
    shipped_at: datetime


@dataclass(slots=True)
class Order:
    """One order of one line. `number` counts orders from 1 in the sequence they were placed."""

    number: int
    external_order_id: str
    external_sku: str
    quantity: int
    unit_price: Decimal
    placed_at: datetime
    updated_at: datetime
    pending: bool
    shipped: int = 0
    cancelled: int = 0
    easy_ship: bool = False
    """Whether the marketplace's own carrier takes it."""
    parcels: dict[str, Parcel] = field(default_factory=dict)
    """Confirmed by the seller, by the seller's reference."""

    @property
    def open(self) -> int:
        """Units neither shipped nor cancelled."""
        return self.quantity - self.shipped - self.cancelled

    @property
    def total(self) -> Decimal:
        """What the units that were not cancelled cost."""
        return self.unit_price * (self.quantity - self.cancelled)

    @property
    def status(self) -> Status:
        if self.cancelled == self.quantity:
            return Status.CANCELLED
        if self.open == 0:
            return Status.SHIPPED
        if self.shipped:
            return Status.PARTIALLY_SHIPPED
        return Status.PENDING if self.pending else Status.UNSHIPPED


class Store:
    """Listings and orders of one marketplace, in memory.

    Args:
        clock: where time comes from; `now` never goes back, even when this does.
        name_order: makes the marketplace's order id from the order's number.
        restocks_on_cancel: whether a cancelled unit goes back on sale by itself.
    """

    def __init__(self, clock: Clock, name_order: Callable[[int], str], *, restocks_on_cancel: bool) -> None:
        self._clock = clock
        self._name_order = name_order
        self._restocks_on_cancel = restocks_on_cancel
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._numbered = 0
        self._clears: list[Callable[[], None]] = []
        self._listings: dict[str, Listing] = {}
        self._orders: dict[str, Order] = {}
        self.on_order: Callable[[Order], None] = lambda _order: None
        """Called with each order that was placed or changed."""

    def now(self) -> datetime:
        """Tell the time in whole milliseconds; never earlier than it was told before."""
        self._latest = max(self._latest, in_milliseconds(self._clock()))
        return self._latest

    def listings(self) -> Iterator[Listing]:
        """Every listing as buyers see it now."""
        return (self.listing(external_sku) for external_sku in self._listings)

    def orders(self) -> Iterator[Order]:
        """Every order, oldest first."""
        return iter(self._orders.values())

    def orders_known(self, lag: timedelta) -> Iterator[Order]:
        """The orders that were placed at least `lag` ago, oldest first."""
        latest = self.now() - lag
        return (order for order in self._orders.values() if order.placed_at <= latest)

    def listing(self, external_sku: str) -> Listing:
        """Find a listing, with everything live that is due by now.

        Raises:
            NotFoundError: there is none of this SKU.
        """
        found = self._listings.get(external_sku)
        if found is None:
            raise NotFoundError(f"no listing has the SKU {external_sku!r}; POST it to /_sandbox/listings first")
        found.land(self.now())
        return found

    def order(self, external_order_id: str, lag: timedelta = timedelta(0)) -> Order:
        """Find an order.

        Raises:
            NotFoundError: there is none with this id, or it was placed less than `lag` ago.
        """
        found = self._orders.get(external_order_id)
        if found is None or found.placed_at > self.now() - lag:
            raise NotFoundError(f"no order has the id {external_order_id!r}")
        return found

    def put_listing(
        self,
        external_sku: str,
        quantity: int,
        *,
        rejects_writes: bool = False,
        fulfilled_by_marketplace: bool = False,
        category: str = "",
    ) -> Listing:
        """Make a listing, or set the quantity of one that is there; what was on its way to it is dropped."""
        if external_sku not in self._listings:
            now = self.now()
            self._listings[external_sku] = Listing(external_sku, quantity, created_at=now, updated_at=now)
        self._listings[external_sku].drop_writes()
        self._listings[external_sku].rejects_writes = rejects_writes
        self._listings[external_sku].fulfilled_by_marketplace = fulfilled_by_marketplace
        self._listings[external_sku].category = category
        return self.overwrite(external_sku, quantity)

    def overwrite(self, external_sku: str, quantity: int) -> Listing:
        """Set what is on sale at once, as the seller does by hand.

        Raises:
            NotFoundError: there is no such listing.
        """
        listing = self.listing(external_sku)
        listing.overwrite(quantity, self.now())
        return listing

    def remove_listing(self, external_sku: str) -> None:
        """Take a listing off the marketplace; its orders stay.

        Raises:
            NotFoundError: there is no such listing.
        """
        self.listing(external_sku)
        del self._listings[external_sku]

    def submit(
        self, external_sku: str, write: Write, delay: timedelta = timedelta(0), *, is_lost: bool = False
    ) -> Listing:
        """Accept a write, which is live after `delay`. It overwrites whatever was sold since the writer looked.

        One that is lost looks accepted and never goes live.

        Raises:
            NotFoundError: there is no such listing.
            WriteRejectedError: it takes no write.
        """
        listing = self.listing(external_sku)
        if listing.rejects_writes:
            raise WriteRejectedError(f"the listing {external_sku!r} takes no write")
        if is_lost:
            listing.lose(write)
        else:
            listing.submit(write, self.now(), delay)
        return listing

    def place(
        self, external_sku: str, quantity: int, status: Status = Status.UNSHIPPED, *, easy_ship: bool = False
    ) -> Order:
        """Sell units, then ship or cancel them at once where `status` says so.

        Raises:
            NotFoundError: there is no such listing.
            ConflictError: it offers fewer units.
        """
        listing = self.listing(external_sku)
        if listing.quantity < quantity:
            raise ConflictError(f"{external_sku!r} has {listing.quantity} on sale, {quantity} were ordered")
        listing.quantity -= quantity
        order = self._new_order(listing, quantity, pending=status is Status.PENDING)
        order.easy_ship = easy_ship
        if status is Status.SHIPPED:
            self.ship(order.external_order_id)
        if status is Status.CANCELLED:
            self.cancel(order.external_order_id)
        return order

    def cancel(self, external_order_id: str, quantity: int | None = None) -> Order:
        """Cancel units that are not shipped; all open ones when no quantity is given.

        Raises:
            NotFoundError: there is no such order.
            ConflictError: fewer units are open.
        """
        order = self.order(external_order_id)
        units = self._open_units(order, quantity)
        order.cancelled += units
        order.updated_at = self.now()
        if self._restocks_on_cancel and order.external_sku in self._listings:
            self.listing(order.external_sku).quantity += units
        self.on_order(order)
        return order

    def ship(self, external_order_id: str, quantity: int | None = None) -> Order:
        """Ship open units; all of them when no quantity is given.

        Raises:
            NotFoundError: there is no such order.
            ConflictError: fewer units are open.
        """
        order = self.order(external_order_id)
        order.shipped += self._open_units(order, quantity)
        order.pending = False
        order.updated_at = self.now()
        self.on_order(order)
        return order

    def on_clear(self, clear: Callable[[], None]) -> None:
        """Have something else that one marketplace keeps forgotten along with the rest."""
        self._clears.append(clear)

    def confirm(self, external_order_id: str, reference: str, parcel: Parcel) -> Order:
        """Ship what is in a parcel; one with a known reference is corrected.

        Raises:
            NotFoundError: there is no such order.
            ConflictError: the order is pending, is not shipped by the seller, or has fewer units for this parcel.
        """
        order = self.order(external_order_id)
        before = order.parcels.get(reference)
        units = parcel.quantity - (before.quantity if before else 0)
        if order.pending or order.easy_ship:
            raise ConflictError(f"order {external_order_id} is {'pending' if order.pending else 'an Easy Ship order'}")
        if units > order.open:
            raise ConflictError(f"order {external_order_id} has {order.open} open units; the parcel has {units} more")
        if parcel != before:
            order.parcels[reference] = parcel
            order.shipped += units
            order.updated_at = self.now()
        return order

    def clear(self) -> None:
        """Forget listings and orders. Order ids go on counting, so that none is ever given twice."""
        self._listings.clear()
        self._orders.clear()
        for clear in self._clears:
            clear()

    def _new_order(self, listing: Listing, quantity: int, *, pending: bool) -> Order:
        self._numbered += 1
        now = self.now()
        order = Order(
            number=self._numbered,
            external_order_id=self._name_order(self._numbered),
            external_sku=listing.external_sku,
            quantity=quantity,
            unit_price=listing.price,
            placed_at=now,
            updated_at=now,
            pending=pending,
        )
        self._orders[order.external_order_id] = order
        self.on_order(order)
        return order

    @staticmethod
    def _open_units(order: Order, quantity: int | None) -> int:
        units = order.open if quantity is None else quantity
        if not 0 < units <= order.open:
            asked = "all" if quantity is None else quantity
            raise ConflictError(
                f"order {order.external_order_id} is {order.status} with {order.open} open units; asked for {asked}"
            )
        return units

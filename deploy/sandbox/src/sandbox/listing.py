"""One SKU on sale: what buyers see, what was submitted, and the writes in between."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

DEFAULT_PRICE = Decimal("100.00")


@dataclass(frozen=True, slots=True)
class Write:
    """What a seller submits; None leaves as it is. `terms`: the offer's fields besides its price, all of them."""

    quantity: int | None = None
    price: Decimal | None = None
    terms: Mapping[str, object] | None = None


@dataclass(slots=True)
class Listing:
    """`quantity` and `price` are what buyers see now, `quantity_set` and `price_set` what was submitted last.

    `terms` are of the offer, as submitted last: discounts, the lowest and the highest price that the seller allows.
    """

    external_sku: str
    quantity: int
    created_at: datetime
    updated_at: datetime
    price: Decimal = DEFAULT_PRICE
    quantity_set: int = 0
    price_set: Decimal = DEFAULT_PRICE
    terms: Mapping[str, object] = field(default_factory=dict)
    category: str = ""
    rejects_writes: bool = False
    """Whether the marketplace takes no write to it, as one whose attributes it finds invalid."""
    fulfilled_by_marketplace: bool = False
    """Whether the marketplace ships it from its own stock."""
    quantity_before: int = 0
    """What buyers saw before the last write was live."""
    _on_their_way: deque[tuple[datetime, Write]] = field(default_factory=deque)

    @property
    def title(self) -> str:
        return f"Item {self.external_sku}"

    @property
    def on_their_way(self) -> int:
        """Writes that were accepted and are not live yet."""
        return len(self._on_their_way)

    def submit(self, write: Write, now: datetime, delay: timedelta) -> None:
        """Accept a write that goes live after `delay`, and never before one that was accepted earlier."""
        earlier = self._on_their_way[-1][0] if self._on_their_way else now
        self._on_their_way.append((max(earlier, now + delay), write))
        self.quantity_set = self.quantity_set if write.quantity is None else write.quantity
        self.price_set = write.price or self.price_set
        self.terms = self.terms if write.terms is None else write.terms
        self.land(now)

    def lose(self, write: Write) -> None:
        """Take note of a write as if it were accepted; it never goes live."""
        self.quantity_set = self.quantity_set if write.quantity is None else write.quantity
        self.price_set = write.price or self.price_set

    def land(self, now: datetime) -> None:
        """Make live what is due by now, oldest first; a quantity overwrites what sales have left of the one before."""
        while self._on_their_way and self._on_their_way[0][0] <= now:
            self.updated_at, write = self._on_their_way.popleft()
            self.quantity_before = self.quantity
            self.quantity = self.quantity if write.quantity is None else write.quantity
            self.price = write.price or self.price

    def overwrite(self, quantity: int, now: datetime) -> None:
        """Set the quantity at once, as by hand. What is on its way still comes, and overwrites that too."""
        self.quantity_before = self.quantity
        self.quantity = self.quantity_set = quantity
        self.updated_at = now

    def drop_writes(self) -> None:
        """Forget what is on its way."""
        self._on_their_way.clear()

"""What marketplaces and SaberStore say of orders."""

import enum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from contracts.envelope import Payload
from contracts.types import Channel, Moment, Money, Quantity, Reference, Sku, Value


class OrderStatus(enum.StrEnum):
    PENDING = "pending"
    UNSHIPPED = "unshipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    UNFULFILLABLE = "unfulfillable"
    UNKNOWN = "unknown"


class FulfilledBy(enum.StrEnum):
    """Whose stock an order is served from: only `merchant` orders touch ours."""

    MERCHANT = "merchant"
    MARKETPLACE = "marketplace"


class Workflow(enum.StrEnum):
    """Whose order it is. A marketplace's (`marketplace_direct`) is prepaid or COD and never in an instalment plan."""

    MARKETPLACE_DIRECT = "marketplace_direct"
    STOREFRONT = "storefront"


class OrderLine(Value):
    """One line of a marketplace's order."""

    external_line_id: Reference
    external_sku: Reference
    title: str | None = None
    quantity: Quantity
    """What was ordered; shipped and cancelled units are part of it."""
    quantity_shipped: Quantity = 0
    quantity_cancelled: Quantity = 0
    unit_price: Money | None = None


class MarketplaceOrderReceived(Payload):
    """An order as its marketplace tells it now."""

    event_type: ClassVar[str] = "marketplace.order.received.v1"

    channel: Channel
    external_order_id: Reference
    status: OrderStatus
    placed_at: Moment
    """On the channel's clock."""
    updated_at: Moment
    """On the channel's clock: the newest version wins."""
    fulfilled_by: FulfilledBy = FulfilledBy.MERCHANT
    payment_method: str | None = None
    ship_by: Moment | None = None
    """When the merchant must have shipped it."""
    total: Money | None = None
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1)]
    raw: dict[str, Any] = Field(default_factory=dict)
    """The marketplace's answer, personal data removed."""

    @property
    def subject(self) -> str:
        return f"{self.channel}:{self.external_order_id}"


class ImportedLine(Value):
    """A line of an internal order, mapped to our SKU."""

    line_reference: Reference
    """The marketplace's id of the line."""
    sku: Sku
    title: str | None = None
    quantity: Quantity
    """What was ordered; shipped and cancelled units are part of it."""
    quantity_shipped: Quantity = 0
    quantity_cancelled: Quantity = 0
    unit_price: Money | None = None


class _InternalOrder(Payload):
    order_id: Reference
    source: Channel
    """The channel where it was placed."""
    external_order_id: Reference
    status: OrderStatus
    workflow: Workflow
    lines: tuple[ImportedLine, ...]

    @property
    def subject(self) -> str:
        return self.order_id


class OrderImported(_InternalOrder):
    """A marketplace order became an internal order."""

    event_type: ClassVar[str] = "order.imported.v1"


class OrderChanged(_InternalOrder):
    """An internal order changed after its import."""

    event_type: ClassVar[str] = "order.changed.v1"


class OrdersWatermark(Payload):
    """All orders placed on `channel` up to `known_until` precede this record in its partition.

    It has no key: one is written to each partition.
    """

    event_type: ClassVar[str] = "orders.watermark.v1"

    channel: Channel
    known_until: Moment
    """On the channel's clock."""
    is_incomplete: bool | None = None
    """True: an order that it speaks of is set aside all the same, since what held the watermark for it ran out."""

    @property
    def subject(self) -> None:
        return None

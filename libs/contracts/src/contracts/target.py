import enum
from typing import Any, ClassVar

from pydantic import Field

from contracts.envelope import Payload
from contracts.types import Channel, Money, Quantity, Reference, Revision, Sku


class Urgency(enum.StrEnum):
    """How soon a target must reach its channel, the most urgent first."""

    OVERSELL = "oversell"
    DECREASE = "decrease"
    INCREASE = "increase"


def proves_live(quantity: int, live_above: int | None, shown: int) -> bool:
    """Whether a reading of `shown` proves that the write of `quantity` is live.

    Seeing the quantity itself proves nothing, since the old one may have come down to it. What the old one can't have
    been does: more than `live_above`, and not more than was written. Zero proves a write of zero (if no earlier write
    is still on its way).
    """
    if quantity == 0:
        return shown == 0
    return live_above is not None and live_above < shown <= quantity


class StockTarget(Payload):
    """What a channel should offer of a SKU from now on: an absolute quantity, newest revision wins."""

    event_type: ClassVar[str] = "channel.stock.target.v1"

    channel: Channel
    sku: Sku
    external_sku: Reference
    quantity: Quantity
    revision: Revision
    live_above: Quantity | None = None
    """A reading above this and up to `quantity` proves that the target is live. Absent: escrow has not stated it."""
    urgency: Urgency
    explanation: dict[str, Any] = Field(default_factory=dict)
    """The inputs and the arithmetic, for people."""

    @property
    def subject(self) -> str:
        return self.sku


class PriceTarget(Payload):
    """What a channel should charge for a SKU from now on; newest revision wins."""

    event_type: ClassVar[str] = "channel.price.target.v1"

    channel: Channel
    sku: Sku
    external_sku: Reference
    price: Money
    revision: Revision
    explanation: dict[str, Any] = Field(default_factory=dict)
    """The inputs and the arithmetic, for people."""

    @property
    def subject(self) -> str:
        return self.sku

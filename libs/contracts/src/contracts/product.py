from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import Payload
from contracts.types import DecimalText, Money, Sku


class ProductChanged(Payload):
    """The storefront's catalogue has a new or changed product."""

    event_type: ClassVar[str] = "product.changed.v1"

    sku: Sku
    title: Annotated[str, Field(max_length=1000)]
    category: Annotated[str, Field(max_length=256)] | None = None
    base_price: Money | None = None
    """Before a channel's price rules."""
    vat_rate: DecimalText | None = None
    """A fraction: 0.14 is 14 %."""
    is_active: bool = True

    @property
    def subject(self) -> str:
        return self.sku

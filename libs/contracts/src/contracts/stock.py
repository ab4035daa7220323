import enum
from collections.abc import Iterable
from typing import ClassVar, Self

from pydantic import ConfigDict, model_validator
from pydantic.config import JsonDict

from contracts.envelope import Payload
from contracts.types import ChangeQuantity, Channel, Moment, Quantity, Reference, Sku


class StockReason(enum.StrEnum):
    """Why stock changed."""

    SALE = "sale"
    RESTOCK = "restock"
    RETURN = "return"
    CANCELLATION = "cancellation"
    ADJUSTMENT = "adjustment"
    STOCKTAKE = "stocktake"


_INCREASES = (StockReason.RESTOCK, StockReason.RETURN, StockReason.CANCELLATION)

_NULL: JsonDict = {"type": "null"}
_COUNTED: JsonDict = {
    "required": ["counted_qty", "counted_at"],
    "properties": {"counted_qty": {"not": _NULL}, "counted_at": {"not": _NULL}, "change_qty": _NULL},
}
_CHANGED: JsonDict = {
    "required": ["change_qty"],
    "properties": {
        "change_qty": {"not": {"enum": [None, 0]}},
        "counted_qty": _NULL,
        "counted_at": _NULL,
    },
}


def _when(reasons: Iterable[StockReason], then: JsonDict) -> JsonDict:
    return {"if": {"properties": {"reason": {"enum": [*reasons]}}}, "then": then}


_RULES: JsonDict = {
    "allOf": [
        _when((StockReason.STOCKTAKE,), _COUNTED) | {"else": _CHANGED},
        _when((StockReason.SALE,), {"properties": {"change_qty": {"maximum": -1}}}),
        _when(_INCREASES, {"properties": {"change_qty": {"minimum": 1}}}),
    ]
}
"""What `_quantity_fits_reason` checks, as JSON Schema."""


class StockChanged(Payload):
    """Units came or went.

    A `stocktake` states what was counted (`counted_qty` at `counted_at`); every other reason states a change: below
    zero for a sale, above zero for a restock, a return or a cancellation, either for an adjustment.
    """

    model_config = ConfigDict(json_schema_extra=_RULES)

    event_type: ClassVar[str] = "stock.changed.v1"

    sku: Sku
    reason: StockReason
    change_qty: ChangeQuantity | None = None
    """Units that came (above 0) or went (below 0); never 0."""
    counted_qty: Quantity | None = None
    """Stocktake only: the units counted, without those sold but not yet shipped."""
    counted_at: Moment | None = None
    """Stocktake only: when they were counted."""
    channel: Channel | None = None
    """Where it happened."""
    placed_at: Moment | None = None
    """When the order was placed, on the channel's clock."""
    reference: Reference | None = None
    """The order, delivery or count behind it."""
    line_reference: Reference | None = None
    """The order's line."""
    reservation_id: Reference | None = None
    """The reservation that this sale consumes."""

    @property
    def subject(self) -> str:
        return self.sku

    @model_validator(mode="after")
    def _quantity_fits_reason(self) -> Self:
        if self.reason is StockReason.STOCKTAKE:
            if self.counted_qty is None or self.counted_at is None or self.change_qty is not None:
                raise ValueError("a stocktake needs counted_qty and counted_at, and no change_qty")
            return self
        if not self.change_qty or self.counted_qty is not None or self.counted_at is not None:
            raise ValueError(f"a {self.reason} needs a change_qty that is not 0, and no counted_qty or counted_at")
        if self.reason is StockReason.SALE and self.change_qty > 0:
            raise ValueError("the change_qty of a sale is below 0")
        if self.reason in _INCREASES and self.change_qty < 0:
            raise ValueError(f"the change_qty of a {self.reason} is above 0")
        return self

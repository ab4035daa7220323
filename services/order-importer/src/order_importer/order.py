"""An internal order as it grows from the versions that its marketplace tells: frozen values and pure functions."""

import dataclasses as dc
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from contracts import MarketplaceOrderReceived, Money, OrderLine, OrderStatus, Workflow

from order_importer.identity import order_id_of
from order_importer.stock_effects import GIVEN_UP, Claim, Effect, LineStock, claim_of, settle

WORKFLOW = Workflow.MARKETPLACE_DIRECT
"""Marketplace orders are prepaid or paid on delivery; they never enter the storefront's instalment plans."""

Listing: TypeAlias = tuple[str, str]
"""A channel and an external SKU on it."""

_PROGRESS = (
    OrderStatus.UNKNOWN,
    OrderStatus.PENDING,
    OrderStatus.UNSHIPPED,
    OrderStatus.PARTIALLY_SHIPPED,
    OrderStatus.SHIPPED,
    OrderStatus.UNFULFILLABLE,
    OrderStatus.CANCELLED,
)


@dc.dataclass(frozen=True, slots=True)
class Line:
    """One line. `sku` is None until a listing maps its external SKU, and stays what it was first mapped to."""

    line_reference: str
    external_sku: str
    sku: str | None
    title: str | None
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    unit_price: Money | None
    stock: LineStock


@dc.dataclass(frozen=True, slots=True)
class Order:
    """`updated_at` is the marketplace's and None before the first version; `handled_units` are shipped or cancelled.

    `is_announced`: other services know of it.
    """

    source: str
    external_order_id: str
    placed_at: dt.datetime
    status: OrderStatus = OrderStatus.UNKNOWN
    updated_at: dt.datetime | None = None
    handled_units: int = 0
    is_announced: bool = False
    lines: Mapping[str, Line] = dc.field(default_factory=dict)

    @property
    def order_id(self) -> str:
        return order_id_of(self.source, self.external_order_id)

    @property
    def is_mapped(self) -> bool:
        """Whether the SKU of every line is known."""
        return all(line.sku is not None for line in self.lines.values())

    @property
    def missing(self) -> frozenset[str]:
        """The external SKUs that the order waits for; none when nothing is left of it to go on with."""
        unmapped = [line for line in self.lines.values() if line.sku is None]
        if self.status in GIVEN_UP and not any(line.stock.net for line in unmapped):
            return frozenset()
        return frozenset(line.external_sku for line in unmapped)

    @property
    def parked_reason(self) -> str | None:
        """Why the order can't go on, in one line; None when it can."""
        if not self.missing:
            return None
        names = ", ".join(sorted(self.missing))
        return f"no listing on {self.source} has the external SKU {names}: add it to the inventory's listings"


@dc.dataclass(frozen=True, slots=True)
class Change:
    """From `before` to `after`, and what that means for our stock, line by line."""

    before: Order
    after: Order
    effects: tuple[tuple[Line, Effect], ...]


def receive(order: Order, received: MarketplaceOrderReceived, skus: Mapping[Listing, str]) -> Change | None:
    """Apply one version; None if the order has it already or has a newer one."""
    if order.updated_at is not None and _version(received) <= (
        order.updated_at,
        _PROGRESS.index(order.status),
        order.handled_units,
    ):
        return None
    told = _all_lines(order, received)
    after = dc.replace(
        order,
        placed_at=received.placed_at,
        status=received.status,
        updated_at=received.updated_at,
        handled_units=_handled_units(received),
    )
    claims = {line.external_line_id: claim_of(received, line) for line in told}
    return _settled(order, after, [_update(order, line, skus) for line in told], claims)


def map_lines(order: Order, skus: Mapping[Listing, str]) -> Change | None:
    """Give the order's unmapped lines their SKUs and let them take effect; None if none of `skus` is for them."""
    lines = [
        dc.replace(line, sku=line.sku or skus.get((order.source, line.external_sku))) for line in order.lines.values()
    ]
    if lines == list(order.lines.values()):
        return None
    return _settled(order, order, lines, {})


def _settled(before: Order, after: Order, lines: Iterable[Line], claims: Mapping[str, Claim | None]) -> Change:
    settled: dict[str, Line] = {}
    effects: list[tuple[Line, Effect]] = []
    for line in lines:
        stock, caused = settle(line.stock, claims.get(line.line_reference), is_mapped=line.sku is not None)
        settled[line.line_reference] = dc.replace(line, stock=stock)
        effects += [(line, effect) for effect in caused]
    after = dc.replace(after, lines=settled)
    return Change(before, dc.replace(after, is_announced=before.is_announced or after.is_mapped), tuple(effects))


def _version(received: MarketplaceOrderReceived) -> tuple[dt.datetime, int, int]:
    """Orders the versions of one order. Marketplaces' clocks are coarse: within one instant, progress decides."""
    return received.updated_at, _PROGRESS.index(received.status), _handled_units(received)


def _handled_units(received: MarketplaceOrderReceived) -> int:
    return sum(line.quantity_shipped + line.quantity_cancelled for line in received.lines)


def _all_lines(order: Order, received: MarketplaceOrderReceived) -> list[OrderLine]:
    """The version's lines, and as cancelled those that it names no more: a version tells the whole order."""
    named = {line.external_line_id for line in received.lines}
    gone = [line for reference, line in order.lines.items() if reference not in named]
    return [*received.lines, *(_cancelled(line) for line in gone)]


def _cancelled(line: Line) -> OrderLine:
    return OrderLine(
        external_line_id=line.line_reference,
        external_sku=line.external_sku,
        title=line.title,
        quantity=line.quantity,
        quantity_shipped=line.quantity_shipped,
        quantity_cancelled=max(line.quantity - line.quantity_shipped, 0),
        unit_price=line.unit_price,
    )


def _update(order: Order, line: OrderLine, skus: Mapping[Listing, str]) -> Line:
    known = order.lines.get(line.external_line_id)
    return Line(
        line_reference=line.external_line_id,
        external_sku=line.external_sku,
        sku=(known.sku if known else None) or skus.get((order.source, line.external_sku)),
        title=line.title,
        quantity=line.quantity,
        quantity_shipped=line.quantity_shipped,
        quantity_cancelled=line.quantity_cancelled,
        unit_price=line.unit_price,
        stock=known.stock if known else LineStock(),
    )

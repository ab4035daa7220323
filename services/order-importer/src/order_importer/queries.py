"""Reading orders for people and their tools, without locks."""

import dataclasses as dc
from collections import defaultdict
from typing import Any

from runtime.health import Check, Probe
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

_ORDERS = text("""
select order_id, source, external_order_id, status, workflow, parked, parked_reason, placed_at, updated_at
from orders
where (cast(:channel as text) is null or source = :channel)
  and (cast(:external_order_id as text) is null or external_order_id = :external_order_id)
  and (cast(:parked as boolean) is null or parked = :parked)
  and (cast(:after as text) is null or order_id > :after)
order by order_id
limit :limit
""")

_LINES = text("""
select * from order_items where order_id = any(cast(:order_ids as text[])) order by order_id, line_reference
""")

_PARKED = text("select count(*) from orders where parked")


@dc.dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders: what is None does not narrow the choice. `after` is the last order id of the page before."""

    channel: str | None = None
    external_order_id: str | None = None
    parked: bool | None = None
    after: str | None = None
    limit: int = 100


async def find_orders(engine: AsyncEngine, wanted: Wanted) -> list[dict[str, Any]]:
    """One page of orders with their lines, by order id."""
    async with engine.connect() as connection:
        orders = (await connection.execute(_ORDERS, dc.asdict(wanted))).mappings().all()
        items = await connection.execute(_LINES, {"order_ids": [order["order_id"] for order in orders]})
        lines = defaultdict(list)
        for item in items.mappings():
            lines[item["order_id"]].append(dict(item) | {"unit_price": _price(item)})
    return [dict(order) | {"lines": lines[order["order_id"]]} for order in orders]


def _price(item: RowMapping) -> dict[str, Any] | None:
    if item["unit_price_amount"] is None:
        return None
    return {"amount": item["unit_price_amount"], "currency": item["unit_price_currency"]}


def parked_orders(engine: AsyncEngine) -> Probe:
    """How many orders wait for a listing. They wait for people, so they don't make the service less ready."""

    async def check() -> Check:
        async with engine.connect() as connection:
            parked = (await connection.execute(_PARKED)).scalar_one()
        return Check(ok=True, detail=f"{parked} wait for a listing" if parked else "", facts={"parked": parked})

    return check

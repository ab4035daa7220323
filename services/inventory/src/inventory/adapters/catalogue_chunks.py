"""The whole catalogue as the allocation sees it, read without locks and a chunk at a time."""

import dataclasses as dc
import json
from collections.abc import AsyncIterator, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters.rebalance_queue import Concerned
from inventory.domain.allocation import Policy

CHUNK = 2000
"""SKUs that one query reads."""

_READ = text("""
select p.sku, p.category, p.on_hand - p.reserved as available, cast(d.weights as text) as demand,
    case when p.is_active then array(
        select c.name from marketplace_channels c
        left join marketplace_listings l on l.channel = c.name and l.sku = p.sku
        where c.is_active and c.name = any(cast(:channels as text[])) and coalesce(l.is_active, c.name = :storefront)
    ) else '{}' end as active
from products p left join demand_weights d on d.sku = p.sku
where p.sku > :after
    and (:everything or p.sku = any(cast(:skus as text[])) or p.category = any(cast(:categories as text[])))
order by p.sku limit :chunk
""")


@dc.dataclass(frozen=True, slots=True)
class Entry:
    """One SKU: what there is of it, on which channels it is active, and its weights by demand if it has some."""

    sku: str
    category: str | None
    available: int
    active: tuple[str, ...]
    demand: Mapping[str, int] | None


async def chunks(connection: AsyncConnection, concerned: Concerned, policy: Policy) -> AsyncIterator[Sequence[Entry]]:
    """The SKUs concerned, in SKU order. `policy` says which channels there are."""
    given = {**concerned.parameters, "channels": list(policy.weights), "storefront": policy.storefront, "chunk": CHUNK}
    after = ""
    while rows := (await connection.execute(_READ, {**given, "after": after})).all():
        yield [
            Entry(r.sku, r.category, r.available, tuple(r.active), json.loads(r.demand) if r.demand else None)
            for r in rows
        ]
        after = rows[-1].sku

"""What was sold of late, by channel and day, and the weights that follow from it, in Postgres."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.demand import DemandWeights, Sold

_LEAD = text("select pg_try_advisory_xact_lock(hashtext(current_schema() || '.demand_weights'))")
_DUE = text("""
select p.sku, p.category, cast(d.weights as text) as weights from products p
left join demand_weights d on d.sku = p.sku
where p.sku > :after and (d.decided_at is null or d.decided_at <= :moment) order by p.sku limit :limit
""")
_SOLD = text("""
select sku, channel, cast(floor(extract(epoch from :now - happened_at) / 86400) as int) as days_ago,
    cast(-sum(change_qty) as int) as units
from inventory_logs
where sku = any(cast(:skus as text[])) and channel is not null and reason in ('sale', 'cancellation')
    and happened_at > :since and happened_at <= :now
group by sku, channel, days_ago
""")
_KEEP = text("""
insert into demand_weights (sku, weights, words, decided_at)
select sku, cast(weights as jsonb), words, :now
from unnest(cast(:skus as text[]), cast(:weights as text[]), cast(:words as text[])) as n (sku, weights, words)
on conflict (sku) do update
    set weights = excluded.weights, words = excluded.words, decided_at = excluded.decided_at
""")
_ENQUEUE = text("""
insert into rebalance_queue (sku, since) select sku, :now from unnest(cast(:skus as text[])) as n (sku)
on conflict do nothing
""")


class PostgresDemand:
    """Within the caller's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lead(self) -> bool:
        """Whether no other transaction decides weights; none will until this one ends."""
        return bool((await self._connection.execute(_LEAD)).scalar_one())

    async def due(self, after: str, decided_before: dt.datetime, limit: int) -> Sequence[Row[tuple[str, str, str]]]:
        """The next products (sku, category, weights as JSON or None) whose weights were not decided since then."""
        parameters = {"after": after, "moment": decided_before, "limit": limit}
        return (await self._connection.execute(_DUE, parameters)).all()

    async def sold(self, skus: Sequence[str], since: dt.datetime, now: dt.datetime) -> dict[str, list[Sold]]:
        """By SKU, what each channel sold on each day, less what was cancelled, by the time of the order."""
        sold: dict[str, list[Sold]] = defaultdict(list)
        for row in await self._connection.execute(_SOLD, {"skus": list(skus), "since": since, "now": now}):
            sold[row.sku].append(Sold(row.channel, row.days_ago, row.units))
        return sold

    async def keep(self, decided: Mapping[str, DemandWeights], changed: Sequence[str], now: dt.datetime) -> None:
        """Keep what was decided; the targets of the SKUs that `changed` are looked at again."""
        skus = sorted(decided)
        await self._connection.execute(
            _KEEP,
            {
                "skus": skus,
                "weights": [json.dumps(dict(decided[sku].weights)) for sku in skus],
                "words": [decided[sku].words for sku in skus],
                "now": now,
            },
        )
        await self._connection.execute(_ENQUEUE, {"skus": sorted(changed), "now": now})

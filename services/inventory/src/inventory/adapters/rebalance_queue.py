"""The SKUs whose targets must be looked at again because a rule or a weight has changed, or a price was answered."""

import dataclasses as dc
import datetime as dt
from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.rules import Rule

_CONCERNED = "(:everything or sku = any(cast(:skus as text[])) or category = any(cast(:categories as text[])))"
_ADD = text(f"""
insert into rebalance_queue (sku, since)
select sku, cast(:now as timestamptz) from products where {_CONCERNED} order by sku
on conflict do nothing
""")  # noqa: S608 - no text from outside
_WAKE = text("""
insert into rebalance_queue (sku, since)
select sku, cast(:now as timestamptz) from unnest(cast(:skus as text[])) as n (sku) order by sku
on conflict do nothing
""")
_COUNT = text(f"select count(*) from products where {_CONCERNED}")  # noqa: S608 - no text from outside
_TAKE = text("""
delete from rebalance_queue where sku in (
    select sku from rebalance_queue order by since, sku limit :limit for update skip locked)
returning sku
""")


@dc.dataclass(frozen=True, slots=True)
class Concerned:
    """The SKUs that some rules speak of."""

    everything: bool
    skus: tuple[str, ...]
    categories: tuple[str, ...]

    @classmethod
    def by(cls, rules: Iterable[Rule]) -> "Concerned":
        """Give a changed rule as it was and as it is."""
        known = list(rules)
        return cls(
            everything=any(rule.sku is None and rule.category is None for rule in known),
            skus=tuple(sorted({rule.sku for rule in known if rule.sku is not None})),
            categories=tuple(sorted({rule.category for rule in known if rule.category is not None})),
        )

    @property
    def parameters(self) -> dict[str, object]:
        """For SQL."""
        return {"everything": self.everything, "skus": list(self.skus), "categories": list(self.categories)}


async def add(connection: AsyncConnection, concerned: Concerned, now: dt.datetime) -> int:
    """Put the SKUs into the queue; answers with how many are concerned, queued already or not."""
    await connection.execute(_ADD, {**concerned.parameters, "now": now})
    return int((await connection.execute(_COUNT, concerned.parameters)).scalar_one())


async def wake(connection: AsyncConnection, skus: Iterable[str], now: dt.datetime) -> None:
    """Have these SKUs looked at once this is committed. To be called before anything else is locked: it may wait."""
    wanted = sorted(set(skus))
    if wanted:
        await connection.execute(_WAKE, {"skus": wanted, "now": now})


async def take(connection: AsyncConnection, limit: int) -> list[str]:
    """Take the SKUs that wait longest out of the queue, in SKU order; no other transaction gets the same.

    They are back in the queue if the transaction fails. A rule that is changed meanwhile puts them in again.
    """
    return sorted((await connection.execute(_TAKE, {"limit": limit})).scalars())

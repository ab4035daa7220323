"""The table `syncs`: what was last asked to be brought in step, so that asking twice begins it once."""

import dataclasses as dc
import datetime as dt

from contracts import SyncScope
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ON_ITS_WAY = dt.timedelta(seconds=10)
"""For so long a request may take to arrive where it is carried out."""
_LONGEST = dt.timedelta(minutes=15)
"""What has not come to its end by then may be asked for again."""

_IS_MEANT = "(:sku = '' or p.sku = :sku)"
_AT_WORK = {
    SyncScope.STOCK: f"""exists (select from pushes p join listings l using (sku)
        where l.is_active and p.desired_at < syncs.begun_at and {_IS_MEANT})""",
    SyncScope.PRICES: f"exists (select from price_pushes p where p.state = 'pending' and {_IS_MEANT})",
    SyncScope.LISTINGS: f"exists (select from listings p where p.next_read_at is not null and {_IS_MEANT})",
    SyncScope.ORDERS: "not exists (select from cursors where search = 'created' and read_at > syncs.begun_at)",
}
_BEGIN = """
insert into syncs (scope, sku, begun_at) values (:scope, :sku, :now)
on conflict (scope, sku) do update set begun_at = excluded.begun_at
where syncs.begun_at <= cast(:now as timestamptz) - cast(:on_its_way as interval)
  and not (syncs.begun_at > cast(:now as timestamptz) - cast(:longest as interval) and {at_work})
returning begun_at
"""
_BEGUN = text("select begun_at from syncs where scope = :scope and sku = :sku")


@dc.dataclass(frozen=True, slots=True)
class Sync:
    """`is_new` false: it had been begun before, and is still at work."""

    scope: SyncScope
    begun_at: dt.datetime
    is_new: bool


async def begin(connection: AsyncConnection, scope: SyncScope, sku: str | None, now: dt.datetime) -> Sync:
    """Note that this scope (not `all`) is asked for; whoever calls does what it takes if it is new."""
    key = {"scope": scope.value, "sku": sku or ""}
    values = key | {"now": now, "on_its_way": _ON_ITS_WAY, "longest": _LONGEST}
    begun = await connection.execute(text(_BEGIN.format(at_work=_AT_WORK[scope])), values)
    if (begun_at := begun.scalar_one_or_none()) is not None:
        return Sync(scope, begun_at, is_new=True)
    return Sync(scope, (await connection.execute(_BEGUN, key)).scalar_one(), is_new=False)

"""What a leader has in flight, in the table `pushes`: given back unsubmitted, or taken back from one that died."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.pushes import Patience, Push

_RELEASE = text("""
update pushes set in_flight_revision = null, lease = null, attempts = attempts - 1
where sku = any(cast(:skus as text[])) and lease = :lease and in_flight_revision = revision
""")
_RELEASE_OVERTAKEN = text("""
update pushes set in_flight_revision = null, lease = null
where sku = any(cast(:skus as text[])) and lease = :lease
returning sku
""")
_CLEAR_LEASES = text("""
with held as (
    select sku, in_flight_revision, in_flight_revision < revision or quantity > 0 as has_ended from pushes
    where in_flight_revision is not null and lease is distinct from :lease
      and coalesce(lease, '') not like 'feed:%'  -- a feed outlives its leader
    order by sku for update
)
update pushes p set
    in_flight_revision = null, lease = null, next_attempt_at = :now,
    reached = p.reached or p.in_flight_revision = p.revision,
    closed = p.in_flight_revision = p.revision and p.quantity > 0,
    earlier_until = case when h.has_ended then greatest(p.earlier_until, :until) else p.earlier_until end
from held h where p.sku = h.sku
returning p.sku, h.in_flight_revision as revision, h.has_ended
""")


@dc.dataclass(frozen=True, slots=True)
class Abandoned:
    """A call that a former leader had in flight. It has ended, unknown, unless its revision may be submitted again."""

    sku: str
    revision: int
    has_ended: bool


async def release(connection: AsyncConnection, pushes: Sequence[Push], lease: str) -> list[Push]:
    """Give back what was claimed but never submitted. Returns those that a newer revision has overtaken."""
    skus = sorted(push.sku for push in pushes)
    await connection.execute(_RELEASE, {"skus": skus, "lease": lease})
    overtaken = set((await connection.execute(_RELEASE_OVERTAKEN, {"skus": skus, "lease": lease})).scalars())
    return [push for push in pushes if push.sku in overtaken]


async def clear(connection: AsyncConnection, lease: str, now: dt.datetime, patience: Patience) -> list[Abandoned]:
    """Take back what earlier leaders had in flight; it may have reached the marketplace as late as now."""
    result = await connection.execute(_CLEAR_LEASES, {"lease": lease, "now": now, "until": now + patience.ceiling})
    return [Abandoned(row.sku, row.revision, row.has_ended) for row in result]

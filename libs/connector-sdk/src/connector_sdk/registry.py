"""The table `registry`: which listings the marketplace has, so that no other is ever written.

A row's lock is always taken in the order of the external SKUs.
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from contracts import Issue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.marketplace import Reading
from connector_sdk.price_pushes import PricePush
from connector_sdk.pushes import Push

_ENROL = text("""
with wanted as (
    (select p.external_sku, p.quantity > 0 as is_later, p.urgency::int as urgency from pushes p
     where p.state in ('pending', 'quarantined') and not p.closed
       and not exists (select 1 from registry r where r.external_sku = p.external_sku)
     order by (p.quantity > 0), p.urgency, p.quantity, p.pending_since limit :most)
    union all
    (select p.external_sku, true, 9 from price_pushes p
     where p.state in ('pending', 'quarantined')
       and not exists (select 1 from registry r where r.external_sku = p.external_sku)
     order by p.pending_since limit :most)
),
first as (
    select external_sku from wanted group by external_sku order by min(is_later::int), min(urgency) limit :most
)
insert into registry (external_sku, next_check_at)
select external_sku, cast(:now as timestamptz) from first order by external_sku
on conflict (external_sku) do nothing
""")
_DUE = text("""
with due as (
    select external_sku from registry where next_check_at <= :now
    order by (state = 'refused'), next_check_at, external_sku limit :most for update skip locked
)
update registry r set attempts = r.attempts + 1,
    next_check_at = cast(:now as timestamptz) + power(2, least(r.attempts, 4))
        * case when r.state = 'refused' then cast(:slow as interval) else cast(:pause as interval) end
from due where r.external_sku = due.external_sku
returning r.external_sku
""")
_POSTPONE = text("""
update registry set attempts = greatest(attempts - 1, 0), next_check_at = cast(:now as timestamptz)
where external_sku = any(cast(:external_skus as text[])) and state = 'unchecked'
""")
_NOTE = text("""
with seen as (
    select * from unnest(cast(:external_skus as text[]), cast(:codes as text[]), cast(:reasons as text[]))
    as s (external_sku, code, reason)
),
before as (
    select r.* from registry r join seen s using (external_sku) order by r.external_sku for update of r
),
written as (
    insert into registry (external_sku, state, code, reason, checked_at, next_check_at)
    select s.external_sku, case when s.reason is null then 'offered' else 'refused' end, s.code, s.reason, :now,
           case when s.reason is not null then cast(:now as timestamptz) + cast(:slow as interval) end
    from seen s left join before b using (external_sku)  -- so that `before` is read first
    order by s.external_sku
    on conflict (external_sku) do update set
        state = excluded.state, code = excluded.code, reason = excluded.reason, checked_at = excluded.checked_at,
        attempts = case when registry.state = excluded.state then registry.attempts else 0 end,
        next_check_at = case when excluded.state = 'refused'
                             then greatest(registry.next_check_at, excluded.next_check_at) end
    returning external_sku, state
)
select w.external_sku, w.state, b.state as before from written w left join before b using (external_sku)
order by w.external_sku
""")
_CLOSE = text("""
with hopeless as (
    select p.sku, r.code, r.reason from pushes p join registry r using (external_sku)
    where r.state = 'refused' and p.state in ('pending', 'quarantined') and not p.closed
      and p.in_flight_revision is null
    order by p.sku limit :most for update of p skip locked
)
update pushes p set state = 'rejected', failures = 0, last_error = h.code || ': ' || h.reason
from hopeless h where p.sku = h.sku
returning h.code, h.reason, p.sku, p.revision, p.external_sku, p.quantity, p.attempts, p.failures, p.reached,
          p.submitted_at, p.cause_event_id, p.cause_correlation_id, p.cause_traceparent
""")
_CLOSE_PRICES = text("""
with hopeless as (
    select p.sku, r.code, r.reason from price_pushes p join registry r using (external_sku)
    where r.state = 'refused' and p.state in ('pending', 'quarantined') and p.lease is null
    order by p.sku limit :most for update of p skip locked
)
update price_pushes p set state = 'rejected', failures = 0, last_error = h.code || ': ' || h.reason
from hopeless h where p.sku = h.sku
returning h.code, h.reason, p.sku, p.revision, p.external_sku, p.amount, p.currency, p.attempts, p.failures,
          p.submitted_at, p.cause_event_id, p.cause_correlation_id, p.cause_traceparent, p.pending_since
""")
_SKUS = text("""
select sku, external_sku from pushes where external_sku = any(cast(:external_skus as text[]))
union select sku, external_sku from price_pushes where external_sku = any(cast(:external_skus as text[]))
union select sku, external_sku from listings where external_sku = any(cast(:external_skus as text[])) and is_active
order by sku
""")
_REFUSED = text(
    "select external_sku, code, reason, checked_at from registry where state = 'refused' order by 1 limit 1000"
)


@dc.dataclass(frozen=True, slots=True)
class Pace:
    """`retry_after`: from a look-up that failed to the next. `again_after`: until a refused listing is looked up again.

    Both grow.
    """

    retry_after: dt.timedelta = dt.timedelta(seconds=15)
    again_after: dt.timedelta = dt.timedelta(minutes=5)


PACE = Pace()


@dc.dataclass(frozen=True, slots=True)
class Refused:
    """A target that is not written, since its listing may not be."""

    push: Push
    issue: Issue


@dc.dataclass(frozen=True, slots=True)
class RefusedPrice:
    push: PricePush
    issue: Issue


@dc.dataclass(frozen=True, slots=True)
class Change:
    """What readings changed. `found`: were refused and may be written now. `lost`: were not refused before."""

    found: frozenset[str]
    lost: frozenset[str]


async def due(connection: AsyncConnection, now: dt.datetime, most: int, pace: Pace = PACE) -> list[str]:
    """The listings to look up now: those that a target waits for, the most urgent first, then those refused."""
    await connection.execute(_ENROL, {"most": most, "now": now})
    values = {"now": now, "most": most, "pause": pace.retry_after, "slow": pace.again_after}
    return [*(await connection.execute(_DUE, values)).scalars()]


async def postpone(connection: AsyncConnection, external_skus: Sequence[str], now: dt.datetime) -> None:
    """Nothing could be looked up, which says nothing of these listings: they keep their turn."""
    await connection.execute(_POSTPONE, {"external_skus": sorted(external_skus), "now": now})


async def note(connection: AsyncConnection, readings: Sequence[Reading], now: dt.datetime, pace: Pace = PACE) -> Change:
    """Keep what readings tell of listings, each given once: whether they may be written."""
    rows = sorted(readings, key=lambda reading: reading.external_sku)
    values = {
        "external_skus": [row.external_sku for row in rows],
        "codes": [row.refusal.code if row.refusal else None for row in rows],
        "reasons": [row.refusal.message if row.refusal else None for row in rows],
        "now": now,
        "slow": pace.again_after,
    }
    told = (await connection.execute(_NOTE, values)).all()
    found = frozenset(row.external_sku for row in told if row.state == "offered" and row.before == "refused")
    lost = frozenset(row.external_sku for row in told if row.state == "refused" and row.before != "refused")
    return Change(found, lost)


async def close(connection: AsyncConnection, most: int) -> list[Refused]:
    """Reject the targets of refused listings that wait to be written."""
    rows = await connection.execute(_CLOSE, {"most": most})
    return [Refused(Push(*row[2:]), Issue(code=row.code, message=row.reason)) for row in rows]


async def close_prices(connection: AsyncConnection, most: int) -> list[RefusedPrice]:
    """The same for prices."""
    rows = await connection.execute(_CLOSE_PRICES, {"most": most})
    return [RefusedPrice(PricePush.of(row[2:]), Issue(code=row.code, message=row.reason)) for row in rows]


async def skus_of(connection: AsyncConnection, external_skus: Sequence[str]) -> list[tuple[str, str]]:
    """Our SKUs of these listings, each with its external SKU."""
    rows = await connection.execute(_SKUS, {"external_skus": sorted(external_skus)})
    return [(row.sku, row.external_sku) for row in rows]


async def refused(connection: AsyncConnection) -> list[dict[str, object]]:
    """The listings that may not be written, each with the reason; the first thousand."""
    return [dict(row) for row in (await connection.execute(_REFUSED)).mappings()]

"""The table `listings`: what is offered on the channel, and which of it is to be read.

A row's lock is always taken in the order of the SKUs.
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from contracts import AnyEvent, CloudEvent, ListingChanged, Payload
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_REMEMBER = text("""
with incoming as (
    select * from unnest(
        cast(:skus as text[]), cast(:external_skus as text[]), cast(:actives as boolean[]),
        cast(:moments as timestamptz[]), cast(:event_ids as text[]), cast(:correlation_ids as text[]),
        cast(:traceparents as text[]))
    as i (sku, external_sku, is_active, changed_at, event_id, correlation_id, traceparent)
),
before as (select l.* from listings l join incoming i using (sku) order by l.sku for update of l),
written as (
    insert into listings (sku, external_sku, is_active, changed_at, next_read_at,
                          cause_event_id, cause_correlation_id, cause_traceparent)
    select i.sku, i.external_sku, i.is_active, i.changed_at,
           case when i.is_active and :can_read then cast(:now as timestamptz) end,
           i.event_id, i.correlation_id, i.traceparent
    from incoming i left join before b using (sku)  -- so that `before` is read first
    order by i.sku
    on conflict (sku) do update set
        external_sku = excluded.external_sku, is_active = excluded.is_active, changed_at = excluded.changed_at,
        asks = listings.asks + 1, next_read_at = excluded.next_read_at, attempts = 0,
        cause_event_id = excluded.cause_event_id, cause_correlation_id = excluded.cause_correlation_id,
        cause_traceparent = excluded.cause_traceparent
    where excluded.changed_at >= listings.changed_at
      and (excluded.external_sku, excluded.is_active) is distinct from (listings.external_sku, listings.is_active)
    returning sku, is_active
)
select sku from written where is_active order by sku
""")
_ADOPT = text("""
insert into listings (sku, external_sku, is_active, changed_at)
select sku, external_sku, true, '-infinity' from pushes where sku = any(cast(:skus as text[]))
order by sku on conflict (sku) do nothing
""")
_ASK = text("""
with incoming as (
    select * from unnest(
        cast(:skus as text[]), cast(:event_ids as text[]), cast(:correlation_ids as text[]),
        cast(:traceparents as text[]))
    as i (sku, event_id, correlation_id, traceparent)
),
asked as (select l.sku from listings l join incoming i using (sku) order by l.sku for update of l)
update listings l set
    asks = l.asks + 1, next_read_at = coalesce(l.next_read_at, :now), cause_event_id = i.event_id,
    cause_correlation_id = i.correlation_id, cause_traceparent = i.traceparent
from incoming i join asked using (sku) where l.sku = i.sku
""")
_ACTIVE = text("select sku from listings where is_active order by sku")
_DUE = text("""
with due as (
    select sku from listings where next_read_at <= :now
    order by next_read_at, sku limit :most for update skip locked
)
update listings l set attempts = l.attempts + 1,
    next_read_at = cast(:now as timestamptz) + cast(:pause as interval) * power(2, least(l.attempts, 5))
from due where l.sku = due.sku
returning l.sku, l.external_sku, l.asks, l.cause_event_id, l.cause_correlation_id, l.cause_traceparent
""")
_NOTE = text("""
with seen as (
    select * from unnest(cast(:skus as text[]), cast(:external_skus as text[]), cast(:asks as int[]))
    as s (sku, external_sku, asks)
),
locked as (select l.sku, s.asks from listings l join seen s using (sku, external_sku) order by l.sku for update of l)
update listings l set attempts = 0, next_read_at = case when l.asks > locked.asks then cast(:now as timestamptz) end
from locked where l.sku = locked.sku
returning l.sku
""")


@dc.dataclass(frozen=True, slots=True)
class Due:
    """A listing to be read, and what asked for it."""

    sku: str
    external_sku: str
    asks: int
    cause_event_id: str | None
    cause_correlation_id: str | None
    cause_traceparent: str | None

    @property
    def cause(self) -> AnyEvent | None:
        """The event that asked, as far as the causes of new events need it."""
        if self.cause_event_id is None:
            return None
        known: dict[str, Any] = {
            "id": self.cause_event_id,
            "correlationid": self.cause_correlation_id,
            "traceparent": self.cause_traceparent,
        }
        return CloudEvent[Payload].model_construct(**known)


async def remember(
    connection: AsyncConnection, events: Sequence[CloudEvent[ListingChanged]], now: dt.datetime, *, can_read: bool
) -> list[str]:
    """Keep what is news, and have read what is offered now; each SKU once. Returns the SKUs of the latter.

    An event that is older than what is known changes nothing, so a replay asks for nothing.
    """
    rows = sorted(events, key=lambda event: event.data.sku)
    values = {
        "skus": [event.data.sku for event in rows],
        "external_skus": [event.data.external_sku for event in rows],
        "actives": [event.data.is_active for event in rows],
        "moments": [event.time for event in rows],
        "now": now,
        "can_read": can_read,
    }
    return [*(await connection.execute(_REMEMBER, values | _causes(rows))).scalars()]


async def ask(connection: AsyncConnection, causes: Mapping[str, AnyEvent], now: dt.datetime) -> None:
    """Have these SKUs read soon, each once however many ask. One that nobody has offered yet is left out.

    One that is waiting already keeps its turn, so that asking again and again does not outrun its back-off.
    """
    skus = sorted(causes)
    await connection.execute(_ADOPT, {"skus": skus})
    values = {"skus": skus, "now": now}
    await connection.execute(_ASK, values | _causes([causes[sku] for sku in skus]))


async def active(connection: AsyncConnection) -> list[str]:
    """The SKUs that are offered now."""
    return [*(await connection.execute(_ACTIVE)).scalars()]


async def due(connection: AsyncConnection, now: dt.datetime, pause: dt.timedelta, most: int) -> list[Due]:
    """What is to be read now. Unless its reading is noted it is due again after `pause`, which grows."""
    result = await connection.execute(_DUE, {"now": now, "pause": pause, "most": most})
    return [Due(*row) for row in result]


async def note(connection: AsyncConnection, read: Sequence[Due], now: dt.datetime) -> set[str]:
    """What was read. Returns the SKUs that still stand for the listing that was read.

    One that somebody asked for meanwhile is due once more.
    """
    values = {
        "skus": [each.sku for each in read],
        "external_skus": [each.external_sku for each in read],
        "asks": [each.asks for each in read],
        "now": now,
    }
    return set((await connection.execute(_NOTE, values)).scalars())


def _causes(events: Sequence[AnyEvent]) -> dict[str, list[str | None]]:
    return {
        "event_ids": [event.id for event in events],
        "correlation_ids": [event.correlationid or event.id for event in events],
        "traceparents": [event.traceparent for event in events],
    }

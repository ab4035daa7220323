"""The table `price_pushes`: the newest desired price of each SKU and how far it got.

A price may be written again without harm, so a row goes on until its answer is known. A row's lock is always taken in
the order of the SKUs.
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence
from typing import Any, Self

from contracts import AnyEvent, CloudEvent, Money, PriceTarget
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.attempts.asked import Asked, Kind
from connector_sdk.submission import Answered, State, cause_of

_COLUMNS = """
    p.sku, p.revision, p.external_sku, p.amount, p.currency, p.attempts, p.failures, p.submitted_at, p.cause_event_id,
    p.cause_correlation_id, p.cause_traceparent, p.pending_since
"""
_DESIRE = text("""
with incoming as (
    select * from unnest(
        cast(:skus as text[]), cast(:external_skus as text[]), cast(:revisions as bigint[]),
        cast(:amounts as numeric[]), cast(:currencies as text[]), cast(:event_ids as text[]),
        cast(:correlation_ids as text[]), cast(:traceparents as text[]))
    as i (sku, external_sku, revision, amount, currency, event_id, correlation_id, traceparent)
),
before as (select p.* from price_pushes p join incoming i using (sku) order by p.sku for update of p),
written as (
    insert into price_pushes (sku, external_sku, revision, amount, currency, state, next_attempt_at, pending_since,
                              cause_event_id, cause_correlation_id, cause_traceparent)
    select i.sku, i.external_sku, i.revision, i.amount, i.currency, cast(:state as text), :now, :now,
           i.event_id, i.correlation_id, i.traceparent
    from incoming i left join before b using (sku)  -- so that `before` is read first
    order by i.sku
    on conflict (sku) do update set
        external_sku = excluded.external_sku, revision = excluded.revision, amount = excluded.amount,
        currency = excluded.currency, state = excluded.state, attempts = 0, submitted_at = null, accepted_at = null,
        live_at = null, next_read_at = null, last_error = null, next_attempt_at = excluded.next_attempt_at,
        pending_since = case when price_pushes.state in ('pending', 'quarantined') then price_pushes.pending_since
                             else excluded.pending_since end,
        cause_event_id = excluded.cause_event_id, cause_correlation_id = excluded.cause_correlation_id,
        cause_traceparent = excluded.cause_traceparent
    where excluded.revision > price_pushes.revision
    returning sku
)
select b.revision as previous, b.state in ('pending', 'quarantined') and b.lease is null as is_unfinished, w.sku,
       b.revision, b.external_sku, b.amount, b.currency, b.attempts, b.failures, b.submitted_at, b.cause_event_id,
       b.cause_correlation_id, b.cause_traceparent, b.pending_since
from written w left join before b using (sku)
order by w.sku
""")
_NOTIFY = text("select pg_notify('pushes_' || current_schema(), 'prices')")
_CLAIM = text(f"""
with due as (
    select sku from price_pushes
    where state in ('pending', 'quarantined') and lease is null and next_attempt_at <= :now
      and not (select paused or account_refused is not null from channel_state)
      -- A scalar, so that only the rows that are taken are looked up, and never the whole registry.
      and (not :registered_only
           or 'offered' = (select r.state from registry r where r.external_sku = price_pushes.external_sku))
    order by pending_since, sku limit :most for update skip locked
)
update price_pushes p set lease = :lease, attempts = p.attempts + 1, submitted_at = :now
from due where p.sku = due.sku
returning {_COLUMNS}
""")  # noqa: S608 - constants
_RECORD = text("""
with answered as (
    select * from unnest(
        cast(:skus as text[]), cast(:revisions as bigint[]), cast(:states as text[]), cast(:failures as int[]),
        cast(:errors as text[]), cast(:next_attempts as timestamptz[]))
    as a (sku, revision, state, failures, error, next_attempt_at)
),
locked as (select p.sku from price_pushes p join answered a using (sku) order by p.sku for update of p)
update price_pushes p set
    lease = null,
    -- Accepted is no success yet: a listing that never shows what it accepts is to be set aside in the end.
    failures = case when a.state = 'accepted' then p.failures else a.failures end,
    state = case when p.revision = a.revision then a.state else p.state end,
    last_error = case when p.revision = a.revision then a.error else p.last_error end,
    next_attempt_at = case when p.revision = a.revision then a.next_attempt_at else p.next_attempt_at end,
    accepted_at = case when p.revision = a.revision and a.state = 'accepted' then :now else p.accepted_at end,
    next_read_at = case when p.revision = a.revision and a.state = 'accepted' then :now + :read_after end
from answered a join locked using (sku)
where p.sku = a.sku and p.lease = :lease
returning p.sku, p.revision > a.revision as overtaken
""")
_TAKE_BACK = text("update price_pushes set lease = null where lease is distinct from :lease and lease is not null")
_REVIVE = text("update price_pushes set state = 'pending', next_attempt_at = :now where state = 'unsupported'")
_RELEASE = text("""
with given_back as (
    select p.sku from price_pushes p where sku = any(cast(:skus as text[])) and lease = :lease order by sku for update
)
update price_pushes p set lease = null, attempts = greatest(p.attempts - 1, 0) from given_back g where p.sku = g.sku
returning p.sku, p.revision
""")
_HURRY = text("""
with waiting as (
    select sku from price_pushes
    where state in ('pending', 'quarantined') and lease is null and (next_attempt_at > :now or failures > 0)
    for update skip locked
)
update price_pushes p set next_attempt_at = least(p.next_attempt_at, :now), failures = 0, state = 'pending'
from waiting w where p.sku = w.sku
""")
_AGAIN = text("""
with asked as (
    select sku from price_pushes
    where (cast(:skus as text[]) is null or sku = any(cast(:skus as text[])))
      and state <> 'unsupported' and (submitted_at is null or submitted_at < :asked_at)
    order by sku for update
)
update price_pushes p set state = 'pending', failures = 0, next_attempt_at = :now, accepted_at = null,
    next_read_at = null, pending_since = case when p.state = 'pending' then p.pending_since else :now end
from asked a where p.sku = a.sku
returning p.sku
""")


@dc.dataclass(frozen=True, slots=True)
class PricePush:
    """A revision of one SKU's price on its way, with what happened to it so far."""

    sku: str
    revision: int
    external_sku: str
    price: Money
    attempts: int
    failures: int
    submitted_at: dt.datetime | None
    cause_event_id: str
    cause_correlation_id: str | None
    cause_traceparent: str | None
    pending_since: dt.datetime

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """Of the columns that name it."""
        sku, revision, external_sku, amount, currency, *rest = row
        return cls(sku, revision, external_sku, Money(amount=amount, currency=currency), *rest)

    @property
    def cause(self) -> AnyEvent:
        return cause_of(self.cause_event_id, self.cause_correlation_id, self.cause_traceparent)

    @property
    def asked(self) -> Asked:
        return Asked(
            Kind.PRICE,
            self.sku,
            self.revision,
            external_sku=self.external_sku,
            price=self.price,
            correlation_id=self.cause_correlation_id,
        )

    def traced(self, traceparent: str | None) -> Self:
        return dc.replace(self, cause_traceparent=traceparent)

    def having_failed(self, failures: int) -> Self:
        return dc.replace(self, failures=failures)


@dc.dataclass(frozen=True, slots=True)
class Replaced:
    """A SKU whose newer target was kept: the revision known before and, if that had no answer yet, its row."""

    sku: str
    previous: int | None
    unfinished: PricePush | None


async def desire(
    connection: AsyncConnection, events: Sequence[CloudEvent[PriceTarget]], state: State, now: dt.datetime
) -> list[Replaced]:
    """Keep what is newer than what is known and wake the pusher at the commit; a replayed target changes nothing.

    `events` holds each SKU once. Returns the SKUs that were written. A revision in flight is not unfinished: its answer
    is still to come, and the new one waits for it, so that neither overtakes the other.
    """
    rows = sorted(events, key=lambda event: event.data.sku)
    values = {
        "skus": [event.data.sku for event in rows],
        "external_skus": [event.data.external_sku for event in rows],
        "revisions": [event.data.revision for event in rows],
        "amounts": [event.data.price.amount for event in rows],
        "currencies": [event.data.price.currency for event in rows],
        "event_ids": [event.id for event in rows],
        "correlation_ids": [event.correlationid or event.id for event in rows],
        "traceparents": [event.traceparent for event in rows],
        "state": state,
        "now": now,
    }
    result = await connection.execute(_DESIRE, values)
    replaced = [Replaced(r.sku, r.previous, PricePush.of(r[2:]) if r.is_unfinished else None) for r in result]
    if replaced:
        await connection.execute(_NOTIFY)
    return replaced


async def claim(
    connection: AsyncConnection, most: int, lease: str, now: dt.datetime, *, registered_only: bool = False
) -> list[PricePush]:
    """Put those that have waited longest in flight, at most `most`; none while the channel is paused."""
    values = {"most": most, "lease": lease, "now": now, "registered_only": registered_only}
    result = await connection.execute(_CLAIM, values)
    return [PricePush.of(row) for row in result]


async def record(
    connection: AsyncConnection,
    answered: Sequence[Answered[PricePush]],
    lease: str,
    now: dt.datetime,
    read_after: dt.timedelta,
) -> dict[str, bool]:
    """Note the answers to calls of this lease. Returns, for each SKU noted, whether a newer revision has come."""
    values = {
        "skus": [a.push.sku for a in answered],
        "revisions": [a.push.revision for a in answered],
        "states": [a.state for a in answered],
        "failures": [a.failures for a in answered],
        "errors": [a.error for a in answered],
        "next_attempts": [a.next_attempt_at for a in answered],
        "lease": lease,
        "now": now,
        "read_after": read_after,
    }
    return {row.sku: row.overtaken for row in await connection.execute(_RECORD, values)}


async def take_over(connection: AsyncConnection, lease: str, now: dt.datetime, *, can_write: bool) -> None:
    """What earlier leaders had in flight is written again, and what no connector could do before is tried."""
    await connection.execute(_TAKE_BACK, {"lease": lease})
    if can_write:
        await connection.execute(_REVIVE, {"now": now})


async def release(connection: AsyncConnection, pushes: Sequence[PricePush], lease: str) -> list[PricePush]:
    """Give back what was claimed but never submitted. Returns those that a newer revision has overtaken."""
    values = {"skus": sorted(push.sku for push in pushes), "lease": lease}
    newest = {row.sku: row.revision for row in await connection.execute(_RELEASE, values)}
    return [push for push in pushes if newest.get(push.sku, push.revision) > push.revision]


async def hurry(connection: AsyncConnection, now: dt.datetime) -> None:
    """End every back-off and quarantine, and begin counting failures anew: the marketplace works again."""
    await connection.execute(_HURRY, {"now": now})


async def again(
    connection: AsyncConnection,
    skus: Sequence[str] | None,
    now: dt.datetime,
    *,
    asked_at: dt.datetime | None = None,
) -> list[str]:
    """Write the newest price of these SKUs once more (None: of all); answers with those that will be.

    What was written since `asked_at` is left alone, so that a request that comes again changes nothing.
    """
    values = {"skus": skus, "now": now, "asked_at": asked_at or now}
    again = sorted((await connection.execute(_AGAIN, values)).scalars())
    if again:
        await connection.execute(_NOTIFY)
    return again

"""The table `pushes`: the newest desired revision of each SKU and how far it got.

A row's lock is always taken in the order of the SKUs, so that the handler and the pusher can't block each other.
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence
from typing import Self

from contracts import AnyEvent
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.attempts.asked import Asked, Kind
from connector_sdk.marketplace_clock import margin_ms, offset_ms
from connector_sdk.submission import Answered, cause_of

_DESIRE = text("""
with incoming as (
    select * from unnest(
        cast(:skus as text[]), cast(:external_skus as text[]), cast(:revisions as bigint[]), cast(:quantities as int[]),
        cast(:urgencies as int[]), cast(:event_ids as text[]), cast(:correlation_ids as text[]),
        cast(:traceparents as text[]), cast(:live_aboves as int[]))
    as i (sku, external_sku, revision, quantity, urgency, event_id, correlation_id, traceparent, live_above)
),
before as (
    select p.* from pushes p join incoming i using (sku) order by p.sku for update of p
),
written as (
    insert into pushes (sku, external_sku, revision, quantity, urgency, state, next_attempt_at, pending_since,
                        cause_event_id, cause_correlation_id, cause_traceparent, live_above, desired_at)
    select i.sku, i.external_sku, i.revision, i.quantity, i.urgency, 'pending', :now, :now,
           i.event_id, i.correlation_id, i.traceparent, i.live_above, :now
    from incoming i left join before b using (sku)  -- so that `before` is read first
    order by i.sku
    on conflict (sku) do update set
        external_sku = excluded.external_sku, revision = excluded.revision, quantity = excluded.quantity,
        urgency = excluded.urgency, attempts = 0, reached = false, submitted_at = null,
        last_error = case when pushes.closed then pushes.last_error end,
        live_above = excluded.live_above, closed = false, accepted_at = null, live_at = null, next_read_at = null,
        clock_offset_ms = null, margin_ms = null, desired_at = excluded.desired_at,
        -- What follows an unknown outcome, or a raise that was withdrawn, waits as long as a repeat would have; only
        -- zero never waits.
        state = case when pushes.closed and pushes.state = 'quarantined' and excluded.quantity > 0
                     then 'quarantined' else 'pending' end,
        next_attempt_at = case when pushes.closed and excluded.quantity > 0
                               then greatest(pushes.next_attempt_at, excluded.next_attempt_at)
                               else excluded.next_attempt_at end,
        -- What is in flight, or ended as unknown, is counted when its answer is recorded. A zero can't raise again.
        earlier_until = case when pushes.state = 'accepted' and pushes.quantity > 0
                             then greatest(pushes.earlier_until, pushes.accepted_at + :ceiling)
                             else pushes.earlier_until end,
        pending_since = case when pushes.state in ('pending', 'quarantined') and (pushes.reached or not pushes.closed)
                             then pushes.pending_since else excluded.pending_since end,
        cause_event_id = excluded.cause_event_id, cause_correlation_id = excluded.cause_correlation_id,
        cause_traceparent = excluded.cause_traceparent
    where excluded.revision > pushes.revision
    returning sku
)
select w.sku, b.revision as previous,
       coalesce(b.state in ('pending', 'quarantined', 'accepted') and not b.closed
                and b.in_flight_revision is distinct from b.revision, false) as is_unfinished,
       case when b.state = 'accepted'
            then coalesce(b.accepted_at, :now) + :ceiling
                 + make_interval(secs => coalesce(b.clock_offset_ms, 0) / 1000.0)
            when b.reached then :now + :ceiling end as may_go_live_until,
       b.external_sku, b.quantity, b.attempts, b.failures, b.reached, b.submitted_at,
       b.cause_event_id, b.cause_correlation_id, b.cause_traceparent
from written w left join before b using (sku)
order by w.sku
""")
_NOTIFY = text("select pg_notify('pushes_' || current_schema(), 'stock')")

_CLAIM = text("""
with due as (
    select sku from pushes
    where state in ('pending', 'quarantined') and in_flight_revision is null and next_attempt_at <= :now and not closed
      and not (select paused or account_refused is not null from channel_state)
      -- A scalar, so that only the rows that are taken are looked up, and never the whole registry.
      and (not :registered_only
           or 'offered' = (select r.state from registry r where r.external_sku = pushes.external_sku))
    order by (quantity > 0), urgency, quantity, pending_since, sku
    limit :most
    for update skip locked
)
update pushes p
set in_flight_revision = p.revision, lease = :lease, attempts = p.attempts + 1, submitted_at = :now
from due where p.sku = due.sku
returning p.sku, p.revision, p.external_sku, p.quantity, p.attempts, p.failures, p.reached, p.submitted_at,
          p.cause_event_id, p.cause_correlation_id, p.cause_traceparent, p.urgency, p.pending_since
""")

_RECORD = text("""
with answered as (
    select * from unnest(
        cast(:skus as text[]), cast(:revisions as bigint[]), cast(:states as text[]), cast(:failures as int[]),
        cast(:reached as boolean[]), cast(:errors as text[]), cast(:next_attempts as timestamptz[]),
        cast(:closed as boolean[]), cast(:lingering as boolean[]), cast(:offsets as int[]), cast(:margins as int[]))
    as a (sku, revision, state, failures, reached, error, next_attempt_at, closed, is_lingering, offset_ms, margin_ms)
),
locked as (select p.sku from pushes p join answered a using (sku) order by p.sku for update of p)
update pushes p set
    in_flight_revision = null, lease = null, failures = a.failures,
    state = case when p.revision = a.revision then a.state else p.state end,
    reached = case when p.revision = a.revision then p.reached or a.reached else p.reached end,
    last_error = case when p.revision = a.revision then a.error else p.last_error end,
    next_attempt_at = case when p.revision = a.revision then a.next_attempt_at else p.next_attempt_at end,
    closed = p.revision = a.revision and a.closed,
    accepted_at = case when p.revision = a.revision and a.state = 'accepted' then :now else p.accepted_at end,
    next_read_at = case when p.revision = a.revision and a.state = 'accepted' then :now + :read_after end,
    clock_offset_ms = case when p.revision = a.revision then a.offset_ms end,
    margin_ms = case when p.revision = a.revision then a.margin_ms end,
    earlier_until = case when a.is_lingering and (a.closed or p.revision > a.revision)
                         then greatest(p.earlier_until, :now + :ceiling) else p.earlier_until end
from answered a join locked using (sku)
where p.sku = a.sku and p.in_flight_revision = a.revision and p.lease = :lease
returning p.sku, p.revision > a.revision as overtaken
""")

_HURRY = text("""
with waiting as (
    select sku from pushes
    where state in ('pending', 'quarantined') and in_flight_revision is null
      and (next_attempt_at > :now or failures > 0)
    for update skip locked
)
update pushes p set next_attempt_at = least(p.next_attempt_at, :now), failures = 0, state = 'pending'
from waiting w where p.sku = w.sku
""")


@dc.dataclass(frozen=True, slots=True)
class Desired:
    """The newest target of one SKU. `urgency` 0 is the most urgent."""

    sku: str
    external_sku: str
    quantity: int
    revision: int
    urgency: int
    cause: AnyEvent
    live_above: int | None = None


@dc.dataclass(frozen=True, slots=True)
class Push:
    """A revision of one SKU on its way, with what happened to it so far."""

    sku: str
    revision: int
    external_sku: str
    quantity: int
    attempts: int
    failures: int
    reached: bool
    submitted_at: dt.datetime | None
    cause_event_id: str
    cause_correlation_id: str | None
    cause_traceparent: str | None
    urgency: int = 0
    pending_since: dt.datetime | None = None

    @property
    def cause(self) -> AnyEvent:
        return cause_of(self.cause_event_id, self.cause_correlation_id, self.cause_traceparent)

    @property
    def asked(self) -> Asked:
        return Asked(
            Kind.STOCK,
            self.sku,
            self.revision,
            external_sku=self.external_sku,
            quantity=self.quantity,
            correlation_id=self.cause_correlation_id,
        )

    def traced(self, traceparent: str | None) -> Self:
        return dc.replace(self, cause_traceparent=traceparent)

    def having_failed(self, failures: int) -> Self:
        return dc.replace(self, failures=failures)


@dc.dataclass(frozen=True, slots=True)
class Written:
    """A SKU whose newer target was kept: the revision known before and, if that had not ended yet, its row.

    `may_go_live_until`: None if what was known before was never submitted.
    """

    sku: str
    previous: int | None
    unfinished: Push | None
    may_go_live_until: dt.datetime | None


@dc.dataclass(frozen=True, slots=True)
class Patience:
    """`ceiling`: from accepted to live at the longest. `read_after`: from accepted to the first reading."""

    ceiling: dt.timedelta = dt.timedelta(seconds=600)
    read_after: dt.timedelta = dt.timedelta(seconds=60)


def urgency_order(push: Push) -> tuple[bool, int, int, float, str]:
    """The order of the claim: to zero, then by urgency, then the lowest stock, then the oldest."""
    since = push.pending_since.timestamp() if push.pending_since else 0.0
    return (push.quantity > 0, push.urgency, push.quantity, since, push.sku)


async def desire(
    connection: AsyncConnection, desired: Sequence[Desired], now: dt.datetime, patience: Patience
) -> list[Written]:
    """Keep what is newer than what is known and wake the pusher at the commit; a replayed target changes nothing.

    `desired` holds each SKU once. Returns the SKUs that were written. A revision in flight is not unfinished: its
    answer is still to come. One that was accepted is: nobody will look any more whether it went live.
    """
    rows = sorted(desired, key=lambda d: d.sku)
    result = await connection.execute(
        _DESIRE,
        {
            "skus": [d.sku for d in rows],
            "external_skus": [d.external_sku for d in rows],
            "revisions": [d.revision for d in rows],
            "quantities": [d.quantity for d in rows],
            "urgencies": [d.urgency for d in rows],
            "event_ids": [d.cause.id for d in rows],
            "correlation_ids": [d.cause.correlationid or d.cause.id for d in rows],
            "traceparents": [d.cause.traceparent for d in rows],
            "live_aboves": [d.live_above for d in rows],
            "now": now,
            "ceiling": patience.ceiling,
        },
    )
    written = [
        Written(
            row.sku,
            row.previous,
            Push(row.sku, row.previous, *row[4:]) if row.is_unfinished else None,
            row.may_go_live_until,
        )
        for row in result
    ]
    if written:
        await connection.execute(_NOTIFY)
    return written


async def claim(
    connection: AsyncConnection, most: int, lease: str, now: dt.datetime, *, registered_only: bool = False
) -> list[Push]:
    """Put the most urgent due rows in flight, at most `most`; none while the channel is paused.

    With `registered_only` none but those of listings that were looked up and may be written.
    """
    values = {"most": most, "lease": lease, "now": now, "registered_only": registered_only}
    result = await connection.execute(_CLAIM, values)
    return sorted((Push(*row) for row in result), key=urgency_order)


async def record(
    connection: AsyncConnection, answered: Sequence[Answered[Push]], lease: str, now: dt.datetime, patience: Patience
) -> dict[str, bool]:
    """Note the answers to calls of this lease. Returns, for each SKU noted, whether a newer revision has come."""
    result = await connection.execute(
        _RECORD,
        {
            "skus": [a.push.sku for a in answered],
            "revisions": [a.push.revision for a in answered],
            "states": [a.state for a in answered],
            "failures": [a.failures for a in answered],
            "reached": [a.reached for a in answered],
            "errors": [a.error for a in answered],
            "next_attempts": [a.next_attempt_at for a in answered],
            "closed": [a.closed for a in answered],
            "lingering": [a.reached and a.push.quantity > 0 for a in answered],
            "offsets": [offset_ms(a.clock) for a in answered],
            "margins": [margin_ms(a.clock) for a in answered],
            "lease": lease,
            "now": now,
            "ceiling": patience.ceiling,
            "read_after": patience.read_after,
        },
    )
    return {row.sku: row.overtaken for row in result}


async def hurry(connection: AsyncConnection, now: dt.datetime) -> None:
    """End every back-off and quarantine, and begin counting failures anew: the marketplace works again.

    A row that is locked is passed over: its transaction makes it due by itself.
    """
    await connection.execute(_HURRY, {"now": now})

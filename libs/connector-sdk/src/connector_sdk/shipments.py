"""The table `shipments`: each parcel as it was told last, and how far its confirmation got.

The same parcel may be confirmed again without harm, so a row goes on until its answer is known. A row's lock is always
taken in the order of (order, parcel).
"""

import dataclasses as dc
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from contracts import AnyEvent, CloudEvent, OrderShipped, Package
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.attempts.asked import Asked, Kind
from connector_sdk.submission import Answered, State, cause_of

Key = tuple[str, str]
"""(external order id, package id)."""

_COLUMNS = """
    s.external_order_id, s.package_id, s.package, s.version, s.attempts, s.failures, s.submitted_at, s.is_unknown_told,
    s.pending_since, s.cause_event_id, s.cause_correlation_id, s.cause_traceparent
"""
_KNOWN = text(f"""
select {_COLUMNS}, s.told_at, s.told_by, s.state, s.lease is not null as is_in_flight
from shipments s join unnest(cast(:orders as text[]), cast(:packages as text[])) as i (external_order_id, package_id)
using (external_order_id, package_id)
order by s.external_order_id, s.package_id for update of s
""")  # noqa: S608 - constants
_TELL = text("""
insert into shipments (external_order_id, package_id, package, version, told_at, told_by, state, next_attempt_at,
                       pending_since, cause_event_id, cause_correlation_id, cause_traceparent)
select i.external_order_id, i.package_id, cast(i.package as jsonb), i.version, i.told_at, i.told_by,
       cast(:state as text), :now, :now, i.told_by, i.correlation_id, i.traceparent
from unnest(
    cast(:orders as text[]), cast(:package_ids as text[]), cast(:packages as text[]), cast(:versions as int[]),
    cast(:told_ats as timestamptz[]), cast(:told_bys as text[]), cast(:correlation_ids as text[]),
    cast(:traceparents as text[]))
as i (external_order_id, package_id, package, version, told_at, told_by, correlation_id, traceparent)
order by i.external_order_id, i.package_id
on conflict (external_order_id, package_id) do update set
    package = excluded.package, version = excluded.version, told_at = excluded.told_at, told_by = excluded.told_by,
    state = excluded.state, attempts = 0, failures = 0, is_unknown_told = false, submitted_at = null,
    answered_at = null, last_error = null, next_attempt_at = excluded.next_attempt_at,
    pending_since = excluded.pending_since, cause_event_id = excluded.cause_event_id,
    cause_correlation_id = excluded.cause_correlation_id, cause_traceparent = excluded.cause_traceparent
""")
_SAME_AGAIN = text("""
update shipments s set told_at = i.told_at, told_by = i.told_by
from unnest(cast(:orders as text[]), cast(:package_ids as text[]), cast(:told_ats as timestamptz[]),
            cast(:told_bys as text[])) as i (external_order_id, package_id, told_at, told_by)
where (s.external_order_id, s.package_id) = (i.external_order_id, i.package_id)
""")
_NOTIFY = text("select pg_notify('pushes_' || current_schema(), 'shipments')")
_CLAIM = text(f"""
with due as (
    select external_order_id, package_id from shipments
    where state in ('pending', 'quarantined') and lease is null and next_attempt_at <= :now
      and not (select paused from channel_state)
    order by pending_since, external_order_id, package_id limit :most for update skip locked
)
update shipments s set lease = :lease, attempts = s.attempts + 1, submitted_at = :now
from due left join shipped_elsewhere e using (external_order_id)
where (s.external_order_id, s.package_id) = (due.external_order_id, due.package_id)
returning {_COLUMNS}, e.reason
""")  # noqa: S608 - constants
_RECORD = text("""
with answered as (
    select * from unnest(
        cast(:orders as text[]), cast(:packages as text[]), cast(:versions as int[]), cast(:states as text[]),
        cast(:failures as int[]), cast(:are_unknown as boolean[]), cast(:errors as text[]),
        cast(:next_attempts as timestamptz[]))
    as a (external_order_id, package_id, version, state, failures, is_unknown, error, next_attempt_at)
),
locked as (
    select s.external_order_id, s.package_id, s.version = a.version as is_newest
    from shipments s join answered a using (external_order_id, package_id)
    where s.lease = :lease order by s.external_order_id, s.package_id for update of s
)
update shipments s set
    lease = null,
    state = case when l.is_newest then a.state else s.state end,
    failures = case when l.is_newest then a.failures else s.failures end,
    is_unknown_told = s.is_unknown_told or l.is_newest and a.is_unknown,
    last_error = case when l.is_newest then a.error else s.last_error end,
    next_attempt_at = case when l.is_newest then a.next_attempt_at else s.next_attempt_at end,
    answered_at = case when l.is_newest then :now else s.answered_at end
from answered a join locked l using (external_order_id, package_id)
where (s.external_order_id, s.package_id) = (a.external_order_id, a.package_id)
returning s.external_order_id, s.package_id, not l.is_newest as overtaken
""")
_TAKE_BACK = text("update shipments set lease = null where lease is distinct from :lease and lease is not null")
_RELEASE = text("""
with given_back as (
    select s.external_order_id, s.package_id, i.version, s.version = i.version as is_newest
    from shipments s
    join unnest(cast(:orders as text[]), cast(:packages as text[]), cast(:versions as int[]))
    as i (external_order_id, package_id, version) using (external_order_id, package_id)
    where lease = :lease order by s.external_order_id, s.package_id for update of s
)
update shipments s set lease = null,
    attempts = case when g.is_newest then greatest(s.attempts - 1, 0) else s.attempts end
from given_back g where (s.external_order_id, s.package_id) = (g.external_order_id, g.package_id)
returning s.external_order_id, s.package_id, not g.is_newest as overtaken
""")
_HURRY = text("""
with waiting as (
    select external_order_id, package_id from shipments
    where state in ('pending', 'quarantined') and lease is null and (next_attempt_at > :now or failures > 0)
    for update skip locked
)
update shipments s set next_attempt_at = least(s.next_attempt_at, :now), failures = 0, state = 'pending'
from waiting w where (s.external_order_id, s.package_id) = (w.external_order_id, w.package_id)
""")
_AGAIN = text("""
with asked as (
    select external_order_id, package_id from shipments
    where external_order_id = :order and (cast(:package as text) is null or package_id = :package)
    order by external_order_id, package_id for update
)
update shipments s set next_attempt_at = :now, failures = 0, last_error = null,
    version = case when s.state in ('pending', 'quarantined') then s.version else s.version + 1 end,
    attempts = case when s.state in ('pending', 'quarantined') then s.attempts else 0 end,
    is_unknown_told = s.is_unknown_told and s.state in ('pending', 'quarantined'),
    pending_since = case when s.state in ('pending', 'quarantined') then s.pending_since else :now end,
    state = 'pending'
from asked a where (s.external_order_id, s.package_id) = (a.external_order_id, a.package_id)
returning s.package_id
""")
_FORGET_ELSEWHERE = text("delete from shipped_elsewhere where external_order_id = any(cast(:orders as text[]))")
_NOTE_ELSEWHERE = text("""
insert into shipped_elsewhere (external_order_id, reason)
select * from unnest(cast(:orders as text[]), cast(:reasons as text[])) as i (external_order_id, reason)
order by external_order_id
on conflict (external_order_id) do update set reason = excluded.reason
""")


@dc.dataclass(frozen=True, slots=True)
class ShipmentPush:
    """A version of one parcel on its way, with what happened to it so far.

    `elsewhere`: why this order's parcels are not confirmed in this way at all, where that is known.
    """

    external_order_id: str
    package: Package
    version: int
    attempts: int
    failures: int
    submitted_at: dt.datetime | None
    is_unknown_told: bool
    pending_since: dt.datetime
    cause_event_id: str
    cause_correlation_id: str | None
    cause_traceparent: str | None
    elsewhere: str | None = None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """Of the columns that name it."""
        external_order_id, _, package, *rest = row
        return cls(external_order_id, Package.model_validate(package), *rest)

    @property
    def key(self) -> Key:
        return self.external_order_id, self.package.package_id

    @property
    def sku(self) -> str:
        """What the pusher calls whatever it works on; here a parcel's name."""
        return "/".join(self.key)

    @property
    def external_sku(self) -> str:
        return self.sku

    @property
    def revision(self) -> int:
        return self.version

    @property
    def cause(self) -> AnyEvent:
        return cause_of(self.cause_event_id, self.cause_correlation_id, self.cause_traceparent)

    @property
    def asked(self) -> Asked:
        order, package, cause = *self.key, self.cause_correlation_id
        return Asked(
            Kind.SHIPMENT, self.sku, self.version, external_order_id=order, package_id=package, correlation_id=cause
        )

    def traced(self, traceparent: str | None) -> Self:
        return dc.replace(self, cause_traceparent=traceparent)

    def having_failed(self, failures: int) -> Self:
        return dc.replace(self, failures=failures)


@dc.dataclass(frozen=True, slots=True)
class Known:
    """A parcel that was told before."""

    push: ShipmentPush
    told_at: dt.datetime
    told_by: str
    state: State
    is_in_flight: bool


@dc.dataclass(frozen=True, slots=True)
class Told:
    """A parcel as an event tells it."""

    event: CloudEvent[OrderShipped]
    package: Package
    version: int = 1

    @property
    def key(self) -> Key:
        return self.event.data.external_order_id, self.package.package_id

    @property
    def order(self) -> tuple[dt.datetime, str]:
        """Which of two events counts: the later one; of two at the same time always the same one."""
        return self.event.time, self.event.id


async def known(connection: AsyncConnection, keys: Iterable[Key]) -> dict[Key, Known]:
    """What is known of these parcels; their rows are locked."""
    wanted = sorted(set(keys))
    values = {"orders": [order for order, _ in wanted], "packages": [package for _, package in wanted]}
    found = [
        Known(ShipmentPush.of(row[:-4]), row.told_at, row.told_by, State(row.state), row.is_in_flight)
        for row in await connection.execute(_KNOWN, values)
    ]
    return {each.push.key: each for each in found}


async def tell(connection: AsyncConnection, told: Sequence[Told], state: State, now: dt.datetime) -> None:
    """Keep these versions and wake the pusher at the commit. `told` holds each parcel once.

    A version in flight goes on: its answer is still to come, and the new one waits for it.
    """
    rows = sorted(told, key=lambda each: each.key)
    if not rows:
        return
    values = {
        "orders": [each.key[0] for each in rows],
        "package_ids": [each.key[1] for each in rows],
        "packages": [each.package.model_dump_json() for each in rows],
        "versions": [each.version for each in rows],
        "told_ats": [each.event.time for each in rows],
        "told_bys": [each.event.id for each in rows],
        "correlation_ids": [each.event.correlationid or each.event.id for each in rows],
        "traceparents": [each.event.traceparent for each in rows],
        "state": state,
        "now": now,
    }
    await connection.execute(_TELL, values)
    await connection.execute(_NOTIFY)


async def told_the_same(connection: AsyncConnection, told: Sequence[Told]) -> None:
    """Note that a newer event says what is known."""
    values = {
        "orders": [each.key[0] for each in told],
        "package_ids": [each.key[1] for each in told],
        "told_ats": [each.event.time for each in told],
        "told_bys": [each.event.id for each in told],
    }
    if told:
        await connection.execute(_SAME_AGAIN, values)


async def claim(connection: AsyncConnection, most: int, lease: str, now: dt.datetime) -> list[ShipmentPush]:
    """Put those that have waited longest in flight, at most `most`; none while the channel is paused."""
    result = await connection.execute(_CLAIM, {"most": most, "lease": lease, "now": now})
    return [ShipmentPush.of(row) for row in result]


async def record(
    connection: AsyncConnection,
    answered: Sequence[Answered[ShipmentPush]],
    unknown: Iterable[Key],
    lease: str,
    now: dt.datetime,
) -> dict[Key, bool]:
    """Note the answers to calls of this lease; `unknown` are told to be. Returns whether a newer version has come."""
    are_unknown = set(unknown)
    values = _keys([a.push for a in answered]) | {
        "states": [a.state for a in answered],
        "failures": [a.failures for a in answered],
        "are_unknown": [a.push.key in are_unknown for a in answered],
        "errors": [a.error for a in answered],
        "next_attempts": [a.next_attempt_at for a in answered],
        "lease": lease,
        "now": now,
    }
    rows = await connection.execute(_RECORD, values)
    return {(row.external_order_id, row.package_id): row.overtaken for row in rows}


async def take_over(connection: AsyncConnection, lease: str) -> None:
    """What earlier leaders had in flight is confirmed again."""
    await connection.execute(_TAKE_BACK, {"lease": lease})


async def release(connection: AsyncConnection, pushes: Sequence[ShipmentPush], lease: str) -> list[ShipmentPush]:
    """Give back what was claimed but never submitted. Returns those that a newer version has overtaken."""
    rows = await connection.execute(_RELEASE, _keys(pushes) | {"lease": lease})
    overtaken = {(row.external_order_id, row.package_id) for row in rows if row.overtaken}
    return [push for push in pushes if push.key in overtaken]


async def hurry(connection: AsyncConnection, now: dt.datetime) -> None:
    """End every back-off and quarantine, and begin counting failures anew: the marketplace works again."""
    await connection.execute(_HURRY, {"now": now})


async def again(
    connection: AsyncConnection, external_order_id: str, package_id: str | None, now: dt.datetime
) -> list[str]:
    """Confirm an order's parcels once more, or one of them; answers with those that will be."""
    values = {"order": external_order_id, "package": package_id, "now": now}
    await connection.execute(_FORGET_ELSEWHERE, {"orders": [external_order_id]})
    asked = sorted((await connection.execute(_AGAIN, values)).scalars())
    if asked:
        await connection.execute(_NOTIFY)
    return asked


async def note_elsewhere(connection: AsyncConnection, reasons: Mapping[str, str]) -> None:
    """Remember orders whose parcels are not confirmed in this way, by order id, each with the reason."""
    orders = sorted(reasons)
    if orders:
        await connection.execute(_NOTE_ELSEWHERE, {"orders": orders, "reasons": [reasons[each] for each in orders]})


def _keys(pushes: Sequence[ShipmentPush]) -> dict[str, Any]:
    return {
        "orders": [push.external_order_id for push in pushes],
        "packages": [push.package.package_id for push in pushes],
        "versions": [push.version for push in pushes],
    }

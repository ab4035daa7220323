"""Withdraws raises that can't be submitted, so that what they would have offered can be sold elsewhere.

A raise is a target above zero; a zero waits however long it takes. Only what was provably never submitted is
withdrawn. While the marketplace refuses us, the one target stays that comes first: it is how we learn that it accepts
us again.
"""

import dataclasses as dc
import datetime as dt

from runtime.work import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk import applied
from connector_sdk.account import Account
from connector_sdk.leader import STANDBY_SECONDS, Leader
from connector_sdk.pushes import Push

_ROUND_SECONDS = 1.0
_MOST = 500
_WITHDRAW = text("""
with stopped as (
    select paused or account_refused is not null as paused, stopped_since <= :since as is_long,
           case when paused then 'the channel is paused' else 'the marketplace refuses us' end as reason
    from channel_state
),
probe as (
    select sku from pushes where state in ('pending', 'quarantined') and not closed
    order by (quantity > 0), urgency, quantity, pending_since, sku limit 1
),
hopeless as (
    select p.sku, case when s.is_long then s.reason else 'the listing is quarantined' end as reason
    from pushes p cross join stopped s
    where p.state in ('pending', 'quarantined') and p.quantity > 0 and not p.reached and not p.closed
      and p.in_flight_revision is null and coalesce(p.desired_at, p.pending_since) <= :since
      and (p.state = 'quarantined' and p.next_attempt_at > :now
           or s.is_long and (s.paused or p.sku is distinct from (select sku from probe)))
    order by p.sku limit :most
    for update of p skip locked
)
update pushes p set closed = true from hopeless h where p.sku = h.sku
returning h.reason, p.sku, p.revision, p.external_sku, p.quantity, p.attempts, p.failures, p.reached, p.submitted_at,
          p.cause_event_id, p.cause_correlation_id, p.cause_traceparent
""")


@dc.dataclass(frozen=True, slots=True)
class Withdrawn:
    push: Push
    reason: str


class Withdrawal:
    """One round is `step`. Works only while this process leads the account."""

    def __init__(self, account: Account, worker: Worker, leader: Leader, grace: dt.timedelta) -> None:
        """`grace`: how long the channel must have stood still, and the revision have waited."""
        self._account = account
        self._worker = worker
        self._leader = leader
        self._grace = grace

    async def step(self) -> float:
        if await self._leader.lead() is None:
            return STANDBY_SECONDS
        async with self._worker.begin() as work:
            found = await withdraw(work.connection, work.now, self._grace)
            for each in found:
                told = applied.withdrawn(self._account.channel, each.push, each.reason)
                work.publish(told, cause=each.push.cause)
        return 0.0 if len(found) == _MOST else _ROUND_SECONDS


async def withdraw(connection: AsyncConnection, now: dt.datetime, grace: dt.timedelta) -> list[Withdrawn]:
    """Close the raises that can't be submitted: they never will be, under their revision."""
    result = await connection.execute(_WITHDRAW, {"now": now, "since": now - grace, "most": _MOST})
    return [Withdrawn(Push(*row[1:]), row.reason) for row in result]

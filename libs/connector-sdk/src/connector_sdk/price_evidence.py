"""What is known of prices between accepted and live, in the table `price_pushes`."""

import dataclasses as dc
import datetime as dt
import enum
from collections.abc import Sequence
from typing import Any

from contracts import Money
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.marketplace import Reading

_DUE = text("""
with due as (
    select sku from price_pushes where state = 'accepted' and next_read_at <= :now
    order by next_read_at, sku limit :most for update skip locked
)
update price_pushes p set next_read_at = :now + :pause
from due where p.sku = due.sku
returning p.sku, p.external_sku, p.revision, p.amount, p.currency, p.attempts, p.failures, p.submitted_at,
          p.accepted_at + :ceiling as passes_at
""")
_SETTLE = text("""
with judged as (
    select * from unnest(
        cast(:skus as text[]), cast(:revisions as bigint[]), cast(:states as text[]), cast(:failures as int[]),
        cast(:moments as timestamptz[]), cast(:errors as text[]), cast(:next_attempts as timestamptz[]))
    as j (sku, revision, state, failures, live_at, error, next_attempt_at)
),
locked as (select p.sku from price_pushes p join judged j using (sku) order by p.sku for update of p)
update price_pushes p set state = j.state, failures = j.failures, live_at = j.live_at, last_error = j.error,
    next_attempt_at = j.next_attempt_at, next_read_at = null,
    pending_since = case when j.state = 'live' then p.pending_since else :now end
from judged j join locked using (sku)
where p.sku = j.sku and p.revision = j.revision and p.state = 'accepted'
returning p.sku
""")


class Shows(enum.Enum):
    """What a reading says of a price that was accepted."""

    OURS = enum.auto()
    ANOTHER = enum.auto()
    NOTHING = enum.auto()


@dc.dataclass(frozen=True, slots=True)
class SentPrice:
    """A price that was accepted. From `passes_at` on it is taken as live if no reading shows another one."""

    sku: str
    external_sku: str
    revision: int
    price: Money
    attempts: int
    failures: int
    submitted_at: dt.datetime | None
    passes_at: dt.datetime


@dc.dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of it: live since `live_at`, else to be written again from `next_attempt_at` on.

    `proof`: the reading that shows it, where one does.
    """

    sent: SentPrice
    state: str
    failures: int
    next_attempt_at: dt.datetime
    live_at: dt.datetime | None = None
    proof: Reading | None = None
    error: str | None = None


def what_is_shown(sent: SentPrice, reading: Reading) -> Shows:
    """Another price proves that ours is not live, unless a discount may explain it."""
    if reading.price == sent.price:
        return Shows.OURS
    return Shows.NOTHING if reading.price is None or reading.is_discounted else Shows.ANOTHER


async def due(
    connection: AsyncConnection, now: dt.datetime, pause: dt.timedelta, ceiling: dt.timedelta, most: int
) -> list[SentPrice]:
    """What a reading could prove now, or the ceiling; it is due again after `pause`."""
    rows = await connection.execute(_DUE, {"now": now, "pause": pause, "ceiling": ceiling, "most": most})
    return [_sent(row) for row in rows]


async def settle(connection: AsyncConnection, judged: Sequence[Judged], now: dt.datetime) -> set[str]:
    """Keep what became of them. Answers with the SKUs of which it is still the newest word."""
    rows = sorted(judged, key=lambda each: each.sent.sku)
    values = {
        "skus": [each.sent.sku for each in rows],
        "revisions": [each.sent.revision for each in rows],
        "states": [each.state for each in rows],
        "failures": [each.failures for each in rows],
        "moments": [each.live_at for each in rows],
        "errors": [each.error for each in rows],
        "next_attempts": [each.next_attempt_at for each in rows],
        "now": now,
    }
    return set((await connection.execute(_SETTLE, values)).scalars())


def _sent(row: Any) -> SentPrice:  # noqa: ANN401 - a row of `_DUE`
    return SentPrice(
        row.sku,
        row.external_sku,
        row.revision,
        Money(amount=row.amount, currency=row.currency),
        row.attempts,
        row.failures,
        row.submitted_at,
        row.passes_at,
    )

"""What holds a channel's watermark: while an order or a sale is set aside, not everything of the channel is known."""

import dataclasses as dc
import datetime as dt
from collections.abc import Callable, Sequence

from contracts import dead_letter as header
from contracts.replayed import original_offset
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.logs import get_logger
from runtime.metrics import WATERMARK_HOLDS_EXPIRED
from runtime.records import Record
from runtime.work import Work

_RELEASE = text("""
delete from watermark_holds where hold = any(cast(:holds as text[]))
""")
_DISCARD = text("""
insert into discarded_holds (hold) select unnest(cast(:holds as text[])) on conflict (hold) do nothing
""")
_HOLD = text("""
insert into watermark_holds (hold, channel, reason, since, expired_at)
select * from unnest(
    cast(:holds as text[]), cast(:channels as text[]), cast(:reasons as text[]), cast(:since as timestamptz[]),
    cast(:expired_at as timestamptz[])) as w (hold)
where not exists (select from discarded_holds d where d.hold = w.hold)
on conflict (hold) do nothing
""")
_EXPIRE = text("""
update watermark_holds set expired_at = :now where expired_at is null and since < :oldest
returning hold, channel, reason, since
""")
_HELD = text("""
select c.channel from unnest(cast(:channels as text[])) as c (channel)
where exists (
    select from watermark_holds h where h.expired_at is null and (h.channel = c.channel or h.channel is null))
""")

_READ = text("select hold, channel, reason, since, expired_at from watermark_holds order by since, hold")
_EXPIRED = text("""
select c.channel from unnest(cast(:channels as text[])) as c (channel)
where exists (
    select from watermark_holds h where h.expired_at is not null and (h.channel = c.channel or h.channel is null))
""")

ChannelOf = Callable[[Record], str | None]
"""The channel that a record speaks of; None where it can't be told."""

_log = get_logger(__name__)


@dc.dataclass(frozen=True, slots=True)
class Hold:
    """`name` is its own; `channel` None holds every channel. One that has run out holds no more, but still shows."""

    name: str
    channel: str | None
    reason: str
    since: dt.datetime
    expired_at: dt.datetime | None = None


class Holds:
    """Dead letters hold their channel's watermark, or every channel's where theirs can't be told.

    A letter that is sent again lets go (and holds again if it fails again). A record that is replayed stands for its
    original: what was discarded of that one does not hold for a copy either. After `longest` the watermark passes all
    the same; log and metric say so, and the hold stays in the table until what it stands for is resolved.
    """

    def __init__(self, channel_of: ChannelOf, topics: Sequence[str], longest: dt.timedelta) -> None:
        self._channel_of = channel_of
        self._topics = frozenset(topics)
        self._longest = longest

    async def settle(self, records: Sequence[Record], work: Work) -> None:
        """Let go what `records` bring back, and hold for what the work sets aside; within the work's transaction."""
        back = [_hold_of_original(record) for record in records if header.ORIGINAL_TOPIC in record.headers]
        if back:
            await release(work.connection, back)
        aside = [(record, reason) for record, reason in work.dead_letters if record.topic in self._topics]
        if aside:
            await hold(work.connection, [self._of(record, reason, work.now) for record, reason in aside])

    async def held(self, work: Work, channels: Sequence[str]) -> set[str]:
        """Those of `channels` that must not advance."""
        oldest = work.now - self._longest
        for row in await work.connection.execute(_EXPIRE, {"now": work.now, "oldest": oldest}):
            channel = row.channel or "any"
            work.count(WATERMARK_HOLDS_EXPIRED, channel=channel)
            _log.error(
                "a watermark's hold has run out: sales of it may be counted too late",
                channel=channel,
                hold=row.hold,
                reason=row.reason,
                since=row.since.isoformat(),
            )
        return set((await work.connection.execute(_HELD, {"channels": list(channels)})).scalars())

    def _of(self, record: Record, reason: str, now: dt.datetime) -> Hold:
        name = letter_hold(record.topic, record.partition, original_offset(record.headers, str(record.offset)))
        return Hold(name, self._channel_of(record), reason, _first_failure(record) or now)


async def hold(connection: AsyncConnection, holds: Sequence[Hold]) -> None:
    """One that is there already stays as it is, and one that was discarded does not come back."""
    await connection.execute(
        _HOLD,
        {
            "holds": [each.name for each in holds],
            "channels": [each.channel for each in holds],
            "reasons": [each.reason for each in holds],
            "since": [each.since for each in holds],
            "expired_at": [each.expired_at for each in holds],
        },
    )


async def release(connection: AsyncConnection, names: Sequence[str]) -> int:
    """Let go what holds under these names, run out or not. How many there were."""
    return (await connection.execute(_RELEASE, {"holds": sorted(set(names))})).rowcount


async def discard(connection: AsyncConnection, names: Sequence[str]) -> int:
    """Let go what holds under these names, for good: a replay does not bring it back. How many held."""
    await connection.execute(_DISCARD, {"holds": sorted(set(names))})
    return await release(connection, names)


async def read(connection: AsyncConnection) -> list[Hold]:
    """All there are, the oldest first."""
    return [Hold(*row) for row in await connection.execute(_READ)]


async def passed_over(connection: AsyncConnection, channels: Sequence[str]) -> set[str]:
    """Those of `channels` whose watermark goes on though something of them is still set aside: a hold has run out."""
    return set((await connection.execute(_EXPIRED, {"channels": list(channels)})).scalars())


def letter_hold(topic: str, partition: int | str, offset: int | str) -> str:
    """The name under which the record that lay there holds, once it is a dead letter."""
    return f"{topic}/{partition}/{offset}"


def _hold_of_original(record: Record) -> str:
    topic, partition, offset = (
        record.headers.get(name, "")
        for name in (header.ORIGINAL_TOPIC, header.ORIGINAL_PARTITION, header.ORIGINAL_OFFSET)
    )
    return letter_hold(topic, partition, original_offset(record.headers, offset))


def _first_failure(record: Record) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(record.headers[header.FIRST_FAILURE])
    except (KeyError, ValueError):
        return None
    return moment if moment.tzinfo else None

"""What a dead letter holds up: as long as a channel's order or sale is set aside, not everything of it is known."""

import datetime as dt
from collections.abc import Callable, Sequence

from contracts import dead_letter as header
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.logs import get_logger
from runtime.records import Record
from runtime.work import Work

_RELEASE = text("""
delete from watermark_holds where hold = any(cast(:holds as text[]))
""")
_HOLD = text("""
insert into watermark_holds (hold, channel, reason, since)
select * from unnest(
    cast(:holds as text[]), cast(:channels as text[]), cast(:reasons as text[]), cast(:since as timestamptz[]))
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

ChannelOf = Callable[[Record], str | None]
"""The channel that a record speaks of; None where it can't be told."""

_log = get_logger(__name__)


class Holds:
    """Dead letters hold their channel's watermark, or every channel's where theirs can't be told.

    A letter that is sent again lets go (and holds again if it fails again). After `longest` the watermark passes all
    the same, and the log says so.
    """

    def __init__(self, channel_of: ChannelOf, topics: Sequence[str], longest: dt.timedelta) -> None:
        self._channel_of = channel_of
        self._topics = frozenset(topics)
        self._longest = longest

    async def settle(self, records: Sequence[Record], work: Work) -> None:
        """Let go what `records` bring back, and hold for what the work sets aside; within the work's transaction."""
        back = [_hold_of_original(record) for record in records if header.ORIGINAL_TOPIC in record.headers]
        if back:
            await work.connection.execute(_RELEASE, {"holds": back})
        aside = [(record, reason) for record, reason in work.dead_letters if record.topic in self._topics]
        if aside:
            await work.connection.execute(
                _HOLD,
                {
                    "holds": [_hold_of(record.topic, record.partition, record.offset) for record, _ in aside],
                    "channels": [self._channel_of(record) for record, _ in aside],
                    "reasons": [reason for _, reason in aside],
                    "since": [_first_failure(record) or work.now for record, _ in aside],
                },
            )

    async def held(self, connection: AsyncConnection, channels: Sequence[str], now: dt.datetime) -> set[str]:
        """Those of `channels` that must not advance."""
        expired = await connection.execute(_EXPIRE, {"now": now, "oldest": now - self._longest})
        for row in expired:
            _log.error(
                "watermark passes a dead letter: sales of it may be counted too late",
                channel=row.channel or "any",
                letter=row.hold,
                reason=row.reason,
                since=row.since.isoformat(),
            )
        return set((await connection.execute(_HELD, {"channels": list(channels)})).scalars())


def _hold_of(topic: str, partition: int | str, offset: int | str) -> str:
    return f"{topic}/{partition}/{offset}"


def _hold_of_original(record: Record) -> str:
    names = (header.ORIGINAL_TOPIC, header.ORIGINAL_PARTITION, header.ORIGINAL_OFFSET)
    return _hold_of(*(record.headers.get(name, "") for name in names))


def _first_failure(record: Record) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(record.headers[header.FIRST_FAILURE])
    except (KeyError, ValueError):
        return None
    return moment if moment.tzinfo else None

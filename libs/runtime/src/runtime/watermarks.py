"""Up to when everything of a channel is known: the minimum over the partitions of a topic.

A watermark says "all that happened on this channel up to `known_until` precedes me", in each partition on its own. So
nothing is known for all partitions before each has had one.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence

from contracts import OrdersWatermark
from sqlalchemy import text

from runtime.records import Delivery
from runtime.work import Work

_LOCK = text("""
with new as (
    insert into channel_watermarks (channel) select unnest(cast(:channels as text[]))
    on conflict (channel) do nothing
)
select channel from channel_watermarks where channel = any(cast(:channels as text[])) order by channel for update
""")
_KEEP = text("""
insert into partition_watermarks as p (channel, partition, known_until)
select * from unnest(cast(:channels as text[]), cast(:partitions as int[]), cast(:moments as timestamptz[]))
on conflict (channel, partition) do update set known_until = excluded.known_until
where excluded.known_until > p.known_until
""")
_RISE = text("""
update channel_watermarks c set known_until = m.lowest, moved_at = :now
from (
    select channel, min(known_until) as lowest from partition_watermarks
    where channel = any(cast(:channels as text[])) and partition < :partitions
    group by channel having count(*) = :partitions
) m
where c.channel = m.channel and m.lowest > coalesce(c.known_until, '-infinity')
returning c.channel, c.known_until
""")

IsHeld = Callable[[Work, Sequence[str]], Awaitable[set[str]]]
"""Which of these channels must not advance now."""


def newest(deliveries: Sequence[Delivery[OrdersWatermark]]) -> dict[str, Delivery[OrdersWatermark]]:
    """The one of each channel that is known furthest; of equal ones the last."""
    return {each.data.channel: each for each in sorted(deliveries, key=lambda each: each.data.known_until)}


class Watermarks:
    """The watermarks of one topic, kept in the service's schema (see `runtime.tables.create_watermarks`)."""

    def __init__(self, partitions: int, is_held: IsHeld) -> None:
        """`is_held` is asked each time: while a channel is held, its watermarks are passed over."""
        self._partitions = partitions
        self._is_held = is_held

    async def note(self, deliveries: Sequence[Delivery[OrdersWatermark]], work: Work) -> dict[str, dt.datetime]:
        """Keep the newest of each partition; answers with the channels that are known further now, and up to when.

        An old watermark that is replayed changes nothing. Replicas that note other partitions of a channel at the same
        time wait for each other, so that one of them sees the minimum rise.
        """
        told: dict[tuple[str, int], dt.datetime] = {}
        for delivery in deliveries:
            key = (delivery.data.channel, delivery.record.partition)
            told[key] = max(delivery.data.known_until, told.get(key, delivery.data.known_until))
        channels = sorted({channel for channel, _ in told})
        await work.connection.execute(_LOCK, {"channels": channels})
        held = await self._is_held(work, channels)
        free = sorted(key for key in told if key[0] not in held)
        if not free:
            return {}
        await work.connection.execute(
            _KEEP,
            {
                "channels": [channel for channel, _ in free],
                "partitions": [partition for _, partition in free],
                "moments": [told[key] for key in free],
            },
        )
        risen = await work.connection.execute(
            _RISE, {"channels": channels, "partitions": self._partitions, "now": work.now}
        )
        return {row.channel: row.known_until for row in risen}

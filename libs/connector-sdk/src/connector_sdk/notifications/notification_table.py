"""The tables `notifications` and `unusable_notifications`: which were taken in, and which could not be."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.notifications.notification_queue import Notification, UnreadableMessage

KEEP = dt.timedelta(days=15)
"""How long an id is known. No queue of ours keeps a message for longer than 14 days."""

_REMEMBER = text("""
insert into notifications (notification_id, topic, subject, received_at)
select id, topic, subject, :now from unnest(
    cast(:ids as text[]), cast(:topics as text[]), cast(:subjects as text[])) as n (id, topic, subject)
on conflict (notification_id) do nothing
returning notification_id
""")
_SET_ASIDE = text("""
insert into unusable_notifications (message_id, reason, body, first_seen_at)
select id, reason, body, :now from unnest(
    cast(:ids as text[]), cast(:reasons as text[]), cast(:bodies as text[])) as u (id, reason, body)
on conflict (message_id) do nothing
returning message_id
""")
_BEGIN = text("insert into notification_source (since) values (:now) on conflict do nothing")
_FORGET = text("delete from notifications where received_at < :before")
_UNUSABLE = text("select count(*) from unusable_notifications")


async def remember(
    connection: AsyncConnection, notifications: Sequence[Notification], now: dt.datetime
) -> list[Notification]:
    """Returns those that were not known before, each once."""
    by_id = {each.notification_id: each for each in notifications}
    if not by_id:
        return []
    rows = [by_id[notification_id] for notification_id in sorted(by_id)]
    values = {
        "ids": [each.notification_id for each in rows],
        "topics": [each.topic.value for each in rows],
        "subjects": [each.subject for each in rows],
        "now": now,
    }
    fresh = set((await connection.execute(_REMEMBER, values)).scalars())
    return [each for each in rows if each.notification_id in fresh]


async def set_aside(connection: AsyncConnection, unusable: Sequence[UnreadableMessage], now: dt.datetime) -> set[str]:
    """Keep whole messages with the reason why nothing could be done. Returns the ids that are new."""
    by_id = {each.message_id: each for each in unusable}
    if not by_id:
        return set()
    rows = [by_id[message_id] for message_id in sorted(by_id)]
    values = {
        "ids": [each.message_id for each in rows],
        "reasons": [storable(each.reason) for each in rows],
        "bodies": [storable(each.body) for each in rows],
        "now": now,
    }
    return set((await connection.execute(_SET_ASIDE, values)).scalars())


async def begin(connection: AsyncConnection, now: dt.datetime) -> None:
    """The queue is read: from now on both sources of orders are compared. Said again it changes nothing."""
    await connection.execute(_BEGIN, {"now": now})


async def forget_old(connection: AsyncConnection, now: dt.datetime) -> None:
    await connection.execute(_FORGET, {"before": now - KEEP})


async def count_unusable(connection: AsyncConnection) -> int:
    return int((await connection.execute(_UNUSABLE)).scalar_one())


def storable(told: str) -> str:
    """Postgres keeps no text with a NUL character."""
    return told.replace("\0", "\\0")

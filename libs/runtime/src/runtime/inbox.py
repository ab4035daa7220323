"""Remembering which events were handled, in the same transaction as their effects."""

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CLAIM = text("""
insert into inbox (event_id, topic)
select id, :topic from unnest(cast(:ids as text[])) as id order by id
on conflict do nothing
returning event_id
""")
_RELEASE = text("delete from inbox where event_id = any(cast(:ids as text[]))")


async def claim(connection: AsyncConnection, topic: str, event_ids: Iterable[str]) -> set[str]:
    """The ids among `event_ids` that were never handled before; from now on (if the caller commits) they are.

    Waits for a concurrent transaction that claims the same id, so one of two deliveries at once wins.
    """
    ids = sorted(set(event_ids))
    if not ids:
        return set()
    result = await connection.execute(_CLAIM, {"topic": topic, "ids": ids})
    return set(result.scalars())


async def release(connection: AsyncConnection, event_ids: Sequence[str]) -> None:
    """Forget ids whose record was set aside as a dead letter, so that a retry is not taken for a repeat."""
    if event_ids:
        await connection.execute(_RELEASE, {"ids": list(event_ids)})

"""The table `cursors`: how far each search has read completely, and in a row of its own when the last call was made."""

import dataclasses as dc
import datetime as dt

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.marketplace import Search

_POSITION = text("select position from cursors where search = :search")
_ADVANCE = text("""
insert into cursors (search, position, known_until, read_at) values (:search, :position, :known_until, :now)
on conflict (search) do update set
    position = greatest(cursors.position, excluded.position),
    known_until = greatest(cursors.known_until, excluded.known_until),
    read_at = excluded.read_at
""")
_LAST_CALL = text("select read_at from cursors where search = 'last-call'")
_NOTE_CALL = text("""
insert into cursors (search, position, read_at) values ('last-call', :now, :now)
on conflict (search) do update set position = excluded.position, read_at = excluded.read_at
""")


@dc.dataclass(frozen=True, slots=True)
class Reach:
    """How far a complete read reached: where the next one starts, and up to when all orders are known."""

    position: dt.datetime
    known_until: dt.datetime | None


async def position(connection: AsyncConnection, search: Search) -> dt.datetime | None:
    """Up to when the last complete read of this search reached; None before the first."""
    moment: dt.datetime | None = (await connection.execute(_POSITION, {"search": search})).scalar_one_or_none()
    return moment


async def advance(connection: AsyncConnection, search: Search, reach: Reach, now: dt.datetime) -> None:
    """Note a complete read. A cursor never goes back."""
    await connection.execute(_ADVANCE, {"search": search, "now": now} | dc.asdict(reach))


async def last_call(connection: AsyncConnection) -> dt.datetime | None:
    """When any replica last asked for a page of orders; None before the first."""
    moment: dt.datetime | None = (await connection.execute(_LAST_CALL)).scalar_one_or_none()
    return moment


async def note_call(connection: AsyncConnection, now: dt.datetime) -> None:
    """Note that a page is about to be asked for."""
    await connection.execute(_NOTE_CALL, {"now": now})

"""The table `credentials`."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_READ = text("select name, sealed, stored_at from credentials order by name")
_PUT = text("""
insert into credentials (name, sealed, stored_at)
select name, sealed, :now from unnest(cast(:names as text[]), cast(:sealed as text[])) as i (name, sealed)
order by name on conflict (name) do update set sealed = excluded.sealed, stored_at = excluded.stored_at
""")
_FORGET = text("delete from credentials where name = any(cast(:names as text[]))")
_SEAL_ANEW = text("update credentials set sealed = :anew where name = :name and sealed = :sealed")
_NOTIFY = text("select pg_notify('pushes_' || current_schema(), 'credentials')")


class Row(NamedTuple):
    sealed: str
    stored_at: dt.datetime


async def read(connection: AsyncConnection) -> dict[str, Row]:
    """By name."""
    return {row.name: Row(row.sealed, row.stored_at) for row in await connection.execute(_READ)}


async def store(
    connection: AsyncConnection, sealed: Mapping[str, str], forgotten: Iterable[str], now: dt.datetime
) -> None:
    """Keep these instead of what was known, forget others, and let every replica know at the commit."""
    await connection.execute(_FORGET, {"names": sorted(forgotten)})
    await connection.execute(_PUT, {"names": [*sealed], "sealed": [*sealed.values()], "now": now})
    await connection.execute(_NOTIFY)


async def seal_anew(connection: AsyncConnection, name: str, sealed: str, anew: str) -> None:
    """The same value under another key, unless it has changed meanwhile."""
    await connection.execute(_SEAL_ANEW, {"name": name, "sealed": sealed, "anew": anew})

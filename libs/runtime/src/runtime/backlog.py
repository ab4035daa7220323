"""How much waits in the outbox."""

import dataclasses as dc

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_BACKLOG = text("""
select count(*) as rows, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age from outbox
""")


@dc.dataclass(frozen=True, slots=True)
class Backlog:
    rows: int
    oldest_seconds: float


async def outbox_backlog(engine: AsyncEngine) -> Backlog:
    async with engine.connect() as connection:
        row = (await connection.execute(_BACKLOG)).one()
    return Backlog(row.rows, round(row.age, 3))

"""An order without its listing holds its channel's watermark, until the listings have been read far enough."""

import datetime as dt
from collections.abc import Collection, Sequence

from runtime.holds import Hold, hold, release
from runtime.work import Work
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from order_importer.order import Order

REASON = "unmapped-order"
Waiting = tuple[str, dt.datetime]
"""A hold's name, and since when: one that began anew is another one."""

_WAITING = text("select hold, since from watermark_holds where reason = :reason")
_LET_GO = text("""
delete from watermark_holds h using unnest(cast(:holds as text[]), cast(:since as timestamptz[])) as w (hold, since)
where h.hold = w.hold and h.since = w.since
""")


async def hold_unmapped(changes: Sequence[tuple[Order, Order]], work: Work) -> None:
    """Hold for each order that misses a listing more than before, and let go what misses none any more.

    `changes` are the orders as they were read and as they are now; within the work's transaction.
    """
    more = [after for before, after in changes if after.missing - before.missing]
    over = [before for before, after in changes if before.missing and not before.missing >= after.missing > frozenset()]
    if over:
        await release(work.connection, [_name(order) for order in over])
    if more:
        await hold(work.connection, [Hold(_name(order), order.source, REASON, work.now) for order in more])


async def waiting(connection: AsyncConnection) -> list[Waiting]:
    """The holds of unmapped orders, run out or not."""
    return [(row.hold, row.since) for row in await connection.execute(_WAITING, {"reason": REASON})]


async def let_go(connection: AsyncConnection, holds: Collection[Waiting]) -> None:
    """Release these, but none that has begun anew meanwhile."""
    parameters = {"holds": [name for name, _ in holds], "since": [since for _, since in holds]}
    await connection.execute(_LET_GO, parameters)


def _name(order: Order) -> str:
    return f"{REASON}/{order.order_id}"

"""What is known of revisions between accepted and live, in the table `pushes`."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = "sku, external_sku, revision, quantity, attempts, submitted_at, live_above, live_at, cause_event_id"
_PASS_CEILING = text(f"""
with due as (
    select sku from pushes where state = 'accepted' and accepted_at <= :oldest
    order by accepted_at limit :most for update skip locked
)
update pushes p set state = 'live', live_at = p.accepted_at + :ceiling
from due where p.sku = due.sku
returning p.{_COLUMNS.replace(", ", ", p.")}
""")  # noqa: S608 - constants
_DUE = text(f"""
with due as (
    select sku from pushes
    where state = 'accepted' and next_read_at <= :now and (quantity = 0 or live_above is not null)
    order by next_read_at limit :most for update skip locked
)
update pushes p set next_read_at = :now + :pause
from due where p.sku = due.sku
returning p.{_COLUMNS.replace(", ", ", p.")}
""")  # noqa: S608 - constants
_PROVE = text("""
update pushes p set state = 'live', live_at = n.live_at
from unnest(cast(:skus as text[]), cast(:revisions as bigint[]), cast(:moments as timestamptz[]))
    as n (sku, revision, live_at)
where p.sku = n.sku and p.revision = n.revision and p.state = 'accepted'
  and (p.quantity > 0 or p.earlier_until is null or p.earlier_until < n.live_at)
returning p.sku
""")


@dc.dataclass(frozen=True, slots=True)
class Unproven:
    """A revision that was accepted; `live_at` once it is taken as live."""

    sku: str
    external_sku: str
    revision: int
    quantity: int
    attempts: int
    submitted_at: dt.datetime | None
    live_above: int | None
    live_at: dt.datetime | None
    cause_event_id: str | None


async def pass_ceiling(
    connection: AsyncConnection, now: dt.datetime, ceiling: dt.timedelta, most: int
) -> list[Unproven]:
    """Take as live what was accepted a whole ceiling ago."""
    result = await connection.execute(_PASS_CEILING, {"oldest": now - ceiling, "ceiling": ceiling, "most": most})
    return [Unproven(*row) for row in result]


async def due(connection: AsyncConnection, now: dt.datetime, pause: dt.timedelta, most: int) -> list[Unproven]:
    """What a reading could prove now; it is due again after `pause`."""
    result = await connection.execute(_DUE, {"now": now, "pause": pause, "most": most})
    return [Unproven(*row) for row in result]


async def prove(connection: AsyncConnection, proven: Sequence[tuple[Unproven, dt.datetime]]) -> set[str]:
    """Note those that a reading proved live, and when. Answers with the SKUs of which it is still the newest word.

    A zero is not proven while an earlier write may still go live: it may have been zero before that write.
    """
    rows = sorted(proven, key=lambda pair: pair[0].sku)
    result = await connection.execute(
        _PROVE,
        {
            "skus": [unproven.sku for unproven, _ in rows],
            "revisions": [unproven.revision for unproven, _ in rows],
            "moments": [moment for _, moment in rows],
        },
    )
    return set(result.scalars())

"""What is known of revisions between accepted and live, in the table `pushes`."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = (
    "sku, external_sku, revision, quantity, attempts, submitted_at, live_above, live_at, clock_offset_ms, margin_ms"
)
_PASS_CEILING = text(f"""
with due as (
    select sku from pushes
    where state = 'accepted' and accepted_at <= :oldest and (earlier_until is null or earlier_until <= :now)
    order by accepted_at limit :most for update skip locked
)
update pushes p set state = 'live',
    live_at = greatest(p.accepted_at + :ceiling, p.earlier_until)
              + make_interval(secs => coalesce(p.clock_offset_ms, 0) / 1000.0)
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
  and (p.quantity > 0 or p.earlier_until is null or p.earlier_until < :asked_at)
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
    clock_offset_ms: int | None
    margin_ms: int | None


async def pass_ceiling(
    connection: AsyncConnection, now: dt.datetime, ceiling: dt.timedelta, most: int
) -> list[Unproven]:
    """Take as live what was accepted a whole ceiling ago, once every earlier write has had its own ceiling.

    Writes to a listing go one after the other, so a later one is accepted after the earlier one's ceiling began, and
    waiting for it changes nothing. It is asked for all the same: clocks of replicas differ, and a ceiling may be set
    lower between two starts. `live_at` is on the marketplace's clock as far as that is known.
    """
    result = await connection.execute(
        _PASS_CEILING, {"oldest": now - ceiling, "now": now, "ceiling": ceiling, "most": most}
    )
    return [Unproven(*row) for row in result]


async def due(connection: AsyncConnection, now: dt.datetime, pause: dt.timedelta, most: int) -> list[Unproven]:
    """What a reading could prove now; it is due again after `pause`."""
    result = await connection.execute(_DUE, {"now": now, "pause": pause, "most": most})
    return [Unproven(*row) for row in result]


async def prove(
    connection: AsyncConnection, proven: Sequence[tuple[Unproven, dt.datetime]], asked_at: dt.datetime
) -> set[str]:
    """Note those that a reading proved live, and when. Answers with the SKUs of which it is still the newest word.

    A zero is not proven while an earlier write may still go live: it may have been zero before that write. Whether one
    may is judged on our clock, by `asked_at`, before which the marketplace was not read.
    """
    rows = sorted(proven, key=lambda pair: pair[0].sku)
    result = await connection.execute(
        _PROVE,
        {
            "skus": [unproven.sku for unproven, _ in rows],
            "revisions": [unproven.revision for unproven, _ in rows],
            "moments": [moment for _, moment in rows],
            "asked_at": asked_at,
        },
    )
    return set(result.scalars())

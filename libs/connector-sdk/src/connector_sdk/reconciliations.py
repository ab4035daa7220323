"""The tables `reconciliations` and `reconciled`: runs over all listings, and what each listing was found to be."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.discrepancy import DEFAULT_MARGIN, Judged, Shown, Target
from connector_sdk.marketplace import Reading
from connector_sdk.rhythm import Rhythm

_READ_EVERY = 4
"""In so many comparisons each listing is read at least once, whatever reports show: one may be a day old."""

_BEGIN = text("""
insert into reconciliations (started_at)
select cast(:now as timestamptz)
where not exists (select 1 from reconciliations where finished_at is null or started_at > :since)
""")
_CURRENT = text("select run, position from reconciliations where finished_at is null order by run limit 1")
_TARGETS = """
select p.sku, p.external_sku, p.revision, p.quantity, p.state, p.closed as is_closed, p.reached as is_reached,
       p.in_flight_revision is not null or p.state in ('pending', 'quarantined', 'accepted')
           or coalesce(p.earlier_until > :now, false) as is_under_way,
       coalesce(p.live_at - {offset} < p.accepted_at + :ceiling, false) as is_proven,
       p.live_above, p.submitted_at + {offset} as submitted_at, p.live_at, p.margin_ms,
       case when r.revision = p.revision then r.before_quantity else r.live end as before_quantity,
       case when r.revision = p.revision then r.before_at else r.observed_at end as before_at
from pushes p left join reconciled r on r.sku = p.sku and r.external_sku = p.external_sku
where {which}
order by p.sku limit :most
"""
_OFFSET = "make_interval(secs => coalesce(p.clock_offset_ms, 0) / 1000.0)"
_OF_A_RUN = """
p.sku > :position and not exists (select 1 from listings l where l.sku = p.sku and not l.is_active)
and not (
    coalesce(r.verdict = 'agrees' and r.revision = p.revision and r.observed_at > :read_since, false)
    and exists (
        select 1 from reported_listings l join listing_reports t using (report)
        where l.external_sku = p.external_sku and l.quantity = p.quantity
          and t.fate = 'done' and t.requested_at > :reported_since
    )
)
"""
_NEXT = text(_TARGETS.format(offset=_OFFSET, which=_OF_A_RUN))
_TO_CONFIRM = text(_TARGETS.format(offset=_OFFSET, which="r.confirm_at <= :now"))
_FIRST = text("""
select sku, revision, verdict, live, observed_at from reconciled where sku = any(cast(:skus as text[]))
""")
_ADVANCE = text("update reconciliations set position = :position, checked = checked + :checked where run = :run")
_FINISH = text("""
update reconciliations set finished_at = :now, verdicts = (
    select coalesce(jsonb_object_agg(verdict, listings), '{}') from (
        select verdict, count(*) as listings from reconciled where run = :run group by verdict
    ) counted
) where run = :run
""")
_KEEP = text("""
insert into reconciled (sku, external_sku, run, verdict, revision, desired, sent, live, observed_at, before_quantity,
                        before_at, confirm_at)
select * from unnest(
    cast(:skus as text[]), cast(:external_skus as text[]), cast(:runs as bigint[]), cast(:verdicts as text[]),
    cast(:revisions as bigint[]), cast(:desired as int[]), cast(:sent as int[]), cast(:live as int[]),
    cast(:observed as timestamptz[]), cast(:before as int[]), cast(:before_at as timestamptz[]),
    cast(:confirm_at as timestamptz[]))
on conflict (sku) do update set
    external_sku = excluded.external_sku, run = greatest(reconciled.run, excluded.run), verdict = excluded.verdict,
    revision = excluded.revision, desired = excluded.desired, sent = excluded.sent, live = excluded.live,
    observed_at = excluded.observed_at, before_quantity = excluded.before_quantity, before_at = excluded.before_at,
    confirm_at = excluded.confirm_at
""")
_POSTPONE = text("update reconciled set confirm_at = :until where sku = any(cast(:skus as text[]))")
_TOUCHED = text("""
select p.sku from pushes p join unnest(cast(:skus as text[]), cast(:revisions as bigint[])) as t (sku, revision)
using (sku, revision) where p.in_flight_revision is null
""")
_PRUNE = text("delete from reconciliations where started_at < :before and finished_at is not null")
_RUNS = text("select * from reconciliations order by run desc limit 2")
_DIFFERING = text("""
select sku, external_sku, verdict as cause, desired, sent, live, observed_at, confirm_at from reconciled
where verdict <> 'agrees' order by sku limit 1000
""")
_COUNTS = text("select verdict, count(*) as listings from reconciled group by verdict")
_KNOWN_UNTIL = text("select known_until from cursors where search = 'created'")


@dc.dataclass(frozen=True, slots=True)
class Run:
    """A comparison of all listings under way. `position`: the last SKU that was compared."""

    run: int
    position: str


@dc.dataclass(frozen=True, slots=True)
class First:
    """What the reading showed that is to be confirmed."""

    revision: int
    verdict: str
    live: int | None
    observed_at: dt.datetime


@dc.dataclass(frozen=True, slots=True)
class Compared:
    target: Target
    reading: Reading
    judged: Judged
    confirm_at: dt.datetime | None


async def current(connection: AsyncConnection, now: dt.datetime, period: dt.timedelta) -> Run | None:
    """The run under way; a new one when `period` has passed since the last began."""
    await connection.execute(_BEGIN, {"now": now, "since": now - period})
    row = (await connection.execute(_CURRENT)).one_or_none()
    return Run(*row) if row else None


async def following(
    connection: AsyncConnection, position: str, now: dt.datetime, rhythm: Rhythm, most: int
) -> list[Target]:
    """The next targets of listings that are offered, by SKU.

    One that agreed when it was last read, and looks the same in a report, is left out, but not for long.
    """
    values = {
        "position": position,
        "now": now,
        "ceiling": rhythm.ceiling,
        "most": most,
        "reported_since": now - rhythm.period,
        "read_since": now - _READ_EVERY * rhythm.period,
    }
    return [_target(row) for row in await connection.execute(_NEXT, values)]


async def to_confirm(
    connection: AsyncConnection, now: dt.datetime, ceiling: dt.timedelta, most: int
) -> list[tuple[Target, First]]:
    """What a second reading is due of, each with what the first showed."""
    targets = [
        _target(row) for row in await connection.execute(_TO_CONFIRM, {"now": now, "ceiling": ceiling, "most": most})
    ]
    rows = await connection.execute(_FIRST, {"skus": [target.sku for target in targets]})
    first = {row.sku: First(*row[1:]) for row in rows}
    return [(target, first[target.sku]) for target in targets if target.sku in first]


async def keep(connection: AsyncConnection, compared: Sequence[Compared], run: int) -> None:
    """Keep what was found, each SKU once."""
    rows = sorted(compared, key=lambda each: each.target.sku)
    values = {
        "skus": [row.target.sku for row in rows],
        "external_skus": [row.target.external_sku for row in rows],
        "runs": [run for _ in rows],
        "verdicts": [row.judged.verdict.value for row in rows],
        "revisions": [row.target.revision for row in rows],
        "desired": [row.target.quantity for row in rows],
        "sent": [row.target.sent for row in rows],
        "live": [row.reading.quantity for row in rows],
        "observed": [row.reading.observed_at for row in rows],
        "before": [row.target.before.quantity if row.target.before else None for row in rows],
        "before_at": [row.target.before.observed_at if row.target.before else None for row in rows],
        "confirm_at": [row.confirm_at for row in rows],
    }
    if rows:
        await connection.execute(_KEEP, values)


async def untouched(connection: AsyncConnection, targets: Sequence[Target]) -> set[str]:
    """The SKUs whose target is still the newest and has no write on its way, after they were read."""
    values = {"skus": [t.sku for t in targets], "revisions": [t.revision for t in targets]}
    return set((await connection.execute(_TOUCHED, values)).scalars())


async def postpone(connection: AsyncConnection, skus: Sequence[str], until: dt.datetime) -> None:
    """Ask for the second reading later."""
    await connection.execute(_POSTPONE, {"skus": sorted(skus), "until": until})


async def advance(connection: AsyncConnection, run: Run, position: str, checked: int) -> None:
    await connection.execute(_ADVANCE, {"run": run.run, "position": position, "checked": checked})


async def finish(connection: AsyncConnection, run: Run, now: dt.datetime, keep_for: dt.timedelta) -> None:
    """End a run and forget those of long ago."""
    await connection.execute(_FINISH, {"run": run.run, "now": now})
    await connection.execute(_PRUNE, {"before": now - keep_for})


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """How many listings were last found to be what."""
    return {row.verdict: row.listings for row in await connection.execute(_COUNTS)}


async def orders_known_until(connection: AsyncConnection) -> dt.datetime | None:
    """Up to when every order is known, on the marketplace's clock."""
    moment: dt.datetime | None = (await connection.execute(_KNOWN_UNTIL)).scalar_one_or_none()
    return moment


async def report(connection: AsyncConnection) -> dict[str, Any]:
    """The run under way and the last that ended, and every listing that differs; the first thousand."""
    runs = [dict(row) for row in (await connection.execute(_RUNS)).mappings()]
    ended = next((run for run in runs if run["finished_at"]), None)
    under_way = next((run for run in runs if not run["finished_at"]), None)
    differing = [dict(row) for row in (await connection.execute(_DIFFERING)).mappings()]
    return {"last": ended, "under_way": under_way, "now": await counts(connection), "listings": differing}


def _target(row: Any) -> Target:  # noqa: ANN401 - a row has no type
    before = Shown(row.before_quantity, row.before_at) if row.before_quantity is not None else None
    if before and row.submitted_at and before.observed_at >= row.submitted_at:
        before = None
    margin = DEFAULT_MARGIN if row.margin_ms is None else dt.timedelta(milliseconds=row.margin_ms)
    values: list[Any] = [*row[:12], margin, before]
    return Target(*values)

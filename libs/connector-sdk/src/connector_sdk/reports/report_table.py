"""The tables `listing_reports` and `reported_listings`: which reports were asked for, and what the last one shows."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.reports.listing_report import ReportedListing
from connector_sdk.reports.report_policy import Fate, ReportPolicy

_UNFINISHED = text("select report, requested_at, external_report_id from listing_reports where closed_at is null")
_MAY_OPEN = text("select not exists (select 1 from listing_reports where closed_at is null or requested_at > :since)")
_MANY_UNKNOWN = text("""
select count(*) > :above from (
    select 1 from pushes p left join registry r using (external_sku)
    where p.state in ('pending', 'quarantined') and not p.closed and coalesce(r.state, 'unchecked') = 'unchecked'
    limit cast(:above as int) + 1
) unknown
""")
_COMPARISON_IS_NEAR = text("""
with following as (select max(started_at) + cast(:period as interval) as starts_at from reconciliations)
select coalesce(starts_at - cast(:lead as interval) <= :now, false) and not exists (
    select 1 from listing_reports where requested_at > starts_at - 2 * cast(:lead as interval)
) from following
""")
_MANY_LISTINGS = text("""
select count(*) > :above from (select 1 from pushes limit cast(:above as int) + 1) listings
""")
_OPEN = text("insert into listing_reports (requested_at) values (:now)")
_REQUESTED = text("update listing_reports set external_report_id = :id where report = :report and closed_at is null")
_TAKE = text("""
insert into reported_listings (report, external_sku, quantity)
select :report, external_sku, quantity from unnest(cast(:external_skus as text[]), cast(:quantities as int[]))
    as r (external_sku, quantity)
order by external_sku on conflict do nothing
""")
_DROP = text("delete from reported_listings where report = :report")
_DROP_OLDER = text("delete from reported_listings where report < :report")
_CLOSE = text("""
update listing_reports set closed_at = :now, fate = :fate, listings = :listings where report = :report
""")
_FORGET = text("delete from listing_reports where closed_at < :before")
_CLEAR = text("""
with wanted as (
    select external_sku from pushes union select external_sku from price_pushes
),
cleared as (
    insert into registry (external_sku, state, checked_at)
    select w.external_sku, 'offered', cast(:now as timestamptz)
    from wanted w join reported_listings l on l.external_sku = w.external_sku and l.report = :report
    order by w.external_sku
    on conflict (external_sku) do update
        set state = 'offered', checked_at = excluded.checked_at, attempts = 0, next_check_at = null
        where registry.state = 'unchecked'
    returning external_sku
)
select (select count(*) from cleared) as cleared,
       (select count(*) from reported_listings l where l.report = :report
           and not exists (select 1 from wanted w where w.external_sku = l.external_sku)) as strangers,
       (select count(*) from wanted w where not exists (
           select 1 from reported_listings l where l.report = :report and l.external_sku = w.external_sku)) as missing
""")


@dc.dataclass(frozen=True, slots=True)
class Report:
    """One that is asked for. Without `external_report_id` it is still to be requested."""

    report: int
    requested_at: dt.datetime
    external_report_id: str | None


@dc.dataclass(frozen=True, slots=True)
class Cleared:
    """What a report came to. `strangers`: it shows, and no target names. `missing`: of our targets it does not show."""

    cleared: int
    strangers: int
    missing: int


async def unfinished(connection: AsyncConnection) -> Report | None:
    row = (await connection.execute(_UNFINISHED)).one_or_none()
    return Report(*row) if row else None


async def is_wanted(connection: AsyncConnection, now: dt.datetime, policy: ReportPolicy) -> bool:
    """Whether a report is worth it now: many listings are to be looked up, or are soon to be compared."""
    if not (await connection.execute(_MAY_OPEN, {"since": now - policy.pause})).scalar_one():
        return False
    if (await connection.execute(_MANY_UNKNOWN, {"above": policy.above})).scalar_one():
        return True
    near = {"now": now, "period": policy.period, "lead": policy.lead}
    if not (await connection.execute(_COMPARISON_IS_NEAR, near)).scalar_one():
        return False
    return bool((await connection.execute(_MANY_LISTINGS, {"above": policy.above})).scalar_one())


async def open_report(connection: AsyncConnection, now: dt.datetime) -> None:
    await connection.execute(_OPEN, {"now": now})


async def requested(connection: AsyncConnection, report: Report, report_id: str) -> None:
    await connection.execute(_REQUESTED, {"report": report.report, "id": report_id})


async def drop(connection: AsyncConnection, report: Report) -> None:
    """Forget what was read of it."""
    await connection.execute(_DROP, {"report": report.report})


async def take(connection: AsyncConnection, report: Report, rows: Sequence[ReportedListing]) -> None:
    """Keep rows. Of a listing that is told twice the first counts."""
    by_sku = {row.external_sku: row.quantity for row in reversed(rows)}
    values = {"report": report.report, "external_skus": [*by_sku], "quantities": [*by_sku.values()]}
    await connection.execute(_TAKE, values)


async def clear(connection: AsyncConnection, report: Report, now: dt.datetime) -> Cleared:
    """Note in the registry that the listings shown may be written, of those that nobody has looked up yet.

    A listing that a reading has spoken of keeps what that said, since a report may be a day old. Nothing is ever
    refused here: what is missing is still looked up.
    """
    await connection.execute(_DROP_OLDER, {"report": report.report})
    return Cleared(*(await connection.execute(_CLEAR, {"report": report.report, "now": now})).one())


async def close(
    connection: AsyncConnection, report: Report, fate: Fate, now: dt.datetime, listings: int | None = None
) -> None:
    values = {"report": report.report, "fate": fate, "now": now, "listings": listings}
    await connection.execute(_CLOSE, values)


async def forget(connection: AsyncConnection, before: dt.datetime) -> None:
    """Delete what was closed before, with its listings."""
    await connection.execute(_FORGET, {"before": before})

"""The table `fee_estimates`: the newest estimate of each SKU, and when to ask again."""

import dataclasses as dc
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from contracts import Money
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.marketplace import FeeEstimate, FeeLine

_DUE = text("""
select l.sku, l.external_sku, p.amount, p.currency, coalesce(f.failures, 0) as failures
from listings l join price_pushes p on p.sku = l.sku and p.external_sku = l.external_sku
left join fee_estimates f on f.sku = l.sku
where l.is_active
  and (f.sku is null or f.next_read_at <= :now
       or (f.external_sku, f.asked_amount, f.asked_currency) <> (p.external_sku, p.amount, p.currency))
order by f.next_read_at nulls first, l.sku limit :most
""")
_KEEP = text("""
insert into fee_estimates as f (sku, external_sku, asked_amount, asked_currency, amount, currency, percent, fixed,
                                total, estimated_at, read_at, next_read_at)
select i.sku, i.external_sku, i.amount, i.currency, i.amount, i.currency, i.percent, i.fixed, i.total, i.estimated_at,
       :now, cast(:next_read_at as timestamptz)
from unnest(cast(:skus as text[]), cast(:external_skus as text[]), cast(:amounts as numeric[]),
            cast(:currencies as text[]), cast(:percents as numeric[]), cast(:fixed as numeric[]),
            cast(:totals as numeric[]), cast(:estimated_ats as timestamptz[]))
as i (sku, external_sku, amount, currency, percent, fixed, total, estimated_at)
order by i.sku
on conflict (sku) do update set
    external_sku = excluded.external_sku, asked_amount = excluded.asked_amount,
    asked_currency = excluded.asked_currency, amount = excluded.amount, currency = excluded.currency,
    percent = excluded.percent, fixed = excluded.fixed, total = excluded.total, estimated_at = excluded.estimated_at,
    read_at = excluded.read_at, failures = 0, next_read_at = excluded.next_read_at, last_error = null
""")
_FAIL = text("""
insert into fee_estimates as f (sku, external_sku, asked_amount, asked_currency, failures, next_read_at, last_error)
select i.sku, i.external_sku, i.amount, i.currency, 1, i.next_read_at, i.error
from unnest(cast(:skus as text[]), cast(:external_skus as text[]), cast(:amounts as numeric[]),
            cast(:currencies as text[]), cast(:next_read_ats as timestamptz[]), cast(:errors as text[]))
as i (sku, external_sku, amount, currency, next_read_at, error)
order by i.sku
on conflict (sku) do update set
    asked_amount = excluded.asked_amount, asked_currency = excluded.asked_currency, failures = f.failures + 1,
    next_read_at = excluded.next_read_at, last_error = excluded.last_error,
    -- An estimate of another listing is none of this one.
    amount = case when f.external_sku = excluded.external_sku then f.amount end,
    read_at = case when f.external_sku = excluded.external_sku then f.read_at end,
    external_sku = excluded.external_sku
""")
_READ = text("""
select f.sku, f.external_sku, f.amount, f.currency, f.percent, f.fixed, f.total, f.estimated_at, f.read_at, f.last_error
from fee_estimates f join listings l on l.sku = f.sku and l.external_sku = f.external_sku and l.is_active
where (cast(:sku as text) is null or f.sku = :sku) and f.sku > :after order by f.sku limit :most
""")


@dc.dataclass(frozen=True, slots=True)
class Due:
    """A listing to ask about, and how often that was in vain."""

    line: FeeLine
    failures: int


async def due(connection: AsyncConnection, most: int, now: dt.datetime) -> list[Due]:
    """The listings with a price whose estimate is missing, old, or of another price; at most `most`."""
    rows = await connection.execute(_DUE, {"most": most, "now": now})
    return [Due(FeeLine(r.sku, r.external_sku, Money(amount=r.amount, currency=r.currency)), r.failures) for r in rows]


async def keep(
    connection: AsyncConnection,
    estimates: Sequence[tuple[FeeLine, FeeEstimate]],
    next_read_at: dt.datetime,
    now: dt.datetime,
) -> None:
    """Keep what was estimated, until it is old."""
    if not estimates:
        return
    values = _lines([line for line, _ in estimates]) | {
        "percents": [estimate.percent for _, estimate in estimates],
        "fixed": [estimate.fixed for _, estimate in estimates],
        "totals": [estimate.total for _, estimate in estimates],
        "estimated_ats": [estimate.estimated_at or now for _, estimate in estimates],
        "next_read_at": next_read_at,
        "now": now,
    }
    await connection.execute(_KEEP, values)


async def fail(connection: AsyncConnection, failed: Sequence[tuple[FeeLine, dt.datetime, str]]) -> None:
    """Note the lines without an estimate, each with the time of the next try and the reason; an older one stays."""
    if not failed:
        return
    values = _lines([line for line, _, _ in failed]) | {
        "next_read_ats": [again_at for _, again_at, _ in failed],
        "errors": [error for _, _, error in failed],
    }
    await connection.execute(_FAIL, values)


async def read(
    connection: AsyncConnection, sku: str | None, after: str, most: int, now: dt.datetime
) -> list[dict[str, Any]]:
    """The estimates of what is offered, by SKU, as JSON; amounts are decimal texts."""
    rows = await connection.execute(_READ, {"sku": sku, "after": after, "most": most})
    return [_shown(row, now) for row in rows]


def _shown(row: Any, now: dt.datetime) -> dict[str, Any]:  # noqa: ANN401 - a row
    shown: dict[str, Any] = {"sku": row.sku, "external_sku": row.external_sku, "error": row.last_error}
    if row.amount is None:
        return shown | {"estimate": None}
    estimate = {
        "percent": _text(row.percent),
        "fixed": _text(row.fixed),
        "total": _text(row.total),
        "price": _text(row.amount),
        "currency": row.currency,
        "estimated_at": row.estimated_at,
        "age_seconds": max(0, round((now - row.read_at).total_seconds())),
    }
    return shown | {"estimate": estimate}


def _text(number: Decimal) -> str:
    return format(number, "f")


def _lines(lines: Sequence[FeeLine]) -> dict[str, Any]:
    return {
        "skus": [line.sku for line in lines],
        "external_skus": [line.external_sku for line in lines],
        "amounts": [line.price.amount for line in lines],
        "currencies": [line.price.currency for line in lines],
    }

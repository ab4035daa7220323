"""The newest price of each listing, and how far it got at its channel."""

import dataclasses as dc
import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

from contracts import AppliedStatus, PriceApplied
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.adapters.targets import STEPS
from inventory.domain.price_waits import NO_WAITS, PriceWaits, Reason, Wait
from inventory.domain.quotes import Product, Quote

_CHUNK = 1000
_LISTED_COLUMNS = """
    select p.sku, p.category, p.base_price, p.currency as base_currency, p.vat_rate, l.channel, l.external_sku,
        c.price, c.currency, c.external_sku as priced_as, c.revision, c.problem,
        cast(c.explanation as text) as explanation
    from products p join marketplace_listings l on l.sku = p.sku and l.is_active
    left join channel_prices c on c.channel = l.channel and c.sku = l.sku
    where p.is_active
"""
_LISTED = text(f"{_LISTED_COLUMNS} and p.sku = any(cast(:skus as text[])) order by p.sku, l.channel")
_CHUNKED = text(f"{_LISTED_COLUMNS} and p.sku > :after and p.sku <= :last order by p.sku, l.channel")
_LAST = text("select max(sku) from (select sku from products where sku > :after order by sku limit :limit) s")
_UPSERT = text("""
insert into channel_prices as c (
    channel, sku, external_sku, net, price, fee, vat, currency, revision, explanation, problem, priced_at)
select n.channel, n.sku, n.external_sku, n.net, n.price, n.fee, n.vat, n.currency, n.revision,
    cast(n.explanation as jsonb), n.problem, case when n.price is not null then cast(:now as timestamptz) end
from unnest(
    cast(:channels as text[]), cast(:skus as text[]), cast(:externals as text[]), cast(:nets as numeric[]),
    cast(:prices as numeric[]), cast(:fees as numeric[]), cast(:vats as numeric[]), cast(:currencies as text[]),
    cast(:revisions as bigint[]), cast(:explanations as text[]), cast(:problems as text[]))
    as n (channel, sku, external_sku, net, price, fee, vat, currency, revision, explanation, problem)
order by n.channel, n.sku
on conflict (channel, sku) do update set
    explanation = excluded.explanation, problem = excluded.problem, revision = excluded.revision,
    external_sku = case when excluded.price is null then c.external_sku else excluded.external_sku end,
    net = coalesce(excluded.net, c.net), price = coalesce(excluded.price, c.price),
    fee = coalesce(excluded.fee, c.fee), vat = coalesce(excluded.vat, c.vat),
    currency = coalesce(excluded.currency, c.currency),
    priced_at = case when excluded.revision > c.revision then excluded.priced_at else c.priced_at end
""")
_QUEUE_LISTINGS = text("""
select 1 from marketplace_listings l
join unnest(cast(:channels as text[]), cast(:skus as text[])) as n (channel, sku)
    on l.channel = n.channel and l.sku = n.sku
order by l.channel, l.sku for update of l
""")
_NOTE = text("""
with noted as (
    update channel_prices c
    set applied_revision = n.revision, applied_status = n.status, applied_at = :now,
        live_price = case when n.status = 'live' then coalesce(n.price, c.price) else c.live_price end,
        live_at = case when n.status = 'live' then coalesce(n.live_at, :now) else c.live_at end
    from unnest(
        cast(:channels as text[]), cast(:skus as text[]), cast(:revisions as bigint[]), cast(:statuses as text[]),
        cast(:prices as numeric[]), cast(:lives as timestamptz[])) as n (channel, sku, revision, status, price, live_at)
    where c.channel = n.channel and c.sku = n.sku and n.revision <= c.revision
        and (n.revision, coalesce(array_position(cast(:steps as text[]), n.status), 0))
            > (coalesce(c.applied_revision, 0), coalesce(array_position(cast(:steps as text[]), c.applied_status), 0))
    returning c.channel, c.sku, c.applied_status, c.live_price),
listed as (
    update marketplace_listings l set channel_price = noted.live_price
    from noted where noted.applied_status = 'live' and l.channel = noted.channel and l.sku = noted.sku)
select channel, sku from noted
""")
_OBSERVE = text("""
update channel_prices c set live_price = n.price, live_at = n.observed_at
from unnest(
    cast(:channels as text[]), cast(:skus as text[]), cast(:prices as numeric[]), cast(:currencies as text[]),
    cast(:observed as timestamptz[])) as n (channel, sku, price, currency, observed_at)
where c.channel = n.channel and c.sku = n.sku and c.currency = n.currency
    and (c.live_at is null or c.live_at < n.observed_at)
""")
_PENDING = text("""
select l.sku, l.channel, c.priced_at as since, q.sku is not null as is_computed,
    c.applied_revision = c.revision and c.applied_status = 'rejected' as is_refused
from marketplace_listings l
left join channel_prices c on c.channel = l.channel and c.sku = l.sku and c.revision > 0
    and (c.applied_revision, c.applied_status) is distinct from (c.revision, 'live')
    and (c.applied_revision, c.applied_status) is distinct from (c.revision, 'unsupported')
left join price_queue q on q.sku = l.sku
where l.sku = any(cast(:skus as text[])) and l.channel = any(cast(:channels as text[])) and l.is_active
    and (c.sku is not null or q.sku is not null)
""")


@dc.dataclass(frozen=True, slots=True)
class Listed:
    """A product on a channel, with its newest price there (`revision` 0: none yet)."""

    product: Product
    channel: str
    external_sku: str
    revision: int
    told: tuple[Decimal | None, str | None, str | None]
    """The newest target's price, currency and external SKU."""
    problem: str | None
    explanation: dict[str, Any]


@dc.dataclass(frozen=True, slots=True)
class Priced:
    """What a listing's price is from now on; a quote without a price leaves the newest one as it is."""

    listed: Listed
    quote: Quote
    revision: int


async def listed(connection: AsyncConnection, skus: Sequence[str]) -> list[Listed]:
    """The active listings of the active products among `skus`, by SKU."""
    return [_listed(row) for row in await connection.execute(_LISTED, {"skus": list(skus)})]


async def everything_listed(connection: AsyncConnection) -> AsyncIterator[list[Listed]]:
    """The whole catalogue in chunks, by SKU."""
    after = ""
    while True:
        last = (await connection.execute(_LAST, {"after": after, "limit": _CHUNK})).scalar()
        if last is None:
            return
        yield [_listed(row) for row in await connection.execute(_CHUNKED, {"after": after, "last": last})]
        after = last


async def upsert(connection: AsyncConnection, priced: Sequence[Priced], now: dt.datetime) -> None:
    """Each listing once."""
    prices = [p.quote.price for p in priced]
    await connection.execute(
        _UPSERT,
        {
            "channels": [p.listed.channel for p in priced],
            "skus": [p.listed.product.sku for p in priced],
            "externals": [p.listed.external_sku for p in priced],
            "nets": [price and price.net for price in prices],
            "prices": [price and price.price for price in prices],
            "fees": [price and price.fee for price in prices],
            "vats": [price and price.vat for price in prices],
            "currencies": [p.listed.product.currency if p.quote.price else None for p in priced],
            "revisions": [p.revision for p in priced],
            "explanations": [json.dumps(p.quote.explanation) for p in priced],
            "problems": [p.quote.problem for p in priced],
            "now": now,
        },
    )


async def note_applied(
    connection: AsyncConnection, answers: Sequence[PriceApplied], now: dt.datetime
) -> set[tuple[str, str]]:
    """`answers` holds each (channel, sku) once, sorted by it. What says nothing new leaves every time as it was.

    Answers with the (channel, sku) of those that say something new. Listings are locked first, as whoever changes them
    does before waiting for a place in the queue of prices.
    """
    noted = [a for a in answers if a.status is not AppliedStatus.SUPERSEDED]
    if not noted:
        return set()
    of = {"channels": [a.channel for a in noted], "skus": [a.sku for a in noted]}
    await connection.execute(_QUEUE_LISTINGS, of)
    told = {
        **of,
        "revisions": [a.revision for a in noted],
        "statuses": [str(a.status) for a in noted],
        "prices": [a.price.amount if a.price else None for a in noted],
        "lives": [a.live_at for a in noted],
        "steps": [str(status) for status in STEPS],
        "now": now,
    }
    return {(row.channel, row.sku) for row in await connection.execute(_NOTE, told)}


async def note_observed(connection: AsyncConnection, readings: Sequence[PriceApplied]) -> None:
    """What the marketplace was seen to charge; `readings` holds each (channel, sku) once, sorted by it."""
    seen = [(a, a.observed_price) for a in readings if a.observed_price is not None and a.observed_at is not None]
    if not seen:
        return
    await connection.execute(
        _OBSERVE,
        {
            "channels": [a.channel for a, _ in seen],
            "skus": [a.sku for a, _ in seen],
            "prices": [price.amount for _, price in seen],
            "currencies": [price.currency for _, price in seen],
            "observed": [a.observed_at for a, _ in seen],
        },
    )


async def price_waits(connection: AsyncConnection, skus: Sequence[str], supporting: AbstractSet[str]) -> PriceWaits:
    """What listings of `skus` wait for; one query, none where no channel supports prices."""
    if not supporting or not skus:
        return NO_WAITS
    rows = await connection.execute(_PENDING, {"skus": list(skus), "channels": sorted(supporting)})
    return PriceWaits({(row.sku, row.channel): _wait(row) for row in rows})


def _wait(row: Any) -> Wait:  # noqa: ANN401 - a row of `_PENDING`
    if row.is_computed:
        return Wait(Reason.COMPUTED)
    return Wait(Reason.REFUSED if row.is_refused else Reason.UNCONFIRMED, row.since)


def _listed(row: Any) -> Listed:  # noqa: ANN401 - a row of `_LISTED`
    return Listed(
        Product(row.sku, row.category, row.base_price, row.base_currency, row.vat_rate),
        row.channel,
        row.external_sku,
        row.revision or 0,
        (row.price, row.currency, row.priced_as),
        row.problem,
        json.loads(row.explanation) if row.explanation else {},
    )

"""What the HTTP API shows of prices, read without locks."""

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.incidents import PRICE_REFUSED
from inventory.domain.quotes import text as text_of

_PRODUCT = text("""
select p.sku, p.category, p.base_price, p.currency, p.vat_rate, q.sku is not null as is_waiting
from products p left join price_queue q on q.sku = p.sku where p.sku = :sku
""")
_REFUSAL = f"""
left join lateral (
    select cast(detail -> 'issues' as text) as issues from incidents i
    where i.sku = c.sku and i.channel = c.channel and i.cause = '{PRICE_REFUSED}' and c.applied_status = 'rejected'
        and cast(i.detail ->> 'revision' as bigint) = c.applied_revision and i.resolved_at is null
    order by i.id desc limit 1) refusal on true
"""  # noqa: S608 - a constant
"""What the channel had to say about the newest price that it was told, where it refused that."""
_CHANNELS = text(f"""
select l.channel, l.external_sku, l.is_active, c.net, c.price, c.currency, c.fee, c.vat, c.revision, c.priced_at,
    c.problem, cast(c.explanation as text) as explanation, c.applied_revision, c.applied_status, c.applied_at,
    refusal.issues as applied_issues, c.live_price, c.live_at
from marketplace_listings l
join marketplace_channels m on m.name = l.channel
left join channel_prices c on c.channel = l.channel and c.sku = l.sku
{_REFUSAL}
where l.sku = :sku order by m.priority
""")  # noqa: S608 - constants
_PROBLEMS = text(f"""
select c.sku, c.channel, c.price, c.currency, c.problem, refusal.issues as applied_issues from channel_prices c
{_REFUSAL}
where (c.problem is not null or c.applied_status = 'rejected' and c.applied_revision = c.revision)
    and (c.sku, c.channel) > (:sku, :channel) order by c.sku, c.channel limit :limit
""")  # noqa: S608 - constants


async def prices(connection: AsyncConnection, sku: str) -> dict[str, Any] | None:
    """A product's price on each channel that lists it; None: no such product. Amounts are decimal strings.

    `is_waiting`: something has changed, and the prices are about to be computed again.
    """
    product = (await connection.execute(_PRODUCT, {"sku": sku})).mappings().first()
    if product is None:
        return None
    rows = (await connection.execute(_CHANNELS, {"sku": sku})).mappings()
    return _written(product) | {"channels": {row["channel"]: _price(row) for row in rows}}


async def price_problems(
    connection: AsyncConnection, *, sku: str = "", channel: str = "", limit: int = 1000
) -> list[dict[str, Any]]:
    """The listings behind (sku, channel) with no price, or one that the rules do not ask for, or that was refused."""
    rows = await connection.execute(_PROBLEMS, {"sku": sku, "channel": channel, "limit": limit})
    return [_problem(row) for row in rows.mappings()]


def _problem(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of `_PROBLEMS`
    said = "; ".join(f"{issue['code']}: {issue['message']}" for issue in _issues(row))
    written = {name: value for name, value in _written(row).items() if name != "applied_issues"}
    return written | {"problem": row["problem"] or f"{row['channel']} refused it: {said or 'it gave no reason'}"}


def _issues(row: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any row with `applied_issues`
    found: list[dict[str, Any]] = json.loads(row["applied_issues"] or "[]")
    return found


def _price(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of `_CHANNELS`
    explanation = json.loads(row["explanation"]) if row["explanation"] else {}
    shown = {"explanation": explanation, "rule": explanation.get("rules", {}), "applied_issues": _issues(row)}
    return _written(row) | shown


def _written(row: Any) -> dict[str, Any]:  # noqa: ANN401 - any row
    return {name: text_of(value) if isinstance(value, Decimal) else value for name, value in row.items()}

"""How long writes took to be live."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

_WENT_LIVE = text("""
select t.channel, coalesce(l.external_sku, t.sku) as external_sku, t.targeted_at, t.live_at, t.applied_at
from channel_targets t left join marketplace_listings l on l.channel = t.channel and l.sku = t.sku
where t.applied_status = 'live' and t.applied_revision = t.revision and t.applied_at > :since
    and t.live_at >= t.targeted_at and t.channel <> :storefront
order by t.applied_at desc limit :most
""")


async def went_live(
    connection: AsyncConnection, storefront: str, since: dt.datetime, most: int
) -> Sequence[Row[tuple[str, str, dt.datetime, dt.datetime, dt.datetime]]]:
    """(channel, external SKU, targeted at, live at, told at) of the newest writes told after `since`, oldest first."""
    rows = await connection.execute(_WENT_LIVE, {"storefront": storefront, "since": since, "most": most})
    return rows.all()[::-1]

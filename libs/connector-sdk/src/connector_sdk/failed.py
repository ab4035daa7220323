"""Listings whose newest target did not get through, and asking the inventory for a new revision of them."""

import dataclasses as dc
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence

from contracts import AnyEvent, SyncRequested, SyncScope
from runtime.work import Work
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OVERDUE = dt.timedelta(minutes=15)
"""A listing that was tried and has waited for longer than this counts as failed."""

_NAMESPACE = uuid.UUID("6f0f3c8e-1c0b-5d53-9d43-0f6c1f1f4f1a")
_READ = text("""
select sku, external_sku, revision, quantity, case when closed then 'withdrawn' else state end as state, attempts,
       failures, pending_since, submitted_at, last_error
from pushes
where in_flight_revision is null and (cast(:skus as text[]) is null or sku = any(cast(:skus as text[])))
  and (not closed and (state in ('rejected', 'quarantined')
                       or state = 'pending' and attempts > 0 and pending_since < :overdue)
       or closed and not reached)
order by sku
""")
_READ_PRICES = text("""
select sku, external_sku, revision, cast(amount as text) || ' ' || currency as price, state, attempts, failures,
       pending_since, submitted_at, last_error
from price_pushes
where lease is null and (cast(:skus as text[]) is null or sku = any(cast(:skus as text[])))
  and (state in ('rejected', 'quarantined') or state = 'pending' and attempts > 0 and pending_since < :overdue)
order by sku
""")


@dc.dataclass(frozen=True, slots=True)
class FailedListing:
    """A listing whose newest target was rejected or withdrawn, is quarantined, or is overdue (then `pending`)."""

    sku: str
    external_sku: str
    revision: int
    quantity: int
    state: str
    attempts: int
    failures: int
    pending_since: dt.datetime
    submitted_at: dt.datetime | None
    last_error: str | None


@dc.dataclass(frozen=True, slots=True)
class FailedPrice:
    """A listing whose newest price was rejected, is quarantined, or is overdue (then `pending`)."""

    sku: str
    external_sku: str
    revision: int
    price: str
    state: str
    attempts: int
    failures: int
    pending_since: dt.datetime
    submitted_at: dt.datetime | None
    last_error: str | None


async def read_prices(
    connection: AsyncConnection, now: dt.datetime, skus: Sequence[str] | None = None
) -> list[FailedPrice]:
    """The prices that have failed, by SKU; of `skus` only, if given."""
    wanted = None if skus is None else sorted(set(skus))
    result = await connection.execute(_READ_PRICES, {"skus": wanted, "overdue": now - OVERDUE})
    return [FailedPrice(*row) for row in result]


async def read(connection: AsyncConnection, now: dt.datetime, skus: Sequence[str] | None = None) -> list[FailedListing]:
    """What has failed, by SKU; of `skus` only, if given. What is on its way at this moment is not among them."""
    wanted = None if skus is None else sorted(set(skus))
    result = await connection.execute(_READ, {"skus": wanted, "overdue": now - OVERDUE})
    return [FailedListing(*row) for row in result]


async def withdrawn(connection: AsyncConnection, now: dt.datetime) -> list[FailedListing]:
    """Those whose raise was withdrawn and not replaced since."""
    return [listing for listing in await read(connection, now) if listing.state == "withdrawn"]


def ask_again(
    work: Work, channel: str, failed: Sequence[FailedListing], causes: Mapping[str, AnyEvent] | None = None
) -> None:
    """Publish `channel.sync.requested` for each; `causes` is by SKU.

    The event's id follows from the revision that failed, so however often it is asked for, the inventory answers once:
    with a newer revision.
    """
    for listing in failed:
        work.publish(
            SyncRequested(channel=channel, scope=SyncScope.STOCK, sku=listing.sku),
            cause=(causes or {}).get(listing.sku),
            event_id=str(uuid.uuid5(_NAMESPACE, f"{channel}\n{listing.sku}\n{listing.revision}")),
        )

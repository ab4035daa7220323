"""What explains a SKU's numbers: the ledger as of a moment, every target since, and who answered what."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.domain.explaining import explain_target
from inventory.domain.targets import Target

_LOG = text("""
insert into target_log (sku, channel, revision, quantity, urgency, explanation, cause_event_id, targeted_at)
select *, cast(:now as timestamptz) from unnest(
    cast(:skus as text[]), cast(:channels as text[]), cast(:revisions as bigint[]), cast(:quantities as int[]),
    cast(:urgencies as text[]), cast(:explanations as jsonb[]), cast(:causes as text[]))
on conflict do nothing
""")
_ON_HAND = text("""
select coalesce(
    (select after_qty from inventory_logs where sku = :sku and created_at <= :at order by id desc limit 1), 0)
""")
_TARGETS = text("""
select distinct on (channel) channel, revision, quantity, urgency, cast(explanation as text) as explanation,
    cause_event_id, targeted_at
from target_log where sku = :sku and targeted_at <= :at order by channel, revision desc
""")
_EVENTS = text("""
select id, channel, change_qty, reason, reference, before_qty, after_qty, event_id, happened_at, created_at
from inventory_logs where sku = :sku and created_at <= :at order by id desc limit :limit
""")


async def log_targets(
    connection: AsyncConnection, targets: Sequence[Target], causes: Mapping[str, str], now: dt.datetime
) -> None:
    """`causes`: by SKU, the id of the event that led to its targets."""
    await connection.execute(
        _LOG,
        {
            "skus": [t.sku for t in targets],
            "channels": [t.offer.channel for t in targets],
            "revisions": [t.revision for t in targets],
            "quantities": [t.quantity for t in targets],
            "urgencies": [t.urgency.value for t in targets],
            "explanations": [json.dumps(explain_target(t)) for t in targets],
            "causes": [causes.get(t.sku) for t in targets],
            "now": now,
        },
    )


async def on_hand(connection: AsyncConnection, sku: str, at: dt.datetime) -> int:
    """As the ledger had it at that moment."""
    return int((await connection.execute(_ON_HAND, {"sku": sku, "at": at})).scalar_one())


async def newest_targets(connection: AsyncConnection, sku: str, at: dt.datetime) -> dict[str, dict[str, Any]]:
    """By channel, what was the newest target at that moment, with the figures behind it."""
    rows = (await connection.execute(_TARGETS, {"sku": sku, "at": at})).mappings()
    return {row["channel"]: dict(row) | {"explanation": json.loads(row["explanation"])} for row in rows}


async def last_events(connection: AsyncConnection, sku: str, at: dt.datetime, limit: int) -> list[dict[str, Any]]:
    """The ledger's last rows up to that moment, the newest first."""
    return [dict(row) for row in (await connection.execute(_EVENTS, {"sku": sku, "at": at, "limit": limit})).mappings()]

"""Reading the table `attempts`, for people."""

from typing import Annotated, Any

from contracts.types import Reference
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from connector_sdk.attempts.asked import Kind
from connector_sdk.marketplace import Outcome

_LISTED = """
select id, kind, case when kind <> 'shipment' then key end as sku, external_sku, external_order_id, package_id,
       revision, quantity, cast(amount as text) as price, currency, transport, request_id, submission_id, http_status,
       outcome, issues, correlation_id, started_at, ended_at
from attempts where {conditions} order by id desc limit :limit
"""
_CONDITIONS = {
    "external_sku": "external_sku = :external_sku",
    "external_order_id": "external_order_id = :external_order_id",
    "kind": "kind = :kind",
    "outcome": "outcome = :outcome",
    "before": "id < :before",
}


class Wanted(BaseModel):
    """Which attempts; `before` is the id of the last one of the page before."""

    external_sku: Reference | None = None
    external_order_id: Reference | None = None
    kind: Kind | None = None
    outcome: Outcome | None = None
    before: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


async def read(connection: AsyncConnection, wanted: Wanted) -> list[dict[str, Any]]:
    """The newest first."""
    given = {name: value for name, value in wanted if value is not None}
    conditions = [condition for name, condition in _CONDITIONS.items() if name in given]
    # Said in so many words, so that the small indexes can serve.
    conditions += ["outcome <> 'accepted'"] if wanted.outcome not in (None, Outcome.ACCEPTED) else []
    conditions += ["kind <> 'stock'"] if wanted.kind not in (None, Kind.STOCK) else []
    listed = text(_LISTED.format(conditions=" and ".join(conditions) or "true"))
    return [dict(row) for row in (await connection.execute(listed, given)).mappings()]

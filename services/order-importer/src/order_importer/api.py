"""The importer's HTTP routes."""

import datetime as dt
from typing import Annotated

from contracts import Money, OrderStatus, Workflow
from fastapi import APIRouter, Query
from pydantic import BaseModel
from runtime.access import needs
from runtime.api_keys import Scope
from sqlalchemy.ext.asyncio import AsyncEngine

from order_importer.queries import Wanted, find_orders


class LineView(BaseModel):
    line_reference: str
    external_sku: str
    sku: str | None
    title: str | None
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    units_taken: int
    units_returned: int
    unit_price: Money | None


class OrderView(BaseModel):
    order_id: str
    source: str
    external_order_id: str
    status: OrderStatus
    workflow: Workflow
    parked: bool
    parked_reason: str | None
    placed_at: dt.datetime
    updated_at: dt.datetime
    lines: list[LineView]


def orders_router(engine: AsyncEngine) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/orders")
    @needs(Scope.ORDERS_READ)
    async def orders(
        channel: str | None = None,
        external_order_id: str | None = None,
        parked: bool | None = None,  # noqa: FBT001 - a query parameter, always given by name
        after: Annotated[str | None, Query(description="the last order_id of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[OrderView]:
        """Orders in their newest state, by order_id, `limit` a page."""
        found = await find_orders(engine, Wanted(channel, external_order_id, parked, after, limit))
        return [OrderView.model_validate(order) for order in found]

    return router

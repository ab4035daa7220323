"""Having the channel brought in step again: what `channel.sync.requested` does, for operators of this channel."""

import dataclasses as dc
from typing import Any, Self

from contracts import SyncRequested, SyncScope
from contracts.types import Sku
from fastapi import APIRouter
from pydantic import BaseModel, model_validator
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Work, Worker
from sqlalchemy import text

from connector_sdk import failed, price_pushes, syncs
from connector_sdk.syncs import Sync

_SCOPES = (SyncScope.STOCK, SyncScope.PRICES, SyncScope.LISTINGS, SyncScope.ORDERS)
_READ_ORDERS = text("select pg_notify('pushes_' || current_schema(), 'orders')")


class SyncBody(BaseModel):
    """`sku` absent: every SKU of the channel. `failed`: only those whose newest target did not get through."""

    scope: SyncScope = SyncScope.STOCK
    sku: Sku | None = None
    failed: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.failed and self.scope not in (SyncScope.STOCK, SyncScope.PRICES):
            raise ValueError("only stock or prices can have failed: leave failed out, or set scope to one of them")
        if self.sku and self.scope is SyncScope.ORDERS:
            raise ValueError("orders are not read by SKU: leave sku out, or POST /v1/orders/{external_order_id}/fetch")
        return self

    @property
    def scopes(self) -> tuple[SyncScope, ...]:
        """One SKU has no orders of its own."""
        if self.scope is not SyncScope.ALL:
            return (self.scope,)
        return tuple(scope for scope in _SCOPES if not (self.sku and scope is SyncScope.ORDERS))


class SyncRoutes:
    """Every route wants an API key; the service sees to it."""

    def __init__(self, channel: str, worker: Worker) -> None:
        self._channel = channel
        self._worker = worker

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1")
        router.add_api_route("/sync", self.sync, methods=["POST"], status_code=202)
        return router

    @needs(Scope.OPERATE)
    async def sync(self, body: SyncBody) -> dict[str, Any]:
        """Begin to bring the channel in step; `syncs` says what was begun. What is at work is not begun again.

        Stock: the inventory tells its quantities again, each with a new revision computed now. Prices are simply
        written again. Listings are read, orders searched, as they are at the marketplace.
        """
        async with self._worker.begin() as work:
            if body.failed:
                return {"channel": self._channel, "requested": await self._ask_for_failed(work, body)}
            begun = [await syncs.begin(work.connection, scope, body.sku, work.now) for scope in body.scopes]
            written: list[str] = []
            for each in begun:
                written += await self._begin(work, each, body.sku) if each.is_new else []
        what = [body.sku] if body.sku else "all"
        requested = written if body.scope is SyncScope.PRICES else what
        return {"channel": self._channel, "requested": requested, "syncs": [dc.asdict(each) for each in begun]}

    async def _begin(self, work: Work, sync: Sync, sku: str | None) -> list[str]:
        """The SKUs whose prices will be written."""
        if sync.scope is SyncScope.PRICES:
            return await price_pushes.again(work.connection, None if sku is None else [sku], work.now)
        if sync.scope is SyncScope.ORDERS:
            await work.connection.execute(_READ_ORDERS)
        else:
            work.publish(SyncRequested(channel=self._channel, scope=sync.scope, sku=sku))
        return []

    async def _ask_for_failed(self, work: Work, body: SyncBody) -> list[str]:
        skus = None if body.sku is None else [body.sku]
        if body.scope is SyncScope.PRICES:
            found = [price.sku for price in await failed.read_prices(work.connection, work.now, skus)]
            return await price_pushes.again(work.connection, found, work.now)
        listings = await failed.read(work.connection, work.now, skus)
        failed.ask_again(work, self._channel, listings)
        return [listing.sku for listing in listings]

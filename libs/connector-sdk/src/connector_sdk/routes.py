"""The connector's HTTP face for operators and for control."""

import dataclasses as dc
from typing import Any

from contracts.types import Sku
from fastapi import APIRouter, HTTPException
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker
from sqlalchemy import text

from connector_sdk import channel_state, failed, status
from connector_sdk.account import Account
from connector_sdk.marketplace import MarketplaceError, Outcome
from connector_sdk.order_reader import OrderReader

_LISTING = text("""
select sku, external_sku, revision, quantity, state, attempts, failures, next_attempt_at, pending_since, submitted_at,
       in_flight_revision, last_error
from pushes where external_sku = :external_sku order by sku
""")
_PRICE = text("""
select sku, external_sku, revision, cast(amount as text) as price, currency, state, attempts, failures, next_attempt_at,
       pending_since, submitted_at, accepted_at, live_at, lease is not null as is_in_flight, last_error
from price_pushes where external_sku = :external_sku order by sku
""")
_STATUS_OF = {Outcome.UNSUPPORTED: 501, Outcome.RETRY: 503}


class Routes:
    """Every route wants an API key; the service sees to it."""

    def __init__(self, account: Account, worker: Worker, reader: OrderReader) -> None:
        self._account = account
        self._worker = worker
        self._reader = reader

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1")
        router.add_api_route("/status", self.show_status, methods=["GET"])
        router.add_api_route("/listings/{external_sku:path}", self.show_listing, methods=["GET"])
        router.add_api_route("/orders/{external_order_id:path}/fetch", self.fetch_order, methods=["POST"])
        router.add_api_route("/pause", self.pause, methods=["POST"])
        router.add_api_route("/resume", self.resume, methods=["POST"])
        router.add_api_route("/failed", self.show_failed, methods=["GET"])
        return router

    @needs(Scope.OPERATE)
    async def show_status(self) -> dict[str, Any]:
        async with self._worker.begin() as work:
            switches = await channel_state.read(work.connection)
            figures = await status.read(work.connection, work.now)
        return {"channel": self._account.channel, "state": switches.state} | dc.asdict(switches) | dc.asdict(figures)

    @needs(Scope.OPERATE)
    async def show_listing(self, external_sku: str) -> dict[str, Any]:
        """What was last asked for this listing and how far it got."""
        async with self._worker.begin() as work:
            rows = (await work.connection.execute(_LISTING, {"external_sku": external_sku})).mappings().all()
            prices = (await work.connection.execute(_PRICE, {"external_sku": external_sku})).mappings().all()
        if not rows and not prices:
            raise HTTPException(404, f"no stock target has come yet for the listing {external_sku!r}")
        pushes = {"pushes": [dict(row) for row in rows], "prices": [dict(row) for row in prices]}
        return {"channel": self._account.channel, **pushes}

    @needs(Scope.OPERATE)
    async def fetch_order(self, external_order_id: str) -> dict[str, Any]:
        """Read one order from the marketplace now; what is new about it is published."""
        try:
            page = await self._reader.fetch(external_order_id)
        except MarketplaceError as error:
            raise HTTPException(_STATUS_OF.get(error.outcome, 502), f"{error.outcome}: {error}") from error
        if page.unreadable:
            raise HTTPException(422, page.unreadable[0].reason)
        if not page.orders:
            raise HTTPException(404, f"the marketplace has no order {external_order_id!r}")
        order = page.orders[0]
        return {
            "external_order_id": order.external_order_id,
            "status": order.status,
            "placed_at": order.placed_at,
            "updated_at": order.updated_at,
        }

    @needs(Scope.OPERATE)
    async def pause(self) -> dict[str, Any]:
        """Stop writing stock; orders are still read."""
        return await self._set_paused(paused=True)

    @needs(Scope.OPERATE)
    async def resume(self) -> dict[str, Any]:
        return await self._set_paused(paused=False)

    @needs(Scope.OPERATE)
    async def show_failed(self, sku: Sku | None = None) -> dict[str, Any]:
        """The listings whose newest target is rejected, quarantined or overdue; of one SKU only, if given."""
        async with self._worker.begin() as work:
            skus = None if sku is None else [sku]
            found = await failed.read(work.connection, work.now, skus)
            prices = await failed.read_prices(work.connection, work.now, skus)
        told = {"failed": [dc.asdict(listing) for listing in found], "prices": [dc.asdict(price) for price in prices]}
        return {"channel": self._account.channel, **told}

    async def _set_paused(self, *, paused: bool) -> dict[str, Any]:
        async with self._worker.begin() as work:
            await channel_state.set_paused(work, self._account.channel, paused=paused)
        return await self.show_status()

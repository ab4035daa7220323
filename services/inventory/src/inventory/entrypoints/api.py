"""The HTTP API: products, listings, stock and the ledger."""

import datetime as dt
from typing import Annotated, Any

from contracts import CloudEvent, ListingChanged, Money, ProductChanged
from contracts.types import Channel, DecimalText, Reference, Sku
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.records import Delivery, Record
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.adapters import incidents, reads
from inventory.adapters.catalogue import PostgresCatalogue
from inventory.adapters.rules import RuleCache
from inventory.domain.allocation import Policy
from inventory.domain.terms import Terms
from inventory.entrypoints.consumers import OpenBook, book_opener
from inventory.handlers.change_listings import change_listings, try_listings
from inventory.handlers.change_product import ChangeProduct
from inventory.handlers.explain import explain

Limit = Annotated[int, Query(ge=1, le=5000)]


class ProductBody(BaseModel):
    title: Annotated[str, Field(max_length=1000)]
    category: Annotated[str, Field(max_length=256)] | None = None
    base_price: Money | None = None
    vat_rate: DecimalText | None = None
    is_active: bool = True


class ListingBody(BaseModel):
    external_sku: Reference
    external_id: str | None = None
    external_url: str | None = None
    is_active: bool = True


class ListingsBody(BaseModel):
    """`dry_run`: say what would be done, and do nothing."""

    listings: Annotated[list[ListingChanged], Field(min_length=1, max_length=2000)]
    dry_run: bool = False


def reading(engine: AsyncEngine) -> APIRouter:
    """Stock and the ledger, as they are."""
    api = APIRouter(prefix="/v1")

    @api.get("/stock/{sku:path}")
    @needs(Scope.STOCK_READ)
    async def get_stock(sku: str) -> dict[str, Any]:
        async with engine.connect() as connection:
            found = await reads.stock(connection, sku=sku)
        if not found:
            raise HTTPException(404, f"no product {sku!r}")
        return found[0]

    @api.get("/stock")
    @needs(Scope.STOCK_READ)
    async def list_stock(after: str = "", limit: Limit = 1000) -> list[dict[str, Any]]:
        async with engine.connect() as connection:
            return await reads.stock(connection, after=after, limit=limit)

    @api.get("/channels")
    @needs(Scope.STOCK_READ)
    async def list_channels() -> list[dict[str, Any]]:
        async with engine.connect() as connection:
            return await reads.channels(connection)

    @api.get("/logs")
    @needs(Scope.STOCK_READ)
    async def list_logs(sku: str | None = None, after: int = 0, limit: Limit = 1000) -> list[dict[str, Any]]:
        async with engine.connect() as connection:
            return await reads.logs(connection, sku=sku, after=after, limit=limit)

    @api.get("/incidents")
    @needs(Scope.STOCK_READ)
    async def list_incidents(
        sku: str | None = None, after: int = 0, limit: Limit = 1000, *, only_open: bool = False
    ) -> list[dict[str, Any]]:
        async with engine.connect() as connection:
            return await incidents.read(connection, sku=sku, after=after, limit=limit, only_open=only_open)

    return api


def explaining(worker: Worker, rules: RuleCache, open_book: OpenBook) -> APIRouter:
    """Why numbers are what they are."""
    api = APIRouter(prefix="/v1")

    @api.get("/explain/{sku:path}")
    @needs(Scope.STOCK_READ)
    async def get_explanation(sku: str, at: dt.datetime | None = None) -> dict[str, Any]:
        """Inputs, rule, every step of the arithmetic, bounds, targets and events; `at` a moment before."""
        async with worker.begin() as work:
            found = await explain(sku, at, rules, open_book(work), work)
        if found is None:
            raise HTTPException(404, f"no product {sku!r}")
        return found

    return api


def writing(worker: Worker, policy: Policy, terms: Terms | None = None, rules: RuleCache | None = None) -> APIRouter:
    """Products and listings."""
    api = APIRouter(prefix="/v1")
    open_book = book_opener(policy, terms, rules)
    change_product = ChangeProduct(lambda work: PostgresCatalogue(work.connection), open_book, terms)

    @api.put("/products/{sku:path}")
    @needs(Scope.CATALOGUE_WRITE)
    async def put_product(sku: Sku, body: ProductBody) -> dict[str, Any]:
        async with worker.begin() as work:
            data = ProductChanged(sku=sku, **body.model_dump())
            event = CloudEvent[ProductChanged].wrap(data, source="/inventory", time=work.now)
            await change_product([Delivery(Record("product.changed", 0, 0, None, None, {}), event)], work)
        return data.model_dump()

    @api.put("/listings/{channel}/{sku:path}")
    @needs(Scope.CATALOGUE_WRITE)
    async def put_listing(channel: Channel, sku: Sku, body: ListingBody) -> dict[str, Any]:
        listing = ListingChanged(channel=channel, sku=sku, **body.model_dump())
        async with worker.begin() as work:
            outcome = await change_listings([listing], open_book(work), policy, work, terms)
        for refusal in outcome.refused:
            raise HTTPException(refusal.status, refusal.reason)
        return listing.model_dump() | {"changed": bool(outcome.changed)}

    @api.post("/listings")
    @needs(Scope.CATALOGUE_WRITE)
    async def post_listings(body: ListingsBody) -> dict[str, Any]:
        """Each that can be changed is, each that can't is in `refused` with its `index`."""
        async with worker.begin() as work:
            if body.dry_run:
                outcome = await try_listings(body.listings, open_book(work), policy, work)
            else:
                outcome = await change_listings(body.listings, open_book(work), policy, work, terms)
        refused = [
            {
                "index": r.index,
                "channel": r.listing.channel,
                "sku": r.listing.sku,
                "status": r.status,
                "detail": r.reason,
            }
            for r in outcome.refused
        ]
        unchanged = len(body.listings) - len(outcome.changed) - len(refused)
        return {"changed": len(outcome.changed), "unchanged": unchanged, "refused": refused}

    return api

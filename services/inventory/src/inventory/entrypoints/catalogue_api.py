"""The catalogue and its listings, to be read."""

import datetime as dt
from typing import Annotated

from contracts import Money
from contracts.types import Channel, DecimalText, Sku
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.problems import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.adapters import catalogue_reads

Limit = Annotated[int, Query(ge=1, le=5000)]
AfterSku = Annotated[str, Query(description="the last SKU of the page before")]
AfterListing = Annotated[str, Query(description="channel:sku of the last listing of the page before")]


class ProductView(BaseModel):
    sku: str
    title: str
    category: str | None
    base_price: Money | None
    vat_rate: DecimalText | None
    is_active: bool
    changed_at: dt.datetime


class ListingView(BaseModel):
    channel: str
    sku: str
    external_sku: str
    external_id: str | None
    external_url: str | None
    is_active: bool
    changed_at: dt.datetime


def catalogue(engine: AsyncEngine) -> APIRouter:
    """Lists come page by page: ask again with `after` until a page is empty."""
    api = APIRouter(prefix="/v1")

    @api.get("/products/{sku:path}")
    @needs(Scope.CATALOGUE_READ)
    async def get_product(sku: Sku) -> ProductView:
        async with engine.connect() as connection:
            found = await catalogue_reads.products(connection, sku=sku)
        if not found:
            raise HTTPException(404, f"no product {sku!r}")
        return ProductView.model_validate(found[0])

    @api.get("/products")
    @needs(Scope.CATALOGUE_READ)
    async def list_products(after: AfterSku = "", limit: Limit = 1000) -> list[ProductView]:
        async with engine.connect() as connection:
            found = await catalogue_reads.products(connection, after=after, limit=limit)
        return [ProductView.model_validate(product) for product in found]

    @api.get("/listings/{channel}/{sku:path}")
    @needs(Scope.CATALOGUE_READ)
    async def get_listing(channel: Channel, sku: Sku) -> ListingView:
        async with engine.connect() as connection:
            found = await catalogue_reads.listing(connection, channel, sku)
        if found is None:
            raise HTTPException(404, f"no listing of {sku!r} on {channel!r}")
        return ListingView.model_validate(found)

    @api.get("/listings")
    @needs(Scope.CATALOGUE_READ)
    async def list_listings(
        channel: Channel | None = None, after: AfterListing = "", limit: Limit = 1000
    ) -> list[ListingView]:
        last_channel, colon, last_sku = after.partition(":")
        if after and not colon:
            raise InvalidRequestError([("query.after", "must be channel:sku, such as amazon:SKU-1")])
        async with engine.connect() as connection:
            found = await catalogue_reads.listings(
                connection, channel=channel, after=(last_channel, last_sku), limit=limit
            )
        return [ListingView.model_validate(listing) for listing in found]

    return api

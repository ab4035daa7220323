"""The HTTP API of prices: what each channel charges and why, and the rules that it follows from."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.loops import Loop
from runtime.service import Service
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.adapters import price_reads
from inventory.adapters.price_rules import PostgresPriceRules
from inventory.domain.price_rules import PRECEDENCE, PriceDefaults, PriceRule
from inventory.domain.quotes import Quote, text
from inventory.entrypoints.price_bodies import PriceChangesBody, PriceDryRunBody, PriceRuleBody, PriceSetsBody, shown
from inventory.entrypoints.rule_bodies import Name
from inventory.handlers.change_price_rules import PricePreview, change_price_rules, preview_price_rules
from inventory.handlers.change_rules import RefusedError
from inventory.handlers.price_loop import PriceLoop

Limit = Annotated[int, Query(ge=1, le=5000)]


def add_prices(service: Service, defaults: PriceDefaults, channels: Iterable[str]) -> None:
    """Serve prices and their rules, and compute what has changed."""
    service.serve(prices_router(service.engine, service.worker, channels))
    service.repeat(Loop("prices", PriceLoop(service.worker, defaults).step))


def prices_router(engine: AsyncEngine, worker: Worker, channels: Iterable[str]) -> APIRouter:
    """Prices and their rules, to read and to change."""
    api, known = APIRouter(), list(channels)
    for router in (_prices(engine), _rules(engine, known), _changes(worker, known)):
        api.include_router(router)
    return api


def _prices(engine: AsyncEngine) -> APIRouter:
    """Prices as they are."""
    api = APIRouter(prefix="/v1")

    @api.get("/prices/{sku:path}")
    @needs(Scope.CATALOGUE_READ)
    async def get_prices(sku: str) -> dict[str, Any]:
        async with engine.connect() as connection:
            found = await price_reads.prices(connection, sku)
        if found is None:
            raise HTTPException(404, f"no product {sku!r}")
        return found

    @api.get("/price-problems")
    @needs(Scope.CATALOGUE_READ)
    async def list_price_problems(
        after_sku: str = "", after_channel: str = "", limit: Limit = 1000
    ) -> list[dict[str, Any]]:
        """The listings that have no price, or one that the rules do not ask for."""
        async with engine.connect() as connection:
            return await price_reads.price_problems(connection, sku=after_sku, channel=after_channel, limit=limit)

    return api


def _rules(engine: AsyncEngine, known: Sequence[str]) -> APIRouter:
    """The rules of prices as they are, and what a change of them would do."""
    api = APIRouter(prefix="/v1/price-rules")

    @api.get("")
    @needs(Scope.RULES_READ)
    async def list_price_rules() -> dict[str, Any]:
        """All rules, what holds where none sets anything, and which scope wins."""
        async with engine.connect() as connection:
            book = await PostgresPriceRules(connection).book()
        defaults = {
            channel: PriceSetsBody.of(sets).model_dump(mode="json", exclude_none=True)
            for channel, sets in book.defaults.channels.items()
        }
        return {"precedence": PRECEDENCE, "default": defaults, "rules": [shown(r) for r in book.rules.values()]}

    @api.get("/{name}")
    @needs(Scope.RULES_READ)
    async def get_price_rule(name: Name) -> dict[str, Any]:
        async with engine.connect() as connection:
            rules = PostgresPriceRules(connection)
            rule, changed = (await rules.book()).rules.get(name), await rules.changed_at()
        if rule is None:
            raise HTTPException(404, f"no price rule {name!r}: GET /v1/price-rules lists them")
        return {**shown(rule), "updated_at": changed[name]}

    @api.post("/dry-run")
    @needs(Scope.RULES_READ)
    async def dry_run(body: PriceDryRunBody) -> dict[str, Any]:
        """What the change would do to each listing's price."""
        put = [rule.rule(rule.name) for rule in body.put]
        async with engine.connect() as connection:
            with _refusals():
                preview = await preview_price_rules(
                    put, body.delete, known, connection, after=body.after, limit=body.limit
                )
        return _preview(preview)

    return api


def _changes(worker: Worker, known: Sequence[str]) -> APIRouter:
    """Changes of price rules; the prices that they concern follow."""
    api = APIRouter(prefix="/v1/price-rules")

    async def apply(put: list[PriceRule], delete: list[str]) -> bool:
        with _refusals():
            async with worker.begin() as work:
                return await change_price_rules(put, delete, known, work)

    @api.post("")
    @needs(Scope.RULES_WRITE)
    async def change_rules(body: PriceChangesBody) -> dict[str, Any]:
        """Many rules at once."""
        return {"changed": await apply([rule.rule(rule.name) for rule in body.put], body.delete)}

    @api.put("/{name}")
    @needs(Scope.RULES_WRITE)
    async def put_price_rule(name: Name, body: PriceRuleBody) -> dict[str, Any]:
        rule = body.rule(name)
        return {**shown(rule), "changed": await apply([rule], [])}

    @api.delete("/{name}")
    @needs(Scope.RULES_WRITE)
    async def delete_price_rule(name: Name) -> dict[str, Any]:
        return {"changed": await apply([], [name])}

    return api


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except RefusedError as refusal:
        raise HTTPException(refusal.status, str(refusal)) from None


def _preview(preview: PricePreview) -> dict[str, Any]:
    return {
        "priced": preview.priced,
        "changed": preview.changed,
        "changes": [
            {
                "sku": found.listed.product.sku,
                "channel": found.listed.channel,
                "currency": found.listed.product.currency,
                "from": _side(found.before),
                "to": _side(found.after),
            }
            for found in preview.differences
        ],
        "next": preview.next,
    }


def _side(quote: Quote) -> dict[str, str | None]:
    return {"price": text(quote.price.price) if quote.price else None, "problem": quote.problem}

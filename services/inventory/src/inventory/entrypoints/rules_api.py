"""The HTTP API of the rules: read, try out, apply."""

import contextlib
import dataclasses as dc
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, HTTPException
from runtime.access import needs
from runtime.api_keys import Scope
from runtime.work import Worker
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.adapters.rules import PostgresRules, RuleCache
from inventory.domain.rules import PRECEDENCE, Rule
from inventory.entrypoints.rule_bodies import ChangeBody, DryRunBody, Name, RuleBody
from inventory.handlers.change_rules import Change, RefusedError, change_rules, propose
from inventory.handlers.preview_rules import Preview, preview_rules


def rules_reading(engine: AsyncEngine, cache: RuleCache) -> APIRouter:
    """The rules as they are, and what a change would do. `cache` is the one that the handlers use too."""
    api = APIRouter(prefix="/v1/rules")

    @api.get("")
    @needs(Scope.RULES_READ)
    async def list_rules() -> dict[str, Any]:
        """All rules, the policy that holds where none sets anything, and which scope wins."""
        async with engine.connect() as connection:
            rules = [_shown(document) for document in await PostgresRules(connection).shown()]
        return {"precedence": PRECEDENCE, "default": dc.asdict(cache.default), "rules": rules}

    @api.get("/{name}")
    @needs(Scope.RULES_READ)
    async def get_rule(name: Name) -> dict[str, Any]:
        async with engine.connect() as connection:
            found = await PostgresRules(connection).shown(name)
        if not found:
            raise HTTPException(404, f"no rule {name!r}: GET /v1/rules lists them")
        return _shown(found[0])

    @api.post("/dry-run")
    @needs(Scope.RULES_READ)
    async def dry_run(body: DryRunBody) -> dict[str, Any]:
        """What the change would do to each SKU's allocation, as the stock is now."""
        async with engine.connect() as connection:
            with _refusals():
                proposal = await propose(body.change(), cache, connection)
            preview = await preview_rules(proposal, connection, after=body.after, limit=body.limit)
        return _preview(preview)

    return api


def rules_writing(worker: Worker, cache: RuleCache) -> APIRouter:
    """Changes of rules; the targets of the SKUs concerned follow."""
    api = APIRouter(prefix="/v1/rules")

    async def apply(change: Change) -> dict[str, int]:
        with _refusals():
            async with worker.begin() as work:
                return dc.asdict(await change_rules(change, cache, work))

    @api.post("")
    @needs(Scope.RULES_WRITE)
    async def change_many(body: ChangeBody) -> dict[str, int]:
        """Apply the whole change, or none of it."""
        return await apply(body.change())

    @api.put("/{name}")
    @needs(Scope.RULES_WRITE)
    async def put_rule(name: Name, body: RuleBody) -> dict[str, Any]:
        document = body.document(name)
        return {**_shown(document), **await apply(Change([document]))}

    @api.delete("/{name}")
    @needs(Scope.RULES_WRITE)
    async def delete_rule(name: Name) -> dict[str, int]:
        return await apply(Change([], [name]))

    return api


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except RefusedError as refusal:
        raise HTTPException(refusal.status, str(refusal)) from None


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    scope = {name: document[name] for name in ("sku", "category", "channel")}
    return {**document, "scope": PRECEDENCE[Rule(document["name"], {}, **scope).rank]}


def _preview(preview: Preview) -> dict[str, Any]:
    return {
        "concerned": preview.concerned,
        "changed": preview.changed,
        "totals": {name: {"from": preview.before[name], "to": units} for name, units in preview.after.items()},
        "changes": [
            {
                "sku": found.sku,
                "available": found.after.available,
                "channels": {
                    channel: {"from": found.before.units[channel], "to": units}
                    for channel, units in found.after.units.items()
                },
                "unallocated": {"from": found.before.unallocated, "to": found.after.unallocated},
            }
            for found in preview.differences
        ],
        "next": preview.differences[-1].sku if preview.more and preview.differences else None,
    }

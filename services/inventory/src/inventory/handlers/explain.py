"""Why a SKU's numbers are what they are, now or at a moment before."""

import dataclasses as dc
import datetime as dt
from typing import Any

from runtime.work import Work

from inventory.adapters import explanations, items, price_reads, reads
from inventory.adapters.rules import PostgresPolicies, RuleCache
from inventory.domain.allocation import allocate
from inventory.domain.explaining import explain_allocation
from inventory.domain.stock import Item
from inventory.ports import Book

_EVENTS = 20


async def explain(sku: str, at: dt.datetime | None, rules: RuleCache, book: Book, work: Work) -> dict[str, Any] | None:
    """Inputs, rule, every step, bounds and events; None where there is no such product.

    For a moment before, on hand, events and targets are as they were; the rule is today's, each target keeps the
    figures that it was made from, and bounds are known for now only.
    """
    connection = work.connection
    item = (await items.read(connection, [sku], rules.default)).get(sku)
    if item is None:
        return None
    moment = at or work.now
    if at is not None:
        item = dc.replace(item, on_hand=await explanations.on_hand(connection, sku, moment))
    policy, reasons = await PostgresPolicies(connection, rules).why(item)
    active = [offer.channel for offer in item.offers if offer.is_active] if item.is_active else []
    targets = await explanations.newest_targets(connection, sku, moment)
    return {
        "sku": sku,
        "at": moment,
        "inputs": {
            "on_hand": item.on_hand,
            "reserved": item.reserved,
            "available": item.available,
            "category": item.category,
            "active_channels": active,
        },
        "rules": [dc.asdict(reason) | {"setting": str(reason.setting)} for reason in reasons],
        "allocation": explain_allocation(allocate(item.available, active, policy)),
        "bounds": _bounds(item) if at is None else None,
        "targets": targets,
        "answers": await _answers(sku, work),
        "prices": await _prices(item, book, work),
        "events": await explanations.last_events(connection, sku, moment, _EVENTS),
    }


def _bounds(item: Item) -> dict[str, Any]:
    """What each channel holds: the bounds and what is free add up to what is available."""
    held = {offer.channel: offer.shelf.bound for offer in item.offers}
    return {
        "held": held,
        "free": item.free,
        "available": item.available,
        "overcommit": item.overcommit,
        "sum": f"{' + '.join(map(str, held.values()))} + {item.free} = {item.available}",
    }


async def _prices(item: Item, book: Book, work: Work) -> dict[str, Any]:
    """What each listing is to cost and costs; and what it waits for, where it is empty and prices go first."""
    found = await price_reads.prices(work.connection, item.sku) or {"channels": {}}
    waits = (await book.waits([item])).of(item)
    return {
        channel: facts | {"waits_for": waits[channel].reason if channel in waits else None}
        for channel, facts in found["channels"].items()
    }


async def _answers(sku: str, work: Work) -> dict[str, Any]:
    """What each channel last said."""
    found = await reads.stock(work.connection, sku=sku)
    wanted = ("applied_revision", "applied_status", "live", "live_at", "moves")
    return {
        channel: {name: facts[name] for name in wanted if name in facts}
        for product in found
        for channel, facts in product["channels"].items()
    }

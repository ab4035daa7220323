"""Waiting until nothing is on its way any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from demo.house import SERVICES, House
from demo.scenario import MARKETPLACES

_POLL_SECONDS = 0.25
_CALM_ROUNDS = 8
"""So many looks in a row must find everything at rest: a reading that was asked for may take two seconds."""

Settled = Callable[[], Awaitable[str]]
"""Says in a few words what is still missing; empty when nothing is."""


async def wait_until_quiet(
    house: House, settled: Settled, *, seconds: float, skus: Collection[str] | None = None
) -> str:
    """Wait until `settled` is content, every write is made and every answer to the newest targets has come back.

    With `skus`, what is still to come of other products does not count. Watermarks never rest, so Kafka and the
    outboxes are not asked. Answers with what was still on its way when the time was up; empty when all is quiet.
    """
    deadline = time.monotonic() + seconds
    calm = 0
    waiting_for = "nothing looked at yet"
    while calm < _CALM_ROUNDS and time.monotonic() < deadline:
        waiting_for = await _busy(house) or _unfinished(_only(skus, await house.stock())) or await settled()
        calm = 0 if waiting_for else calm + 1
        await asyncio.sleep(_POLL_SECONDS)
    return waiting_for if calm < _CALM_ROUNDS else ""


async def _busy(house: House) -> str:
    for service in SERVICES:
        answer = await house.readiness(service)
        if answer.get("status") != "ready":
            return f"{service} is not ready"
        checks: dict[str, Any] = answer["checks"]
        pending = sum(int(check.get(kind, 0)) for check in checks.values() for kind in ("pending", "prices_pending"))
        if pending:
            return f"{service} has {pending} writes to make"
    return ""


def _only(skus: Collection[str] | None, stock: dict[str, Any]) -> dict[str, Any]:
    return stock if skus is None else {sku: item for sku, item in stock.items() if sku in skus}


def _unfinished(stock: dict[str, Any]) -> str:
    return _unanswered(stock) or _unsettled(stock)


def _unsettled(stock: dict[str, Any]) -> str:
    """Under escrow: what is not certain yet, or will be moved once it has been at rest for long enough."""
    waiting = [
        f"{sku} on {channel}"
        for sku, item in stock.items()
        for channel, facts in item["channels"].items()
        if not facts.get("is_settled", True)
    ]
    if waiting:
        return f"{len(waiting)} offers are not settled, such as {waiting[0]}"
    reserved = [sku for sku, item in stock.items() if item["reserved"]]
    if reserved:
        return f"{len(reserved)} products are reserved, such as {reserved[0]}"
    restless = [sku for sku, item in stock.items() if item["wake_at"] is not None]
    return f"{len(restless)} products are not at rest, such as {restless[0]}" if restless else ""


def _unanswered(stock: dict[str, Any]) -> str:
    waiting = [
        f"{sku} on {channel}"
        for sku, item in stock.items()
        for channel in MARKETPLACES
        if (facts := item["channels"].get(channel)) and facts["applied_revision"] != facts["revision"]
    ]
    return f"{len(waiting)} targets are not answered, such as {waiting[0]}" if waiting else ""

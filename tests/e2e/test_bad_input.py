"""What can't be used is set aside with its reason, and stops nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from contracts import dead_letter as header
from demo.house import House
from demo.sales import SaleLine
from demo.scenario import Product
from demo.storefront import open_storefront
from local_stack.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

Wait = Callable[..., Awaitable[None]]
Mizan = Callable[..., Awaitable[str]]


async def test_poison_and_an_unknown_sku_stop_nothing_else(
    running: tuple[Stack, House], wait_for: Wait, mizan: Mizan
) -> None:
    stack, house = running
    product = Product("POISON-TEST", "A mug", "10.00", 50)
    good = SaleLine("I1", 1, product.sku, "", 2, "10.00")
    unknown = SaleLine("I2", 1, "NOBODY-KNOWS-ME", "", 1, "10.00")
    async with open_storefront(stack.bootstrap_servers, "poison") as storefront:
        await storefront.offer(product)
        await wait_for(lambda: _is_known(house, product.sku), "the product")
        await storefront.count(product)
        await storefront.sell(good)
        await storefront._producer.send("stock.changed", b"{broken", key=product.sku.encode())
        await storefront._producer.send("stock.changed", b'{"type": "no"}', key=product.sku.encode())
        await storefront.sell(unknown)
        await storefront.sell(good)
        await storefront.flush()
    await wait_for(lambda: _on_hand_is(house, product.sku, 46), "both good sales")
    letters = await _read_dead_letters(stack, "stock.changed.inventory.dlq", {product.sku, unknown.sku}, 3)
    assert sorted(letter[header.REASON] for letter in letters) == ["not-json", "unknown-sku", "unknown-type"]
    [of_unknown] = [letter for letter in letters if letter[header.REASON] == "unknown-sku"]
    assert "product.changed" in of_unknown[header.ERROR]
    assert (await house.readiness("inventory"))["status"] == "ready"
    await _give_up(house, mizan, product.sku, unknown.sku)
    left = await _holds(house)
    await mizan("replay", "stock.changed", "--sku", product.sku)
    await _read_dead_letters(stack, "stock.changed.inventory.dlq", {product.sku, unknown.sku}, 5)
    assert await _holds(house) == left


async def _give_up(house: House, mizan: Mizan, *keys: str) -> None:
    """The letters hold the watermarks of their channels, broken ones of all, until nobody wants them any more."""
    before = await _holds(house)
    assert {"not-json", "unknown-sku", "unknown-type"} <= {hold["reason"] for hold in before}
    for key in keys:
        await mizan("dlq", "discard", "stock.changed", "--group", "inventory", "--key", key)
    assert len(await _holds(house)) == len(before) - 3


async def _holds(house: House) -> list[dict[str, Any]]:
    holds: list[dict[str, Any]] = await house._call("GET", "inventory", "/v1/watermark-holds")
    return holds


async def _is_known(house: House, sku: str) -> bool:
    return sku in await house.stock()


async def _on_hand_is(house: House, sku: str, units: int) -> bool:
    return bool((await house.stock())[sku]["on_hand"] == units)


async def _read_dead_letters(stack: Stack, topic: str, keys: set[str], count: int) -> list[dict[str, Any]]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.bootstrap_servers, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    found: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(30):
            while len(found) < count:
                record = await consumer.getone()
                if record.key.decode() in keys:
                    found.append({name: value.decode() for name, value in record.headers})
    finally:
        await consumer.stop()
    return found

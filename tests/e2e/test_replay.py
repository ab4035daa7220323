"""Replaying is always safe, and useful: whole topics, failed listings, dead letters, while the system runs."""

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from contracts import TOPICS
from control.kafka_reading import Cluster
from control.replay.copying import Replay
from control.replay.plan import Plan, Request
from control.replay.state_file import StateFile
from demo.catalogue import built_in_day
from demo.day import Pace, live_through
from demo.day import Running as RunningDay
from demo.house import House
from demo.quiet import wait_until_quiet
from demo.report import Progressing, console
from demo.sales import SaleLine
from demo.scenario import MARKETPLACES, Product, external_sku, plan_day
from demo.storefront import open_storefront
from local_stack.stack import Stack
from runtime.clock import system_clock

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Wait = Callable[..., Awaitable[None]]
Mizan = Callable[..., Awaitable[str]]
LISTINGS = 2000


async def test_every_topic_replayed_three_times_changes_nothing(
    running: tuple[Stack, House], tmp_path: Path, wait_for: Wait
) -> None:
    stack, house = running
    day = RunningDay(house, stack.bootstrap_servers, restarts=dict)
    with Progressing(console()) as progress:
        scenario = plan_day(built_in_day(sales=100, suffix="/replay"))
        await live_through(scenario, day, Pace(run_id="e2e-replay", rate=100), progress)
    now = system_clock()
    await wait_for(lambda: _is_all_live(house), "every quantity to be live")
    await wait_for(lambda: _orders_are_known(house, now), "the orders up to now to be known")
    before = await _everything(house)
    assert before["logs"]
    assert before["orders"]

    for _ in range(3):
        sent = {topic.name: await _replay(stack, topic.name, tmp_path) for topic in TOPICS}
        assert all(sent[name] > 0 for name in ("stock.changed", "channel.stock.target", "marketplace.order.received"))
        assert await wait_until_quiet(house, _nothing_more, seconds=180) == ""
        assert await _everything(house) == before


async def test_after_a_day_without_noon_one_command_tells_every_listing_its_present_quantity(
    running: tuple[Stack, House], wait_for: Wait, mizan: Mizan
) -> None:
    """Noon rejects everything while the storefront sells of each of 2,000 products."""
    stack, house = running
    products = [Product(f"LOST-{n}", "A mug", "10.00", 100 + n % 50) for n in range(LISTINGS)]
    async with open_storefront(stack.bootstrap_servers, "lost") as storefront:
        for product in products:
            await storefront.offer(product)
        await storefront.flush()
        await wait_for(lambda: _are_known(house, products), "the products")
        await _list_on_noon(house, products)
        for product in products:
            await storefront.count(product)
        for number, product in enumerate(products):
            await storefront.sell(SaleLine(f"L{number}", 1, product.sku, "", 1 + number % 7, "10.00"))
        await storefront.flush()
    await wait_for(lambda: _have_failed(house, LISTINGS), "every listing to be rejected")
    asked = await mizan("replay", "channel.stock.target", "--failed", "--dry-run", "--json")
    assert [len(channel["failed"]) for channel in json.loads(asked)["channels"]] == [0, LISTINGS]
    await house.list_on_marketplace("noon", [external_sku("noon", product.sku) for product in products])

    told = await mizan("replay", "channel.stock.target", "--failed", "--json")

    assert [len(channel["requested"]) for channel in json.loads(told)["channels"]] == [0, LISTINGS]
    await wait_for(lambda: _show_their_targets(house, products), "Noon to show the present quantities", seconds=180)
    assert await _have_failed(house, 0)
    await _assert_nothing_was_lost(house, products)


async def _list_on_noon(house: House, products: list[Product]) -> None:
    listings = [("noon", product.sku, external_sku("noon", product.sku)) for product in products]
    for start in range(0, len(listings), 1000):
        await house.put_listings(listings[start : start + 1000])


async def _assert_nothing_was_lost(house: House, products: list[Product]) -> None:
    """What was sold meanwhile is taken off, and each listing was asked for once."""
    stock, logs = await house.stock(), await house.logs()
    left = {product.sku: product.opening - 1 - number % 7 for number, product in enumerate(products)}
    assert {sku: stock[sku]["on_hand"] for sku in left} == left
    syncs = [(log["sku"], log["channel"], log["change_qty"]) for log in logs if log["reason"] == "sync"]
    assert sorted(each for each in syncs if each[0] in left) == sorted((sku, "noon", 0) for sku in left)


async def test_a_dead_letter_is_retried_once_its_cause_is_gone(
    running: tuple[Stack, House], wait_for: Wait, mizan: Mizan
) -> None:
    stack, house = running
    product = Product("TOO-EARLY", "A mug", "10.00", 50)
    only = ("stock.changed", "--group", "inventory", "--key", product.sku)
    async with open_storefront(stack.bootstrap_servers, "early") as storefront:
        await storefront.count(product)
        await storefront.sell(SaleLine("E1", 1, product.sku, "", 2, "10.00"))
        await storefront.flush()
        await wait_for(lambda: _would_retry(mizan, 2, *only), "two dead letters")
        await storefront.offer(product)
        await storefront.flush()
    await wait_for(lambda: _are_known(house, [product]), "the product")

    await mizan("dlq", "retry", *only)

    await wait_for(lambda: _on_hand_is(house, product.sku, 48), "the count and the sale")
    assert await _would_retry(mizan, 0, *only)


async def _everything(house: House) -> dict[str, Any]:
    """All that a replay must leave as it is: ledger, stock with its targets, orders, listings and writes to them."""
    shown = {channel: await house.shown(channel) for channel in MARKETPLACES}
    writes = {channel: await _writes(house, channel) for channel in MARKETPLACES}
    facts = {"stock": await house.stock(), "logs": await house.logs(), "orders": await house.orders()}
    return facts | {"shown": shown, "writes": writes}


async def _is_all_live(house: House) -> bool:
    """What is accepted becomes live by itself, which is no effect of a replay."""
    steps = {
        facts["applied_status"]
        for item in (await house.stock()).values()
        for channel, facts in item["channels"].items()
        if channel in MARKETPLACES
    }
    return "accepted" not in steps


async def _orders_are_known(house: House, until: dt.datetime) -> bool:
    """Whether the watermarks of both marketplaces have come through all partitions of both topics."""
    channels = {channel["name"]: channel for channel in await house._call("GET", "inventory", "/v1/channels")}
    known = [channels[name]["orders_known_until"] for name in MARKETPLACES]
    return all(each is not None and dt.datetime.fromisoformat(each) >= until for each in known)


async def _writes(house: House, channel: str) -> int:
    calls = await house._call("GET", f"sandbox-{channel}", "/_sandbox/calls")
    return sum(call["quantity"] is not None for call in calls)


async def _nothing_more() -> str:
    return ""


async def _replay(stack: Stack, topic: str, folder: Path) -> int:
    state = StateFile(Request(topic), "e2e", {"MIZAN_REPLAY_FOLDER": str(folder)})
    return (await Replay(Cluster(stack.bootstrap_servers), Request(topic), state, system_clock, _unheard).run()).sent


def _unheard(_: Plan) -> None:
    pass


async def _are_known(house: House, products: list[Product]) -> bool:
    return {product.sku for product in products} <= (await house.stock()).keys()


async def _have_failed(house: House, count: int) -> bool:
    """Whether Noon's connector has so many failed listings, and nothing else on its way."""
    failed = (await house._call("GET", "noon-connector", "/v1/failed"))["failed"]
    figures = await house._call("GET", "noon-connector", "/v1/status")
    return len(failed) == count and not figures["pending"]


async def _show_their_targets(house: House, products: list[Product]) -> bool:
    stock, shown = await house.stock(), await house.shown("noon")
    for product in products:
        told = stock[product.sku]["channels"]["noon"]
        quantity = shown[external_sku("noon", product.sku)]
        if told["applied_status"] not in {"accepted", "live"} or quantity != told["target"] or quantity == 0:
            return False
    return True


async def _would_retry(mizan: Mizan, count: int, *which: str) -> bool:
    return bool(json.loads(await mizan("dlq", "retry", *which, "--dry-run", "--json"))["count"] == count)


async def _on_hand_is(house: House, sku: str, units: int) -> bool:
    return bool((await house.stock())[sku]["on_hand"] == units)

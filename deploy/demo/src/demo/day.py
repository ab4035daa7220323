"""The day itself: set up, sales and buyers side by side, quiet, proof."""

import asyncio
import dataclasses as dc
import datetime as dt
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from demo.brisk import STOREFRONT_LAG_SECONDS
from demo.buyers import Buyers
from demo.checks import Found, judge, orders_astray
from demo.house import House
from demo.modes import Mode
from demo.observer import Observer, observe, percentile
from demo.parcels import CONFIRMING, Warehouse
from demo.quiet import wait_until_quiet
from demo.report import Progressing, Summary, verdict_fields
from demo.scenario import MARKETPLACES, Scenario, Stock, external_sku
from demo.shares import CHANNEL, AskedShares, ToldShares
from demo.storefront import Storefront, open_storefront

SALES_A_SECOND = 80.0
_SET_UP_SECONDS = 120.0
_CHUNK = 200
_QUIET_SECONDS = 240.0
_LOOK_SECONDS = 0.2


@dc.dataclass(frozen=True, slots=True)
class Interruption:
    """Something that happens when this share of the day's sales (0 to 1) is made."""

    at: float
    act: Callable[[], Awaitable[None]]


@dc.dataclass(frozen=True, slots=True)
class Running:
    """A running system, and the `mode` of its storefront. `restarts`: how often each program was started again."""

    house: House
    bootstrap_servers: str
    restarts: Callable[[], Mapping[str, int]]
    mode: Mode = Mode.REPORT


@dc.dataclass(frozen=True, slots=True)
class Pace:
    """`rate`: sales a second. `run_id` makes this run's invoices unlike any other's. `stock`: what was planned for."""

    run_id: str
    rate: float = SALES_A_SECOND
    left_out: int = 0
    stock: Stock = Stock.AMPLE


@dc.dataclass(frozen=True, slots=True)
class Actors:
    """Who takes part, and who watches."""

    storefront: Storefront
    told: ToldShares
    asked: AskedShares
    buyers: Buyers
    warehouse: Warehouse
    observer: Observer


async def live_through(
    scenario: Scenario,
    running: Running,
    pace: Pace,
    progress: Progressing,
    interruptions: Sequence[Interruption] = (),
) -> Summary:
    """The whole day, with its `interruptions` in the order of their time."""
    started = time.monotonic()
    told, asked = ToldShares(dt.timedelta(seconds=STOREFRONT_LAG_SECONDS)), AskedShares(running.house)
    warehouse = Warehouse(pace.run_id)
    shares = asked if running.mode is Mode.RESERVE else told
    async with (
        observe(running.bootstrap_servers, told.note, warehouse.note) as observer,
        open_storefront(running.bootstrap_servers, pace.run_id, shares) as storefront,
    ):
        actors = Actors(storefront, told, asked, Buyers(running.house), warehouse, observer)
        await _set_up(scenario, running, actors, progress)
        await _trade(scenario, actors, pace, progress, interruptions)
        await _come_to_rest(scenario, running, actors, progress)
        found = await _look(running.house, scenario, warehouse)
    summary = _summarise(scenario, actors, pace, running.mode, found)
    return dc.replace(
        summary,
        api_calls={channel: len(await running.house.calls(channel)) for channel in MARKETPLACES},
        restarts={name: count for name, count in running.restarts().items() if count},
        duration_s=round(time.monotonic() - started, 1),
    )


async def _set_up(scenario: Scenario, running: Running, actors: Actors, progress: Progressing) -> None:
    house, storefront = running.house, actors.storefront
    progress.say(f"loading {len(scenario.products)} products")
    for product in scenario.products:
        await storefront.offer(product)
    await storefront.flush()
    await _until(lambda: _known(house, scenario), "the inventory to know the products")
    for product in scenario.products:
        await storefront.count(product)
    await storefront.flush()
    for channel in MARKETPLACES:
        await house.list_on_marketplace(channel, [external_sku(channel, p.sku) for p in scenario.products])
    listings = [(c, p.sku, external_sku(c, p.sku)) for p in scenario.products for c in MARKETPLACES]
    chunks = [listings[start : start + _CHUNK] for start in range(0, len(listings), _CHUNK)]
    task = progress.begin("listing on the marketplaces", len(chunks))
    for chunk in chunks:
        await house.put_listings(chunk)
        progress.advance(task)
    progress.say("waiting for the first quantities to reach the marketplaces")
    await _quiet(running, scenario, lambda: _unheard(house, scenario, actors.told), _SET_UP_SECONDS, progress)


async def _trade(
    scenario: Scenario, actors: Actors, pace: Pace, progress: Progressing, interruptions: Sequence[Interruption]
) -> None:
    """Sales at an even pace, the purchases spread evenly between them; a buyer who waits holds up nobody else."""
    async with asyncio.TaskGroup() as buyers_at_the_storefront:
        await _come(scenario, actors, pace, progress, interruptions, buyers_at_the_storefront)
    await actors.storefront.flush()
    await actors.buyers.settle()


async def _come(
    scenario: Scenario,
    actors: Actors,
    pace: Pace,
    progress: Progressing,
    interruptions: Sequence[Interruption],
    buyers_at_the_storefront: asyncio.TaskGroup,
) -> None:
    sales = progress.begin("sales and marketplace orders", len(scenario.lines) + len(scenario.purchases))
    purchases = deque(scenario.purchases)
    to_come = deque(interruptions)
    began = time.monotonic()
    for number, line in enumerate(scenario.lines):
        while to_come and number >= int(to_come[0].at * len(scenario.lines)):
            await to_come.popleft().act()
        buyers_at_the_storefront.create_task(actors.storefront.sell(line))
        progress.advance(sales)
        still_to_buy = len(scenario.purchases) * (len(scenario.lines) - number - 1) // len(scenario.lines)
        while len(purchases) > still_to_buy:
            await actors.buyers.buy(purchases.popleft())
            progress.advance(sales)
        await actors.warehouse.ship(actors.buyers.bought, actors.storefront)
        await asyncio.sleep(max(0.0, began + number / pace.rate - time.monotonic()))


async def _come_to_rest(scenario: Scenario, running: Running, actors: Actors, progress: Progressing) -> None:
    unproven = {product.sku for product in scenario.products}

    async def settled() -> str:
        logs = await running.house.logs()
        taken = {log["event_id"] for log in logs}
        missing = len(actors.storefront.published.keys() - taken)
        if missing:
            return f"{missing} sales are not in the ledger"
        skus = {product.sku for product in scenario.products}
        astray = orders_astray(actors.buyers.bought, (log for log in logs if log["sku"] in skus))
        if astray:
            return f"{len(astray)} orders are not in the ledger as they are now"
        return (
            actors.warehouse.unfinished()
            or await _unread_orders(running.house, actors.buyers)
            or await _unseen_writes(running.house)
            or await _unproven_prices(running.house, unproven)
            or await _unlike_targets(running.house, scenario)
        )

    progress.say("waiting until nothing is on its way any more")
    async with asyncio.TaskGroup() as while_all_else_settles:
        while_all_else_settles.create_task(_ship_the_rest(actors))
        await _quiet(running, scenario, settled, _QUIET_SECONDS, progress)


async def _ship_the_rest(actors: Actors) -> None:
    """What was bought last is imported only after the day."""
    deadline = time.monotonic() + _QUIET_SECONDS
    has_shipped_all = False
    while not has_shipped_all and time.monotonic() < deadline:
        has_shipped_all = await actors.warehouse.ship(actors.buyers.bought, actors.storefront)
        await asyncio.sleep(_LOOK_SECONDS)
    await actors.storefront.flush()


async def _unread_orders(house: House, buyers: Buyers) -> str:
    imported = {
        (order["source"], order["external_order_id"]): (
            sum(line["quantity_cancelled"] for line in order["lines"]),
            order["status"] == "shipped",
        )
        for order in await house.orders()
    }
    missing = [
        order
        for order in buyers.bought
        if imported.get((order.channel, order.order_id))
        != (order.cancelled, order.ships and order.channel in CONFIRMING)
    ]
    return f"{len(missing)} orders are not imported as they are now" if missing else ""


async def _unproven_prices(house: House, unproven: set[str]) -> str:
    """Which prices are not known to be live yet; those that are leave `unproven`, since a day changes no price."""
    found = await house.prices(sorted(unproven))
    unproven -= {sku for sku, channels in found.items() if all(map(_is_proven, channels.values()))}
    return f"the prices of {len(unproven)} products are not known to be live" if unproven else ""


def _is_proven(price: Mapping[str, Any]) -> bool:
    return price["price"] is None or price["applied_status"] in {"live", "unsupported", "rejected"}


async def _unseen_writes(house: House) -> str:
    writes = sum([await house.on_their_way(channel) for channel in MARKETPLACES])
    return f"{writes} accepted quantities are not live" if writes else ""


async def _unlike_targets(house: House, scenario: Scenario) -> str:
    """Which marketplaces do not show their targets, as long as a reading that inventory has asked for may tell why."""
    stock = await house.stock()
    shown = {channel: await house.shown(channel) for channel in MARKETPLACES}
    unlike = [
        f"{product.sku} on {channel}"
        for product in scenario.products
        for channel, facts in stock[product.sku]["channels"].items()
        if channel in shown and shown[channel].get(external_sku(channel, product.sku)) != facts["target"]
    ]
    return f"{len(unlike)} offers do not show their targets, such as {unlike[0]}" if unlike else ""


async def _quiet(
    running: Running, scenario: Scenario, settled: Callable[[], Awaitable[str]], seconds: float, progress: Progressing
) -> None:
    skus = {product.sku for product in scenario.products}
    rest = await wait_until_quiet(running.house, settled, seconds=seconds, skus=skus)
    if rest:
        progress.say(f"not quiet after {seconds:.0f} s: {rest}")


async def _unheard(house: House, scenario: Scenario, told: ToldShares) -> str:
    stock = await house.stock()
    behind = [
        product.sku
        for product in scenario.products
        if (own := stock[product.sku]["channels"].get(CHANNEL)) and told.revisions.get(product.sku) != own["revision"]
    ]
    return f"the storefront has not heard of {len(behind)} targets, such as that of {behind[0]}" if behind else ""


async def _known(house: House, scenario: Scenario) -> bool:
    return {product.sku for product in scenario.products} <= (await house.stock()).keys()


async def _until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + _SET_UP_SECONDS
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_SET_UP_SECONDS:.0f} s for {what}")
        await asyncio.sleep(0.2)


async def _look(house: House, scenario: Scenario, warehouse: Warehouse) -> Found:
    return Found(
        stock=await house.stock(),
        logs=await house.logs(),
        orders=await house.orders(),
        shown={channel: await house.shown(channel) for channel in MARKETPLACES},
        incidents=await house.incidents(),
        prices=await house.prices(product.sku for product in scenario.products),
        charged={channel: await house.charged(channel) for channel in MARKETPLACES},
        parcels=warehouse.parcels,
        shipped={
            (channel, order_id): units
            for channel in MARKETPLACES
            for order_id, units in (await house.shipped(channel)).items()
        },
    )


def _summarise(scenario: Scenario, actors: Actors, pace: Pace, mode: Mode, found: Found) -> Summary:
    bought, published = actors.buyers.bought, actors.storefront.published
    verdict = judge(scenario, published, bought, found, mode)
    latencies, waited = actors.observer.latencies(MARKETPLACES), actors.asked.waited
    refused_by = {CHANNEL: actors.storefront.refused, **actors.buyers.refused}
    return Summary(
        stock=pace.stock,
        storefront_mode=mode,
        waited={"buyers": len(waited), "p50_s": percentile(waited, 0.5), "p99_s": percentile(waited, 0.99)},
        sales=sum(change < 0 for _, change in published.values()),
        returns=sum(change > 0 for _, change in published.values()),
        left_out=pace.left_out,
        marketplace_orders=len(bought),
        cancelled=sum(order.cancelled > 0 for order in bought),
        refused=sum(refused_by.values()),
        refused_by=refused_by,
        latency_ms={"p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99)},
        **verdict_fields(verdict),
    )

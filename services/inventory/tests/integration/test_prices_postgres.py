"""Prices on real Postgres: computed after every change that matters, told once, and noted when they are live."""

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from contracts import AppliedStatus, Money, PriceApplied, ProductChanged
from inventory.adapters import price_queue
from inventory.adapters.channel_prices import price_waits
from inventory.handlers.price_loop import PriceLoop
from inventory.testing.price_desk import PriceDesk
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 11, 22, 18, 0, tzinfo=dt.UTC)


def product(price: int) -> ProductChanged:
    return ProductChanged(sku="MUG", title="x", base_price=Money(amount=Decimal(price), currency="EGP"))


async def test_a_listing_is_priced_once_for_each_change_of_its_price(desk: PriceDesk) -> None:
    await desk.product()
    await desk.reprice()
    assert await desk.told() == []
    await desk.listing()
    assert (await desk.http.get("/prices/MUG")).json()["is_waiting"] is True
    await desk.reprice()
    assert await desk.told() == [("amazon", 1, "1000.00")]
    await desk.product(title="a better mug")
    await desk.reprice()
    await desk.product(price="1.00")
    await desk.product(price="85.00")
    await desk.reprice()
    assert await desk.told() == [("amazon", 1, "1000.00"), ("amazon", 2, "100.00")]
    found = await desk.shown()
    assert (found["net"], found["price"], found["fee"], found["vat"]) == ("85.00", "100.00", "15.00", "0.00")
    assert (found["rule"]["fee_percent"]["rule"], found["revision"], found["live_price"]) == ("default", 2, None)
    assert (await desk.targets())[1]["data"]["external_sku"] == "MUG-X"


async def test_an_older_product_and_one_seen_again_change_no_price(desk: PriceDesk) -> None:
    new = ("new", product(170), NOW)
    old = ("old", product(1), NOW - dt.timedelta(1))
    for heard in (new, old, new):
        await desk.hear_product(*heard)
        await desk.listing("noon")
        await desk.reprice()
    assert await desk.told() == [("noon", 1, "200.00")]


async def test_a_target_names_the_event_that_led_to_it(desk: PriceDesk) -> None:
    await desk.listed()
    await desk.hear_product("E", product(170), NOW + dt.timedelta(1))
    await desk.reprice()
    assert [target["causationid"] for target in await desk.targets()][1:] == ["E"]


async def test_an_impossible_price_is_not_told_and_shows_why(desk: PriceDesk) -> None:
    await desk.product()
    await desk.listing()
    await desk.reprice()
    await desk.http.put("/price-rules/greedy", json={"sets": {"fee_percent": "99.9"}})
    await desk.listing("noon")
    await desk.reprice()
    found = await desk.shown()
    assert (found["price"], found["revision"]) == ("1000.00", 1)
    assert "lower them" in found["problem"]
    problems = (await desk.http.get("/price-problems")).json()
    assert [(p["channel"], p["price"]) for p in problems] == [("amazon", "1000.00"), ("noon", None)]
    behind = await desk.http.get("/price-problems", params={"after_sku": "MUG", "after_channel": "amazon"})
    assert [p["channel"] for p in behind.json()] == ["noon"]
    await desk.http.delete("/price-rules/greedy")
    await desk.reprice()
    assert (await desk.shown())["problem"] is None
    assert await desk.told() == [("amazon", 1, "1000.00"), ("noon", 1, "1000.00")]


async def test_a_ceiling_that_keeps_a_price_short_is_told_and_shown(desk: PriceDesk) -> None:
    await desk.product()
    await desk.listing()
    await desk.http.put("/price-rules/cap", json={"sku": "MUG", "sets": {"ceiling": "900"}})
    await desk.reprice()
    assert await desk.told() == [("amazon", 1, "900.00")]
    assert "instead of the net price 850.00" in (await desk.shown())["problem"]


async def test_a_product_without_a_price_has_none_and_one_that_lost_it_keeps_its_last(desk: PriceDesk) -> None:
    await desk.product(price=None)
    await desk.listing()
    await desk.reprice()
    assert ((await desk.shown())["price"], (await desk.shown())["problem"]) == (None, None)
    await desk.product()
    await desk.reprice()
    await desk.product(price=None)
    await desk.reprice()
    assert ((await desk.shown())["price"], (await desk.shown())["revision"]) == ("1000.00", 1)
    assert "no base_price" in (await desk.shown())["problem"]
    assert len(await desk.told()) == 1


async def test_what_is_off_sale_is_priced_when_it_comes_back(desk: PriceDesk) -> None:
    await desk.product()
    await desk.listing()
    await desk.reprice()
    await desk.listing(is_active=False)
    await desk.product(price="85.00")
    await desk.reprice()
    assert len(await desk.told()) == 1
    await desk.listing()
    await desk.reprice()
    assert (await desk.told())[1:] == [("amazon", 2, "100.00")]


async def test_another_external_sku_is_told_the_same_price(desk: PriceDesk) -> None:
    await desk.product()
    await desk.listing()
    await desk.reprice()
    await desk.listing(external_sku="OTHER")
    await desk.reprice()
    assert await desk.told() == [("amazon", 1, "1000.00"), ("amazon", 2, "1000.00")]
    assert (await desk.targets())[1]["data"]["external_sku"] == "OTHER"


async def test_the_defaults_of_the_newest_process_hold_for_all(desk: PriceDesk) -> None:
    await desk.product()
    await desk.listing()
    await desk.reprice()
    await desk.loop(20).step()
    assert await desk.told() == [("amazon", 1, "1000.00"), ("amazon", 2, "1062.50")]
    await desk.product(price="425.00")
    await desk.reprice()
    assert (await desk.told())[-1] == ("amazon", 3, "531.25")
    assert (await desk.http.get("/price-rules")).json()["default"]["amazon"]["fee_percent"] == "20.00"


async def test_two_loops_give_no_revision_twice_while_products_change(desk: PriceDesk) -> None:
    loops, skus = [desk.loop(), desk.loop()], [f"S{number}" for number in range(8)]
    for sku in skus:
        await desk.product(sku)
        await desk.listing("amazon", sku)

    async def change(turn: int) -> None:
        for sku in skus:
            await desk.product(sku, price=f"{turn + 1}.00")

    async def reprice(loop: PriceLoop) -> None:
        for _ in range(10):
            await loop.step()

    for turn in range(4):
        await asyncio.gather(change(turn), *(reprice(loop) for loop in loops))
    await desk.reprice()
    given = [(t["data"]["sku"], t["data"]["revision"]) for t in await desk.targets()]
    assert len(given) == len(set(given))
    assert {(await desk.shown(sku=sku))["net"] for sku in skus} == {"4.00"}


def applied(revision: int | None, status: AppliedStatus, price: int | None = 1000, **more: Any) -> PriceApplied:  # noqa: ANN401 - any field
    money = Money(amount=Decimal(price), currency="EGP") if price else None
    name = "observed_price" if status is AppliedStatus.OBSERVED else "price"
    return PriceApplied(channel="amazon", sku="MUG", revision=revision, status=status, **{name: money}, **more)


async def test_a_price_is_waited_for_until_it_is_live(desk: PriceDesk, engine: AsyncEngine) -> None:
    await desk.product()
    await desk.listing()
    await desk.reprice()

    async def waits(*answers: PriceApplied) -> bool:
        await desk.hear_applied(*answers)
        async with desk.worker.begin() as work:
            found = await price_waits(work.connection, ["MUG"], frozenset({"amazon"}))
        return ("MUG", "amazon") in found.pending

    live = applied(1, AppliedStatus.LIVE, live_at=NOW)
    assert await waits()
    assert await waits(applied(1, AppliedStatus.ACCEPTED))
    assert await waits(applied(2, AppliedStatus.LIVE, live_at=NOW)), "a revision that was never given proves nothing"
    assert not await waits(live, applied(1, AppliedStatus.ACCEPTED), applied(1, AppliedStatus.SUPERSEDED))
    found = await desk.shown()
    assert (found["applied_status"], found["live_price"]) == ("live", "1000.00")
    async with engine.connect() as connection:
        kept = await connection.execute(text("select channel_price from marketplace_listings"))
        assert kept.scalar_one() == 1000
    await desk.product(price="85.00")
    await desk.reprice()
    assert await waits(live), "the old price is live, the new one is not"
    async with engine.connect() as connection:
        nobody = await price_waits(connection, ["MUG"], frozenset())
    assert nobody.pending == {}


async def test_a_newer_reading_shows_what_the_marketplace_charges(desk: PriceDesk) -> None:
    await desk.product()
    await desk.listing()
    await desk.reprice()
    newer = applied(None, AppliedStatus.OBSERVED, 77, observed_at=NOW)
    older = applied(None, AppliedStatus.OBSERVED, 66, observed_at=NOW - dt.timedelta(1))
    for batch in ([newer, older], [older], [newer]):
        await desk.hear_applied(*batch)
        assert (await desk.shown())["live_price"] == "77.00"
    assert (await desk.shown())["applied_revision"] is None


async def test_a_failure_puts_the_skus_back_into_the_queue(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await price_queue.add(connection, ["A"], NOW)
    async with engine.connect() as connection:
        assert list(await price_queue.take(connection, 5)) == ["A"]
        await connection.rollback()
        assert list(await price_queue.take(connection, 5)) == ["A"]

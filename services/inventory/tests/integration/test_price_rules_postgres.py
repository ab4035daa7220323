"""Rules of prices over HTTP on real Postgres: kept, tried out, followed, and refused with a reason."""

from typing import Any

import pytest
from inventory.testing.price_desk import PriceDesk

pytestmark = pytest.mark.integration


async def test_rules_reprice_what_they_speak_of_and_nothing_else(desk: PriceDesk) -> None:
    await desk.product()
    await desk.product("CUP", category=None)
    for sku in ("CUP", "MUG"):
        await desk.listing("amazon", sku)
        await desk.listing("noon", sku)
    await desk.reprice()
    before = await desk.told()
    rule = {"category": "cups", "channel": "noon", "sets": {"rounding": {"step": "1", "ending": "0.99"}}}
    put = (await desk.http.put("/price-rules/endings", json=rule)).json()
    assert (put["changed"], put["scope"], put["sets"]["rounding"]) == (
        True,
        "category and channel",
        {"step": "1", "ending": "0.99"},
    )
    await desk.reprice()
    assert (await desk.told())[len(before) :] == [("noon", 2, "1000.99")]
    assert (await desk.http.put("/price-rules/endings", json=rule)).json()["changed"] is False
    assert (await desk.http.delete("/price-rules/endings")).json() == {"changed": True}
    await desk.reprice()
    assert (await desk.told())[-1] == ("noon", 3, "1000.00")
    assert len(await desk.told()) == len(before) + 2


async def test_many_rules_are_written_at_once_as_a_whole_or_not_at_all(desk: PriceDesk) -> None:
    for sku in ("A", "B"):
        await desk.product(sku)
        await desk.listing("amazon", sku)
    await desk.reprice()
    fees = {"fee_percent": "20.00", "fee_fixed": "5.00"}
    put = [{"name": f"fees amazon {sku}", "sku": sku, "channel": "amazon", "sets": fees} for sku in ("A", "B")]
    bad = {"name": "bad", "sku": "A", "category": "cups", "channel": "amazon", "sets": fees}
    assert (await desk.http.post("/price-rules", json={"put": [*put, bad]})).status_code == 422
    assert (await desk.http.get("/price-rules")).json()["rules"] == []
    assert (await desk.http.post("/price-rules", json={"put": put})).json() == {"changed": True}
    assert (await desk.http.post("/price-rules", json={"put": put})).json() == {"changed": False}
    await desk.reprice()
    assert [(channel, price) for channel, _, price in (await desk.told())[-2:]] == [("amazon", "1068.75")] * 2


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(desk: PriceDesk) -> None:
    for sku in ("A", "B", "C"):
        await desk.product(sku)
        await desk.listing("amazon", sku)
    await desk.reprice()
    before = await desk.told()
    rule = {"name": "all", "channel": "amazon", "sets": {"fee_percent": "20"}}
    first = (await desk.http.post("/price-rules/dry-run", json={"put": [rule], "limit": 2})).json()
    assert (first["priced"], first["changed"], first["next"]) == (3, 3, "B")
    assert first["changes"][0] == {
        "sku": "A",
        "channel": "amazon",
        "currency": "EGP",
        "from": {"price": "1000.00", "problem": None},
        "to": {"price": "1062.50", "problem": None},
    }
    rest = (await desk.http.post("/price-rules/dry-run", json={"put": [rule], "limit": 2, "after": "B"})).json()
    assert ([change["sku"] for change in rest["changes"]], rest["next"]) == (["C"], None)
    await desk.reprice()
    assert await desk.told() == before
    assert (await desk.http.get("/price-rules")).json()["rules"] == []


@pytest.mark.parametrize(
    ("rule", "status", "part"),
    [
        ({"sets": {}}, 422, "sets nothing"),
        ({"sets": {"fee_percent": 15.5}}, 422, "fee_percent"),
        ({"sets": {"fee_percent": "100"}}, 422, "fee_percent"),
        ({"sets": {"floor": "1.234"}}, 422, "floor"),
        ({"sets": {"rounding": {"step": "0"}}}, 422, "step"),
        ({"sets": {"rounding": {"step": "1", "ending": "1"}}}, 422, "below the step"),
        ({"sets": {"fee": "1"}}, 422, "fee"),
        ({"channel": "ebay", "sets": {"floor": "1"}}, 422, "no channel 'ebay'"),
        ({"sku": "A", "category": "b", "sets": {"floor": "1"}}, 422, "not both"),
        ({"sku": "FIRST", "sets": {"floor": "1"}}, 409, "'first' has the scope"),
    ],
)
async def test_a_rule_that_can_not_be_used_is_refused_and_says_why(
    desk: PriceDesk, rule: dict[str, Any], status: int, part: str
) -> None:
    await desk.http.put("/price-rules/first", json={"sku": "FIRST", "sets": {"floor": "2"}})
    for answer in (
        await desk.http.put("/price-rules/new", json=rule),
        await desk.http.post("/price-rules/dry-run", json={"put": [{"name": "new", **rule}]}),
    ):
        assert (answer.status_code, part in answer.json()["detail"]) == (status, True)
    assert [rule["name"] for rule in (await desk.http.get("/price-rules")).json()["rules"]] == ["first"]
    assert (await desk.http.get("/price-rules/first")).json()["sets"] == {"floor": "2.00"}


async def test_what_does_not_exist_is_not_found(desk: PriceDesk) -> None:
    asked = [("GET", "/prices/NOPE"), ("GET", "/price-rules/nope"), ("DELETE", "/price-rules/nope")]
    assert [(await desk.http.request(*one)).status_code for one in asked] == [404] * 3
